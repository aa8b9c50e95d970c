import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { VirtualClock } from '@pennyswitch/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  BtpServer,
  BtpType,
  describeBtpError,
  encodeBtpPacket,
  octetsData,
  type BtpCredentials,
  type BtpError,
  type BtpPacket,
  type BtpRequestError,
} from '../src/index.js';
import { clientOf, deadline, endAll, equalTokens, serverOf, track } from './links.js';
import { RawClient } from './raw-client.js';

afterEach(endAll);

const TOKENS = { alice: 'secret', bob: 'other' };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const ilp = (...octets: number[]): Uint8Array =>
  encodeBtpPacket({
    type: BtpType.message,
    requestId: 5,
    protocolData: [octetsData('ilp', bytes(...octets))],
  });
const words = (packet: BtpPacket): string => describeBtpError(packet as BtpError);

/** A promise and its resolver. */
function gate<T>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open: (value) => open?.(value) };
}

describe('authentication', () => {
  test('a wrong token gets an Error and is closed (RFC 0023 Authentication)', async () => {
    const { server, port } = await serverOf(TOKENS);
    const refused = new Promise((resolve) => server.once('refused', resolve));
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'wrong');
    const answer = await client.next();
    expect(answer).toMatchObject({ type: BtpType.error, requestId: 1, code: 'F00' });
    expect(words(answer)).toBe('F00 NotAcceptedError: user name or token is wrong');
    expect(await client.closed).toBe(3000);
    expect(await refused).toEqual({ address: '127.0.0.1', reason: 'user name or token is wrong' });
    expect(server.accounts()).toEqual([]);
    expect(server.gauges).toEqual({ connections: 0, unauthenticated: 0 });
  });

  test('wrong tokens never disturb the peer that is connected', async () => {
    const { server, port, url } = await serverOf(TOKENS);
    const account = server.account('alice');
    account.handle('ilp', (octets) => Promise.resolve(octets));
    let disconnects = 0;
    account.on('disconnect', () => (disconnects += 1));
    const client = clientOf(url('alice', 'secret'));
    client.handle('ilp', (octets) => Promise.resolve(octets));
    await client.connect();
    const inFlight = account.request([octetsData('ilp', bytes(1))], deadline());
    for (let i = 0; i < 20; i++) {
      const wrong = await RawClient.open(port);
      wrong.sendAuthentication('alice', `wrong ${i}`);
      await wrong.closed;
      expect(await client.send(bytes(i), deadline())).toEqual(bytes(i));
      expect(await account.send(bytes(i), deadline())).toEqual(bytes(i));
    }
    await inFlight;
    expect(disconnects).toBe(0);
    expect(account.counters.connections).toBe(1);
  });

  test('the callback sees user, token, address, path, origin and further entries', async () => {
    const seen: BtpCredentials[] = [];
    const { port } = await serverOf(TOKENS, {
      allowedOrigins: ['https://wallet.example'],
      authenticate: (credentials) => {
        seen.push(credentials);
        return Promise.resolve(undefined);
      },
    });
    const client = await RawClient.open(
      port,
      { origin: 'https://wallet.example' },
      '/accounts/alice/ilp/btp?v=1',
    );
    client.sendAuthentication('ålice', 'gehéim');
    await client.closed;
    expect(seen).toMatchObject([
      {
        username: 'ålice',
        token: 'gehéim',
        address: '127.0.0.1',
        path: '/accounts/alice/ilp/btp?v=1',
        origin: 'https://wallet.example',
        certificate: undefined,
      },
    ]);
  });

  test('a callback that fails becomes T00, and the client is told nothing more', async () => {
    const logged: unknown[] = [];
    const log = (...args: unknown[]): void => void logged.push(args);
    const { port } = await serverOf(TOKENS, {
      authenticate: () => Promise.reject(new Error('database is down')),
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    expect(words(await client.next())).toBe('T00 UnreachableError: try again later');
    await client.closed;
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  test.each([
    ['without credentials', false, 0],
    ['while the callback takes its time', true, 1],
  ])('takes too long %s: Error, closed', async (_, sends, requestId) => {
    const clock = new VirtualClock();
    const { port } = await serverOf(TOKENS, {
      clock,
      authenticate: () => new Promise(() => undefined),
    });
    const client = await RawClient.open(port);
    if (sends) {
      client.sendAuthentication('alice', 'secret');
      client.socket.ping();
      await new Promise((resolve) => client.socket.once('pong', resolve));
    }
    await clock.advance(4999);
    expect(client.received).toEqual([]);
    await clock.advance(1);
    const answer = await client.next();
    expect(answer).toMatchObject({ type: BtpType.error, requestId, code: 'F00' });
    expect(words(answer)).toContain('took too long');
    expect(await client.closed).toBe(3000);
  });

  test('a client that has gone before the callback answers touches no account', async () => {
    const asked = gate<undefined>();
    const answer = gate<string | undefined>();
    const { server, port } = await serverOf(TOKENS, {
      authenticate: () => {
        asked.open(undefined);
        return answer.promise;
      },
    });
    const account = server.account('alice');
    let connects = 0;
    account.on('connect', () => (connects += 1));
    const client = await RawClient.open(port);
    const refused = new Promise((resolve) => server.once('refused', resolve));
    client.sendAuthentication('alice', 'secret');
    await asked.promise;
    client.socket.terminate();
    await refused;
    answer.open('alice');
    await answer.promise;
    expect(connects).toBe(0);
    expect(server.gauges.connections).toBe(0);
  });

  test('requests right behind the credentials wait for them (interledger-rs sends so)', async () => {
    const answer = gate<string | undefined>();
    const { server, port } = await serverOf(TOKENS, { authenticate: () => answer.promise });
    const events: string[] = [];
    const account = server.account('alice');
    account.on('connect', () => events.push('connect'));
    account.handle('ilp', (octets) => {
      events.push(`ilp ${octets.join()}`);
      return Promise.resolve(octets);
    });
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    client.send(ilp(7));
    answer.open('alice');
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 1 });
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 5 });
    expect(events).toEqual(['connect', 'ilp 7']);
  });

  test('too many of them end the connection', async () => {
    const { server, port } = await serverOf(TOKENS, {
      authenticate: () => new Promise(() => undefined),
    });
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    const large = encodeBtpPacket({
      type: BtpType.message,
      requestId: 5,
      protocolData: [octetsData('ilp', new Uint8Array(60_000))],
    });
    for (let i = 0; i < 3; i++) client.send(large);
    expect(await client.closed).toBe(1006);
    expect(server.gauges).toEqual({ connections: 0, unauthenticated: 0 });
  });

  test('an account that nobody asked for yet is announced before it is used', async () => {
    const { server, url } = await serverOf(TOKENS);
    server.on('account', (account) =>
      account.handle('ilp', () => Promise.resolve(new TextEncoder().encode(account.id))),
    );
    const client = clientOf(url('bob', 'other'));
    await client.connect();
    const reply = await client.send(bytes(1), deadline());
    expect(new TextDecoder().decode(reply)).toBe('bob');
  });
});

