import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';

/** One account of npm ilp-connector, as its configuration has it. */
export interface PeerAccount {
  readonly relation: 'parent' | 'peer' | 'child';
  /** Where its plugin connects to, `btp+ws://…`. */
  readonly server: string;
  readonly sendRoutes?: boolean;
  readonly receiveRoutes?: boolean;
}

/** How it is set up. */
export interface PeerSettings {
  /** Missing: its parent gives it. */
  readonly ilpAddress?: string;
  readonly accounts: Readonly<Record<string, PeerAccount>>;
}

/** A route as its admin interface shows it. */
export interface PeerRoute {
  readonly nextHop: string;
  readonly path: string;
}

const ASSET = { assetCode: 'USD', assetScale: 6 };

/** npm ilp-connector in a process of its own. */
export class PeerConnector {
  readonly #settings: PeerSettings;
  #child: ChildProcess | undefined;
  #adminPort = 0;
  #output = '';

  constructor(settings: PeerSettings) {
    this.#settings = settings;
  }

  /** What it wrote, for a test that fails. */
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    this.#adminPort = await quietPort();
    const { ilpAddress, accounts } = this.#settings;
    const child = spawn(
      process.execPath,
      [createRequire(import.meta.url).resolve('ilp-connector')],
      {
        env: {
          PATH: process.env['PATH'],
          CONNECTOR_ENV: 'test',
          ...(ilpAddress !== undefined && { CONNECTOR_ILP_ADDRESS: ilpAddress }),
          CONNECTOR_ACCOUNTS: JSON.stringify(Object.fromEntries(accountsOf(accounts))),
          CONNECTOR_BACKEND: 'one-to-one',
          CONNECTOR_SPREAD: '0',
          CONNECTOR_ROUTE_BROADCAST_INTERVAL: '1000',
          CONNECTOR_ADMIN_API: 'true',
          CONNECTOR_ADMIN_API_PORT: String(this.#adminPort),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
  }

  /** Ends it, with a signal that it can handle or one that it cannot. */
  async stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Its routing table: what it forwards by, or what it tells others. */
  async routes(): Promise<Readonly<Record<string, PeerRoute>>> {
    const status = await this.#get<{ localRoutingTable: Record<string, PeerRoute> }>('/status');
    return status.localRoutingTable;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.#adminPort}${path}`);
    return (await response.json()) as T;
  }
}

function accountsOf(accounts: Readonly<Record<string, PeerAccount>>): [string, object][] {
  return Object.entries(accounts).map(([id, { relation, server, ...routes }]) => [
    id,
    { relation, plugin: 'ilp-plugin-btp', ...ASSET, options: { server }, ...routes },
  ]);
}

/** Ports below those that systems give out by themselves (Linux: 32768, others: 49152). */
const QUIET_PORTS = { first: 20_000, count: 12_000 };

/**
 * A port that nobody listens on now, for what has to be told which one to take, or takes the same again. It is none that the
 * system gives to somebody else in the meantime, as it may with one that it gave out and got back.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = QUIET_PORTS.first + randomInt(QUIET_PORTS.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
