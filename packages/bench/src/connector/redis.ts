/** A Redis server of the benchmark's own: Debian's `redis-server` on a socket. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is one on this machine. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A server that runs. */
export class RedisServer {
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  /** @param appendfsync when it syncs its log to disk. */
  static async start(appendfsync: 'always' | 'everysec'): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'pennyswitch-bench-'));
    const child = spawn(
      'redis-server',
      [
        ...['--port', '0', '--unixsocket', join(folder, 'socket'), '--dir', folder],
        ...['--save', '', '--appendonly', 'yes', '--appendfsync', appendfsync],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    process.once('exit', () => child.kill('SIGKILL'));
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('eady to accept connections')) break;
    }
    child.stdout.resume();
    return new RedisServer(folder, child);
  }

  get url(): string {
    return `unix://${this.#socket}`;
  }

  /** Of processor time since its start, in microseconds. */
  cpuMicros(): number {
    const text = execFileSync('redis-cli', ['-s', this.#socket, 'info', 'cpu'], {
      encoding: 'utf8',
    });
    const seconds = ['user', 'sys'].map((kind) =>
      Number(new RegExp(`^used_cpu_${kind}:([0-9.]+)`, 'm').exec(text)?.[1]),
    );
    return seconds.reduce((a, b) => a + b) * 1e6;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true });
  }

  get #socket(): string {
    return join(this.#folder, 'socket');
  }
}