describe('a new connection of the same account', () => {
  test('takes over, and what is in flight on the old one comes to its end, both ways', async () => {
    const { server, port, url } = await serverOf(TOKENS);
    const account = server.account('alice');
    const events: string[] = [];
    account.on('connect', () => events.push('connect'));
    account.on('disconnect', () => events.push('disconnect'));
    const handler = gate<Uint8Array>();
    account.handle('ilp', () => handler.promise);

    const old = await RawClient.open(port);
    old.sendAuthentication('alice', 'secret');
    await old.next();
    old.send(ilp(1));
    const fromUs = account.send(bytes(2), deadline());
    const request = await old.next();

    const client = clientOf(url('alice', 'secret'));
    client.handle('ilp', (octets) => Promise.resolve(octets));
    await client.connect();
    expect(account.gauges.connections).toBe(2);
    expect(await account.send(bytes(3), deadline())).toEqual(bytes(3));

    handler.open(bytes(9));
    expect(await old.next()).toMatchObject({ type: BtpType.response, requestId: 5 });
    old.send(
      encodeBtpPacket({
        type: BtpType.response,
        requestId: request.requestId,
        protocolData: [octetsData('ilp', bytes(4))],
      }),
    );
    expect(await fromUs).toEqual(bytes(4));
    expect(await old.closed).toBe(1000);
    expect(client.isConnected && account.isConnected).toBe(true);
    expect(events).toEqual(['connect']);
  });

  test('is one of few: more end the oldest', async () => {
    const { server, port } = await serverOf(TOKENS, { limits: { maxConnectionsPerAccount: 2 } });
    const account = server.account('alice');
    const clients: RawClient[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(port);
      client.sendAuthentication('alice', 'secret');
      await client.next();
      // Something in flight keeps it open after it is replaced.
      if (i < 2) void account.send(bytes(i), deadline()).catch(() => undefined);
      clients.push(client);
    }
    expect(await clients[0]?.closed).toBe(1006);
    expect(account.gauges.connections).toBe(2);
    expect(account.isConnected).toBe(true);
  });
});

