/** A Redis server of the benchmark's own: Debian's `redis-server` on a socket. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is one on this machine. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A server over all its lives; what it wrote is there again in the next one. */
export class RedisServer {
  readonly #folder: string;
  readonly #appendfsync: string;
  #process: ChildProcess | undefined;
  /** When it was killed, in milliseconds since 1970. */
  readonly killedAt: number[] = [];

  private constructor(folder: string, appendfsync: string) {
    this.#folder = folder;
    this.#appendfsync = appendfsync;
  }

  /** @param appendfsync when it syncs its log to disk. */
  static async start(appendfsync: 'always' | 'everysec'): Promise<RedisServer> {
    const server = new RedisServer(
      await mkdtemp(join(tmpdir(), 'pennyswitch-bench-')),
      appendfsync,
    );
    await server.start();
    return server;
  }

  /** Starts it unless it runs, and resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const child = spawn(
      'redis-server',
      [
        ...['--port', '0', '--unixsocket', this.#socket, '--dir', this.#folder],
        ...['--save', '', '--appendonly', 'yes', '--appendfsync', this.#appendfsync],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      if (String(chunk).includes('eady to accept connections')) break;
    }
    child.stdout.resume();
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

  /** SIGKILL: it can do nothing more. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const exited = once(child, 'exit');
    this.killedAt.push(Date.now());
    child.kill('SIGKILL');
    await exited;
  }

  /** Kills it and removes what it wrote. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  get #socket(): string {
    return join(this.#folder, 'socket');
  }
}
