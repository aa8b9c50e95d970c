/** Redis servers of a test's own: Debian's `redis-server` on a socket in a folder of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests that need the server cannot run here; undefined if they can. */
export const NO_REDIS: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'skipped: there is no redis-server on this machine (Debian: apt-get install redis-server)';

/** Those that run: none outlives the process of its test. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server over all its lives. */
export class RedisServer {
  readonly folder: string;
  #config: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, config: readonly string[]) {
    this.folder = folder;
    this.#config = config;
  }

  /** @param config as on the command line: `'--appendonly', 'yes'`. */
  static async start(...config: string[]): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'pennyswitch-redis-')), config);
    await server.start();
    return server;
  }

  get url(): string {
    return `unix://${join(this.folder, 'socket')}`;
  }

  /** Starts it unless it runs, and resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const child = spawn(
      'redis-server',
      [
        ...['--port', '0', '--unixsocket', join(this.folder, 'socket'), '--dir', this.folder],
        ...['--save', '', '--daemonize', 'no', '--logfile', ''],
        ...this.#config,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    let text = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (/ready to accept connections (?:at|unix)/i.test(text)) resolve();
      });
      child.once('exit', () => {
        reject(new Error(`redis-server ended: ${text}`));
      });
    });
  }

  /** A server that replicates, or can: those speak TCP. A port that somebody else took meanwhile is left to them. */
  static async startOnPort(...config: string[]): Promise<RedisServer & { readonly port: string }> {
    for (let attempt = 1; ; attempt++) {
      const port = String(await freePort());
      try {
        const server = await RedisServer.start(...config, '--port', port, '--bind', '127.0.0.1');
        return Object.assign(server, { port });
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** What it is started with from the next start on, behind what it had. */
  configure(...config: string[]): void {
    this.#config = [...this.#config, ...config];
  }

  /** SIGKILL: it can do nothing more. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** SIGSTOP and SIGCONT: it is there and does not answer. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(name);
  }

  /** Kills it and removes what it wrote. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
