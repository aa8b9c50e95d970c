/** Real sockets on loopback for tests; whatever is tracked is closed after each. */
import {
  BtpClient,
  BtpServer,
  equalSecrets,
  type BtpClientOptions,
  type BtpCredentials,
  type BtpServerOptions,
} from '../src/index.js';

interface Closeable {
  close(options?: { drainTimeoutMs?: number }): Promise<void>;
}

const open: Closeable[] = [];

export function track<T extends Closeable>(closeable: T): T {
  open.push(closeable);
  return closeable;
}

/** Closes everything, clients before the servers that they were made after. */
export async function endAll(): Promise<void> {
  for (const closeable of open.splice(0).reverse()) await closeable.close({ drainTimeoutMs: 1 });
}

/** Accounts are named after their users. */
export function equalTokens(
  tokens: Record<string, string>,
): (credentials: BtpCredentials) => Promise<string | undefined> {
  return ({ username, token }) => {
    const expected = tokens[username];
    const good = expected !== undefined && equalSecrets(token, expected);
    return Promise.resolve(good ? username : undefined);
  };
}

/** Far more than a test takes, on a busy machine too. */
export function deadline(): { deadline: number } {
  return { deadline: Date.now() + 30_000 };
}

/** Waits until something on a real socket has happened; it is up to vitest to give up. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

export async function serverOf(
  tokens: Record<string, string>,
  options: Partial<BtpServerOptions> = {},
): Promise<{ server: BtpServer; port: number; url: (user: string, token: string) => string }> {
  const server = track(new BtpServer({ authenticate: equalTokens(tokens), ...options }));
  const { port } = await server.listen({ port: 0 });
  const url = (user: string, token: string): string =>
    `btp+ws://${user}:${encodeURIComponent(token)}@127.0.0.1:${port}`;
  return { server, port, url };
}

export function clientOf(url: string, options: Partial<BtpClientOptions> = {}): BtpClient {
  return track(new BtpClient({ url, ...options }));
}
