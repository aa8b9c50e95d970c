import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import {
  IlpHttpError,
  IlpHttpPeer,
  IlpHttpServer,
  type IlpHttpPeerOptions,
  type IlpHttpServerOptions,
  type IlpHttpServerPeerOptions,
} from '../src/index.js';

/** What is closed after each test. */
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** Closes something after the test. */
export function closing(close: () => Promise<unknown>): void {
  open.push(close);
}

export const TOKEN_OF_ALICE = 'alice-0123456789-0123456789-0123456789-012345';
export const TOKEN_OF_BOB = 'bob-0123456789-0123456789-0123456789-01234567';

/** Long enough for a loopback connection on a busy machine: only failing tests wait for it. */
export const soon = (): { deadline: number } => ({ deadline: Date.now() + 30_000 });

export const reversed = (octets: Uint8Array): Promise<Uint8Array> =>
  Promise.resolve(octets.toReversed());

export function aServer(options: IlpHttpServerOptions = {}): IlpHttpServer {
  const server = new IlpHttpServer(options);
  closing(() => server.close({ drainTimeoutMs: 1 }));
  return server;
}

export function aPeer(options: IlpHttpPeerOptions): IlpHttpPeer {
  const peer = new IlpHttpPeer(options);
  closing(() => peer.close({ drainTimeoutMs: 1 }));
  return peer;
}

/** Bob's server, which knows Alice by her token, and Alice's link to it without a server of her own. */
export async function clientAndServer(
  options: {
    server?: IlpHttpServerOptions;
    peer?: IlpHttpServerPeerOptions;
    client?: IlpHttpPeerOptions;
  } = {},
): Promise<{ server: IlpHttpServer; bob: IlpHttpPeer; alice: IlpHttpPeer; url: string }> {
  const server = aServer(options.server);
  const bob = server.addPeer('alice', {
    incoming: { tokens: [TOKEN_OF_ALICE] },
    ...options.peer,
  });
  bob.handle(reversed);
  const { port } = await server.listen();
  const scheme = options.server?.tls === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${port}/ilp`;
  const alice = aPeer({ url, auth: { type: 'bearer', token: TOKEN_OF_ALICE }, ...options.client });
  return { server, bob, alice, url };
}

/** Two servers that know each other and exchange asynchronously. `alice` is Alice's link to Bob. */
export async function asynchronousPair(
  options: {
    aliceServer?: IlpHttpServerOptions;
    bobServer?: IlpHttpServerOptions;
    alice?: IlpHttpServerPeerOptions;
    bob?: IlpHttpServerPeerOptions;
  } = {},
): Promise<{
  alice: IlpHttpPeer;
  bob: IlpHttpPeer;
  aliceUrl: string;
  bobUrl: string;
  aliceServer: IlpHttpServer;
  bobServer: IlpHttpServer;
}> {
  const aliceServer = aServer(options.aliceServer);
  const bobServer = aServer(options.bobServer);
  const aliceUrl = `http://127.0.0.1:${(await aliceServer.listen()).port}`;
  const bobUrl = `http://127.0.0.1:${(await bobServer.listen()).port}`;
  const alice = aliceServer.addPeer('bob', {
    exchange: 'asynchronous',
    url: `${bobUrl}/ilp`,
    callbackUrl: `${aliceUrl}/ilp/callback`,
    auth: { type: 'bearer', token: TOKEN_OF_ALICE },
    incoming: { tokens: [TOKEN_OF_BOB] },
    ...options.alice,
  });
  const bob = bobServer.addPeer('alice', {
    exchange: 'asynchronous',
    url: `${aliceUrl}/ilp`,
    callbackUrl: `${bobUrl}/ilp/callback`,
    auth: { type: 'bearer', token: TOKEN_OF_BOB },
    incoming: { tokens: [TOKEN_OF_ALICE] },
    ...options.bob,
  });
  alice.handle(reversed);
  bob.handle(reversed);
  return { alice, bob, aliceUrl, bobUrl, aliceServer, bobServer };
}

/** A server that does what the test wants. */
export async function rawServer(
  listener: RequestListener,
): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/ilp`, server };
}

/** Waits until something on a real socket has happened; it is up to vitest to give up. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The error of a request that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<IlpHttpError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof IlpHttpError) return error;
    throw error;
  }
  throw new Error('the request did not fail');
}

/** A promise and its ends. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