describe('limits', () => {
  test('of connections: one too many is refused before it is a WebSocket, and may come later', async () => {
    for (const [limit, status] of [
      ['maxConnections', 503],
      ['maxUnauthenticated', 503],
      ['maxConnectionsPerAddress', 429],
    ] as const) {
      const { server, port } = await serverOf(TOKENS, { limits: { [limit]: 1 } });
      const first = await RawClient.open(port);
      expect(await RawClient.refusal(port)).toBe(status);
      const gone = new Promise((resolve) => server.once('refused', resolve));
      first.socket.terminate();
      await gone;
      await RawClient.open(port);
    }
  });

  test('of unauthenticated connections leave room when they authenticate', async () => {
    const { port } = await serverOf(TOKENS, { limits: { maxUnauthenticated: 1 } });
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(port);
      client.sendAuthentication(i % 2 === 0 ? 'alice' : 'bob', i % 2 === 0 ? 'secret' : 'other');
      expect(await client.next()).toMatchObject({ type: BtpType.response });
    }
  });

  test('a handshake that is broken off gives its place back', async () => {
    const { server, port } = await serverOf(TOKENS, { limits: { maxConnections: 1 } });
    const broken = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    }).then(
      (response) => response.status,
      () => 0,
    );
    expect([0, 400, 426]).toContain(broken);
    await RawClient.open(port);
    expect(server.gauges.connections).toBe(1);
  });

  test('of message size end the connection that breaks them, and no other', async () => {
    const { server, port, url } = await serverOf(TOKENS);
    server.account('bob').handle('ilp', (octets) => Promise.resolve(octets));
    const bob = clientOf(url('bob', 'other'));
    await bob.connect();
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    await client.next();
    client.send(new Uint8Array(65_537));
    expect(await client.closed).toBe(1009);
    expect(await bob.send(bytes(1), deadline())).toEqual(bytes(1));
  });

  test('of requests in flight', async () => {
    const { server, port } = await serverOf(TOKENS, { policy: { maxIncomingRequests: 2 } });
    server.account('alice').handle('ilp', () => new Promise(() => undefined));
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    await client.next();
    for (const requestId of [1, 2, 3]) {
      client.send(
        encodeBtpPacket({
          type: BtpType.message,
          requestId,
          protocolData: [octetsData('ilp', bytes())],
        }),
      );
    }
    expect(await client.next()).toMatchObject({ requestId: 3, code: 'T00' });
  });
});

describe('browsers', () => {
  test('are refused unless the page is listed', async () => {
    const { port } = await serverOf(TOKENS, { allowedOrigins: ['https://wallet.example'] });
    expect(await RawClient.refusal(port, { origin: 'https://evil.example' })).toBe(403);
    expect(await RawClient.refusal(port, { origin: 'https://wallet.example.evil.example' })).toBe(
      403,
    );
    await RawClient.open(port, { origin: 'https://wallet.example' });
  });

  test('are all refused by default, and all welcome with *', async () => {
    const { port } = await serverOf(TOKENS);
    expect(await RawClient.refusal(port, { origin: 'https://wallet.example' })).toBe(403);
    const open = await serverOf(TOKENS, { allowedOrigins: '*' });
    await RawClient.open(open.port, { origin: 'null' });
  });
});

describe('listening and closing', () => {
  test('a port that is taken rejects with EADDRINUSE', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    track({ close: () => new Promise<void>((resolve) => taken.close(() => resolve())) });
    const server = track(new BtpServer({ authenticate: equalTokens(TOKENS) }));
    const { port } = taken.address() as AddressInfo;
    await expect(server.listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('plain HTTP gets 426', async () => {
    const { port } = await serverOf(TOKENS);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(426);
  });

  test('close() lets requests in flight finish', async () => {
    const { server, url } = await serverOf(TOKENS);
    const handler = gate<Uint8Array>();
    const called = gate<undefined>();
    server.account('alice').handle('ilp', () => {
      called.open(undefined);
      return handler.promise;
    });
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    const sending = client.send(bytes(1), deadline());
    await called.promise;
    const closing = server.close();
    await expect(client.send(bytes(2), deadline())).rejects.toMatchObject({ status: 'T00' });
    handler.open(bytes(7));
    expect(await sending).toEqual(bytes(7));
    await closing;
    expect(server.gauges).toEqual({ connections: 0, unauthenticated: 0 });
  });

  test('close() does not wait for clients that never authenticated', async () => {
    const { server, port } = await serverOf(TOKENS);
    const client = await RawClient.open(port);
    await server.close();
    expect(await client.closed).toBe(1006);
  });

  test('clients come back to a server that was restarted', async () => {
    const first = await serverOf(TOKENS);
    const client = clientOf(first.url('alice', 'secret'));
    client.handle('ilp', (octets) => Promise.resolve(octets));
    await client.connect();
    const sending = first.server.account('alice').send(bytes(1), deadline());
    expect(await sending).toEqual(bytes(1));
    await first.server.close({ drainTimeoutMs: 1 });
    const again = track(new BtpServer({ authenticate: equalTokens(TOKENS) }));
    const connected = new Promise<void>((resolve) =>
      again.account('alice').once('connect', resolve),
    );
    await again.listen({ port: first.port });
    await connected;
    expect(await again.account('alice').send(bytes(2), deadline())).toEqual(bytes(2));
  });

  test('a removed account is disconnected and forgotten', async () => {
    const { server, port } = await serverOf(TOKENS);
    const account = server.account('alice');
    const client = await RawClient.open(port);
    client.sendAuthentication('alice', 'secret');
    await client.next();
    await server.removeAccount('alice');
    expect(await client.closed).toBe(1000);
    expect(server.accounts()).toEqual([]);
    const failure: unknown = await account.send(bytes(1), deadline()).catch((e: unknown) => e);
    expect(failure as BtpRequestError).toMatchObject({ code: 'NOT_CONNECTED', sent: 'no' });
  });
});
