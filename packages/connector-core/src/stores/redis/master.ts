import { createClient, type RedisClientOptions } from '@redis/client';
import type { Clock } from '../../environment.js';
import { LedgerError, messageOf } from '../../errors.js';

/** How servers are reached. */
export interface ServerOptions {
  /** `redis://`, `rediss://` or `unix:///path` of every server that may be the master; the one that is, is used. */
  readonly urls: readonly string[];
  /** Credentials, TLS and the like, as `@redis/client` takes them. */
  readonly client: RedisClientOptions;
  /** How long a reply is waited for, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export type Client = ReturnType<typeof createClient>;

/**
 * Connects to the first server that is the master.
 * @throws what the last server said; {@link LedgerError} `STORE_UNREADABLE` for a server that forgets what it likes.
 */
export async function connectToMaster(options: ServerOptions): Promise<Client> {
  let problem: unknown;
  for (const url of options.urls) {
    try {
      return await connect(url, options);
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      problem = error;
    }
  }
  throw new Error(messageOf(problem), { cause: problem });
}

/** Sends a command. A server that hangs is as bad as none. */
export function send(
  client: Client,
  command: readonly string[],
  { clock, timeoutMs }: Pick<ServerOptions, 'clock' | 'timeoutMs'>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new Error(`no reply within ${timeoutMs} ms`));
    }, timeoutMs);
    client
      .sendCommand([...command])
      .then(resolve, reject)
      .finally(() => {
        clock.clearTimeout(timer);
      });
  });
}

async function connect(url: string, options: ServerOptions): Promise<Client> {
  const { client: clientOptions, timeoutMs } = options;
  const path = /^unix:(?:\/\/)?(\/.*)$/.exec(url)?.[1];
  const client = createClient({
    ...clientOptions,
    ...(path === undefined ? { url } : {}),
    disableOfflineQueue: true,
    socket: {
      ...clientOptions.socket,
      ...(path === undefined ? {} : { path }),
      connectTimeout: timeoutMs,
      reconnectStrategy: false,
    } as NonNullable<RedisClientOptions['socket']>,
  }) as Client;
  // Whoever waits for a reply hears of it; the client must have a listener.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const role: unknown = await send(client, ['ROLE'], options);
    const name = Array.isArray(role) ? String(role[0]) : '';
    if (name !== 'master') throw new Error(`${url} is a ${name}, not the master`);
    checkMemory(String(await send(client, ['INFO', 'memory'], options)));
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** Balances are no cache. */
function checkMemory(info: string): void {
  const valueOf = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = valueOf('maxmemory_policy') ?? 'noeviction';
  if (valueOf('maxmemory') !== '0' && policy !== 'noeviction') {
    throw new LedgerError(
      'STORE_UNREADABLE',
      `Redis may delete balances when memory is short: maxmemory-policy is ${policy}, it must be noeviction`,
    );
  }
}
