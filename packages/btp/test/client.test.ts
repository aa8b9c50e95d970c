import { seededRandom, VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, test, vi } from 'vitest';
import {
  BtpClient,
  BtpType,
  octetsData,
  textData,
  type BtpClientOptions,
  type BtpRequestError,
} from '../src/index.js';
import { pretendSockets, type PretendSocket } from './pretend-socket.js';

const URL_WITH_TOKEN = 'btp+ws://alice:s%2Fecret@peer.test/btp?x=1';

function setUp(options: Partial<BtpClientOptions> & { hasPing?: boolean } = {}) {
  const clock = new VirtualClock();
  const { sockets, openSocket, last } = pretendSockets(options);
  const logged: string[] = [];
  const log = (message: string, fields?: object): void =>
    void logged.push(message + JSON.stringify(fields ?? {}));
  const client = new BtpClient({
    url: URL_WITH_TOKEN,
    clock,
    randomBytes: seededRandom(1).bytes,
    openSocket,
    logger: { debug: log, info: log, warn: log, error: log },
    ...options,
  });
  return { client, clock, sockets, last, logged };
}

/** A client with an authenticated connection. */
async function connected(options: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(options);
  const connecting = world.client.connect();
  letIn(world.last());
  await connecting;
  return world;
}

function letIn(socket: PretendSocket): void {
  socket.listener.onOpen();
  socket.respond();
}

function refuse(socket: PretendSocket, code: string): void {
  socket.listener.onOpen();
  socket.receive({
    type: BtpType.error,
    requestId: socket.sent[0]?.requestId ?? 0,
    code,
    name: 'NotAcceptedError',
    triggeredAt: { epochMs: 0, leapSecond: false },
    data: new TextEncoder().encode('go away'),
    protocolData: [],
  });
}

const failure = (promise: Promise<unknown>): Promise<BtpRequestError> =>
  promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error as BtpRequestError,
  );

describe('connecting', () => {
  test('dials without the credentials, then sends them first', async () => {
    const { client, last } = setUp();
    const connecting = client.connect();
    expect(last().url).toBe('ws://peer.test/btp?x=1');
    last().listener.onOpen();
    expect(last().sent).toMatchObject([
      {
        type: BtpType.message,
        protocolData: [
          octetsData('auth', new Uint8Array(0)),
          textData('auth_username', 'alice'),
          textData('auth_token', 's/ecret'),
        ],
      },
    ]);
    expect(client.isConnected).toBe(false);
    last().respond();
    await connecting;
    expect(client.isConnected).toBe(true);
    expect(client.counters.connections).toBe(1);
  });

  test('a final Error rejects at once, and nothing is tried again', async () => {
    const { client, clock, sockets, last } = setUp();
    const refused: string[] = [];
    client.on('refused', (error) => refused.push(error.message));
    const connecting = failure(client.connect());
    refuse(last(), 'F00');
    expect(await connecting).toMatchObject({
      name: 'BtpConnectError',
      code: 'REFUSED',
      message: 'the server refused the authentication: F00 NotAcceptedError: go away',
    });
    expect(refused).toHaveLength(1);
    await clock.run();
    expect(sockets).toHaveLength(1);
  });

  test('a temporary Error is tried again', async () => {
    const { client, clock, sockets, last } = setUp();
    const connecting = client.connect();
    refuse(last(), 'T00');
    await clock.advance(100);
    expect(sockets).toHaveLength(2);
    letIn(last());
    await connecting;
  });

  test('failures of the network are tried again with growing, randomly shortened waits', async () => {
    const { client, clock, sockets, last } = setUp();
    const delays: number[] = [];
    client.on('reconnecting', ({ delayMs }) => delays.push(delayMs));
    const connecting = client.connect({ timeoutMs: Infinity });
    for (let attempt = 1; attempt <= 12; attempt++) {
      last().break(new Error('ECONNREFUSED'));
      await clock.advance(delays.at(-1) as number);
      expect(sockets).toHaveLength(attempt + 1);
    }
    delays.forEach((delay, i) => {
      const longest = Math.min(100 * 2 ** i, 30_000);
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThanOrEqual(longest);
    });
    expect(new Set(delays.slice(9)).size).toBe(3);
    letIn(last());
    await connecting;
  });

  test('the time-out rejects with the last failure and ends the attempts', async () => {
    const { client, clock, sockets, last } = setUp();
    const connecting = failure(client.connect({ timeoutMs: 70 }));
    last().break(new Error('ECONNREFUSED 192.0.2.1:7768'));
    await clock.advance(70);
    expect(await connecting).toMatchObject({
      code: 'TIMEOUT',
      message: 'no connection after 70 ms: ECONNREFUSED 192.0.2.1:7768',
      cause: new Error('ECONNREFUSED 192.0.2.1:7768'),
    });
    const tried = sockets.length;
    await clock.run();
    expect(sockets).toHaveLength(tried);
    expect(clock.pendingTimers).toBe(0);
  });

  test('the signal does the same, also before the first attempt', async () => {
    const { client, clock, last } = setUp();
    const abort = new AbortController();
    const connecting = failure(client.connect({ signal: abort.signal }));
    abort.abort(new Error('changed my mind'));
    expect(await connecting).toMatchObject({ code: 'ABORTED' });
    expect(last().terminated).toBe(true);
    await clock.run();
    const { client: other, sockets } = setUp();
    expect(await failure(other.connect({ signal: abort.signal }))).toMatchObject({
      code: 'ABORTED',
    });
    expect(sockets).toHaveLength(0);
  });

  test('a socket that does not open, or a server that does not answer, is given up and tried again', async () => {
    const { client, clock, sockets, last } = setUp();
    const connecting = client.connect({ timeoutMs: Infinity });
    await clock.advance(10_000);
    expect(last().terminated).toBe(true);
    await clock.advance(100);
    expect(sockets).toHaveLength(2);
    last().listener.onOpen();
    await clock.advance(5000);
    expect(last().terminated).toBe(true);
    await clock.advance(200);
    letIn(last());
    await connecting;
  });

  test('can be asked for twice, and after a refusal again', async () => {
    const { client, last, sockets } = setUp();
    const both = [failure(client.connect()), failure(client.connect())];
    refuse(last(), 'F00');
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual(['REFUSED', 'REFUSED']);
    const again = client.connect();
    expect(sockets).toHaveLength(2);
    letIn(last());
    await again;
    await client.connect();
    expect(sockets).toHaveLength(2);
  });

  test('close() rejects whoever waits for a connection', async () => {
    const { client, clock } = setUp();
    const connecting = failure(client.connect());
    await client.close();
    expect(await connecting).toMatchObject({ code: 'CLOSED' });
    expect(await failure(client.connect())).toMatchObject({ code: 'CLOSED' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('credentials are given in the URL or beside it, not both', () => {
    expect(() => new BtpClient({ url: URL_WITH_TOKEN, token: 'x' })).toThrow(
      expect.objectContaining({
        name: 'BtpUrlError',
        message: expect.not.stringContaining('ecret'),
      }),
    );
    expect(() => new BtpClient({ url: 'btp+ws://peer.test', token: 'x' })).not.toThrow();
  });
});

describe('reconnecting', () => {
  test('a dropped connection comes back, and handlers stay', async () => {
    const { client, clock, sockets, last } = await connected();
    const events: string[] = [];
    client.on('connect', () => events.push('connect'));
    client.on('disconnect', ({ reason }) => events.push(`disconnect: ${reason}`));
    client.handle('ilp', (octets) => Promise.resolve(octets));
    last().break();
    expect(client.isConnected).toBe(false);
    await clock.advance(100);
    expect(sockets).toHaveLength(2);
    letIn(last());
    expect(events).toEqual(['disconnect: the connection broke', 'connect']);
    last().receive({
      type: BtpType.message,
      requestId: 1,
      protocolData: [octetsData('ilp', new Uint8Array(3))],
    });
    await clock.advance(0);
    expect(last().sent.at(-1)).toMatchObject({ type: BtpType.response, requestId: 1 });
  });

  test('waits start anew after a connection that lasted, and go on growing after one that did not', async () => {
    const { client, clock, last } = await connected();
    const delays: number[] = [];
    client.on('reconnecting', ({ delayMs }) => delays.push(delayMs));
    for (let i = 0; i < 6; i++) {
      last().break();
      await clock.advance(delays.at(-1) as number);
      letIn(last());
    }
    expect(delays.at(-1)).toBeGreaterThan(1000);
    await clock.advance(10_000);
    last().break();
    expect(delays.at(-1)).toBeLessThanOrEqual(100);
  });

  test('a final refusal ends it', async () => {
    const { client, clock, sockets, last } = await connected();
    last().break();
    await clock.advance(100);
    refuse(last(), 'F00');
    await clock.run();
    expect(sockets).toHaveLength(2);
    expect(await failure(client.send(new Uint8Array(1), { deadline: Infinity }))).toMatchObject({
      code: 'NOT_CONNECTED',
      sent: 'no',
      cause: { code: 'REFUSED' },
    });
  });
});

describe('requests', () => {
  const octets = Uint8Array.of(1);

  test('before there is a connection fail at once, and were not sent', async () => {
    const { client } = setUp();
    expect(await failure(client.send(octets, { deadline: Infinity }))).toMatchObject({
      name: 'BtpRequestError',
      code: 'NOT_CONNECTED',
      sent: 'no',
    });
    expect(client.counters.requestsNotSent).toBe(1);
  });

  test('in flight when the connection drops fail at once, outcome unknown', async () => {
    const { client, clock, last } = await connected();
    const sending = failure(client.send(octets, { deadline: clock.now() + 30_000 }));
    last().break(new Error('ECONNRESET'));
    expect(await sending).toMatchObject({
      code: 'CONNECTION_LOST',
      sent: 'unknown',
      cause: new Error('ECONNRESET'),
    });
    expect(client.counters.requestsLost).toBe(1);
  });

  test('expire at their deadline, outcome unknown; the late response is ignored', async () => {
    const { client, clock, last } = await connected();
    const sending = failure(client.send(octets, { deadline: clock.now() + 200 }));
    const start = clock.now();
    expect(await clock.runUntil(sending)).toMatchObject({
      code: 'DEADLINE_PASSED',
      sent: 'unknown',
    });
    expect(clock.now() - start).toBe(200);
    last().respond();
    expect(client.counters).toMatchObject({ requestsExpired: 1, unexpected: 1 });
  });

  test('with a deadline that has passed are not sent', async () => {
    const { client, clock, last } = await connected();
    expect(await failure(client.send(octets, { deadline: clock.now() }))).toMatchObject({
      code: 'DEADLINE_PASSED',
      sent: 'no',
    });
    expect(await failure(client.send(octets, { deadline: NaN }))).toMatchObject({ sent: 'no' });
    expect(last().sent).toHaveLength(1);
  });

  test('are cancelled by their signal: sent or not, it says', async () => {
    const { client, last } = await connected();
    const abort = new AbortController();
    const options = { deadline: Infinity, signal: abort.signal };
    const sending = failure(client.send(octets, options));
    abort.abort();
    expect(await sending).toMatchObject({ code: 'ABORTED', sent: 'unknown' });
    expect(await failure(client.send(octets, options))).toMatchObject({
      code: 'ABORTED',
      sent: 'no',
    });
    expect(last().sent).toHaveLength(2);
    expect(client.gauges.outgoing).toBe(0);
    expect(client.counters.requestsAborted).toBe(1);
  });

  test('that are answered leave no listener on the signal', async () => {
    const { client, last } = await connected();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const sending = client.send(octets, { deadline: Infinity, signal });
    expect(added).toHaveBeenCalledTimes(1);
    last().respond();
    await sending;
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2));
  });

  test('over the limits are not sent', async () => {
    const { client, last } = await connected({
      policy: { maxOutgoingRequests: 1, maxMessageBytes: 100 },
    });
    expect(await failure(client.send(new Uint8Array(100), { deadline: Infinity }))).toMatchObject({
      code: 'TOO_LARGE',
      sent: 'no',
    });
    const first = client.send(octets, { deadline: Infinity });
    expect(await failure(client.send(octets, { deadline: Infinity }))).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      sent: 'no',
    });
    last().respond();
    await first;
    const next = client.send(octets, { deadline: Infinity });
    last().respond();
    await next;
  });

  test('that cannot be written reject with what the codec says, and nothing is in flight', async () => {
    const { client, last } = await connected();
    const twice = [textData('a', ''), textData('a', '')];
    expect(await failure(client.request(twice, { deadline: Infinity }))).toMatchObject({
      name: 'OerEncodeError',
    });
    expect(client.gauges.outgoing).toBe(0);
    expect(last().sent).toHaveLength(1);
  });
});

describe('a peer that does not read', () => {
  const octets = Uint8Array.of(1);
  const policy = { maxBufferedBytes: 1000 };

  test('gets no more requests until it reads again, and its own get T00', async () => {
    const { client, clock, last } = await connected({ policy });
    client.handle('ilp', () => Promise.resolve(octets));
    const socket = last();
    socket.bufferedAmount = 1001;
    expect(await failure(client.send(octets, { deadline: Infinity }))).toMatchObject({
      code: 'CONGESTED',
      sent: 'no',
    });
    const request = { type: BtpType.message, protocolData: [octetsData('ilp', octets)] } as const;
    socket.receive({ ...request, requestId: 1 });
    expect(socket.sent.at(-1)).toMatchObject({ type: BtpType.error, requestId: 1, code: 'T00' });
    socket.bufferedAmount = 1000;
    socket.receive({ ...request, requestId: 2 });
    await clock.advance(0);
    expect(socket.sent.at(-1)).toMatchObject({ type: BtpType.response, requestId: 2 });
  });

  test('is disconnected at twice the limit', async () => {
    const { client, clock, last } = await connected({ policy });
    client.handle('ilp', () => {
      last().bufferedAmount = 2001;
      return Promise.resolve(octets);
    });
    last().receive({ type: BtpType.message, requestId: 1, protocolData: [textData('ilp', '')] });
    await clock.advance(0);
    expect(last().terminated).toBe(true);
    expect(client.isConnected).toBe(false);
  });
});

describe('keep-alive', () => {
  test('pings a quiet peer and drops one that does not answer', async () => {
    const { client, clock, last } = await connected();
    await clock.advance(20_000);
    expect(last().pings).toBe(1);
    last().listener.onAlive();
    await clock.advance(20_000);
    expect(last().pings).toBe(2);
    expect(client.isConnected).toBe(true);
    const sending = failure(client.send(Uint8Array.of(1), { deadline: Infinity }));
    await clock.advance(10_000);
    expect(await sending).toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
    expect(String(await sending)).toContain('no sign of life');
  });

  test('asks as often as it should where answers may take longer than that', async () => {
    const policy = { keepAliveIntervalMs: 1000, keepAliveTimeoutMs: 30_000 };
    const { clock, last } = await connected({ policy });
    for (let asked = 1; asked <= 10; asked++) {
      await clock.advance(1000);
      expect(last().pings).toBe(asked);
      last().listener.onAlive();
    }
  });

  test('without pings an empty Message asks, and any answer to it is a sign of life', async () => {
    const { client, clock, last } = await connected({ hasPing: false });
    await clock.advance(20_000);
    expect(last().sent.at(-1)).toMatchObject({ type: BtpType.message, protocolData: [] });
    last().respond();
    await clock.advance(15_000);
    expect(client.isConnected).toBe(true);
    await clock.advance(15_000);
    expect(client.isConnected).toBe(false);
  });

  test('an empty Message of the peer is answered with an empty Response', async () => {
    const { clock, last } = await connected();
    last().receive({ type: BtpType.message, requestId: 5, protocolData: [] });
    await clock.advance(0);
    expect(last().sent.at(-1)).toEqual({ type: BtpType.response, requestId: 5, protocolData: [] });
  });
});

describe('closing', () => {
  test('waits for requests in flight both ways, refuses new ones, then says goodbye', async () => {
    const { client, clock, last } = await connected();
    let finish: ((octets: Uint8Array) => void) | undefined;
    client.handle('ilp', () => new Promise((resolve) => (finish = resolve)));
    const socket = last();
    const ilp = [octetsData('ilp', Uint8Array.of(1))];
    const sending = client.send(Uint8Array.of(1), { deadline: Infinity });
    const ours = socket.sent.at(-1)?.requestId as number;
    socket.receive({ type: BtpType.message, requestId: 1, protocolData: ilp });
    const closing = client.close();
    expect(await failure(client.send(Uint8Array.of(2), { deadline: Infinity }))).toMatchObject({
      code: 'CLOSING',
      sent: 'no',
    });
    socket.receive({ type: BtpType.message, requestId: 2, protocolData: ilp });
    expect(socket.sent.at(-1)).toMatchObject({ requestId: 2, code: 'T00' });
    socket.receive({ type: BtpType.response, requestId: ours, protocolData: ilp });
    expect(await sending).toEqual(Uint8Array.of(1));
    expect(socket.closed).toBeUndefined();
    finish?.(Uint8Array.of(9));
    await closing;
    expect(socket.sent.at(-1)).toMatchObject({ type: BtpType.response, requestId: 1 });
    expect(socket.closed).toEqual({ code: 1000, reason: 'closed' });
    await clock.run();
  });

  test('does not wait for ever: not for requests, nor for the closing handshake', async () => {
    const { client, clock, last } = await connected();
    last().answersClose = false;
    const sending = failure(client.send(Uint8Array.of(1), { deadline: Infinity }));
    const closing = client.close({ drainTimeoutMs: 500 });
    const start = clock.now();
    await clock.runUntil(closing);
    expect(clock.now() - start).toBe(500 + 2000);
    expect(last().terminated).toBe(true);
    expect(await sending).toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('a request that comes after the closing handshake began is not acted on', async () => {
    const { client, clock, last } = await connected();
    last().answersClose = false;
    let acted = false;
    client.handle('ilp', (octets) => {
      acted = true;
      return Promise.resolve(octets);
    });
    const closing = client.close();
    last().receive({ type: BtpType.message, requestId: 1, protocolData: [textData('ilp', '')] });
    await clock.runUntil(closing);
    expect(acted).toBe(false);
  });

  test('does not reconnect', async () => {
    const { client, clock, sockets } = await connected();
    await client.close();
    await client.close();
    await clock.run();
    expect(sockets).toHaveLength(1);
  });
});

describe('disconnect()', () => {
  test('ends the connection for good, until connect() is called', async () => {
    const { client, clock, sockets, last } = await connected();
    await clock.runUntil(client.disconnect());
    expect(client.isConnected).toBe(false);
    await clock.run();
    expect(sockets).toHaveLength(1);
    await expect(
      client.send(new Uint8Array(1), { deadline: clock.now() + 1 }),
    ).rejects.toMatchObject({ sent: 'no' });

    const again = client.connect();
    letIn(last());
    await again;
    expect(sockets).toHaveLength(2);
    expect(client.isConnected).toBe(true);
  });

  test('ends attempts to connect, and tells whoever waits for them', async () => {
    const { client, clock, sockets } = setUp();
    const connecting = failure(client.connect());
    await clock.runUntil(client.disconnect());
    expect(await connecting).toMatchObject({ code: 'CLOSED' });
    await clock.run();
    expect(sockets).toHaveLength(1);
  });

  test('changes nothing about a client that is closed', async () => {
    const { client } = await connected();
    await client.close();
    await client.disconnect();
    await expect(client.connect()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

test('no token is ever logged', async () => {
  const { client, clock, last, logged } = await connected();
  last().break();
  await clock.advance(100);
  refuse(last(), 'F00');
  await client.close();
  expect(logged.length).toBeGreaterThan(2);
  expect(logged.join()).not.toMatch(/s\/ecret|s%2Fecret/);
});

test('a handler answers for what it failed at with T00, and its message goes to the log only', async () => {
  const { client, clock, last, logged } = await connected();
  client.handle('ilp', () => Promise.reject(new Error('disk full at /secret/path')));
  last().receive({ type: BtpType.message, requestId: 1, protocolData: [textData('ilp', '')] });
  await clock.advance(0);
  const answer = last().sent.at(-1);
  expect(answer).toMatchObject({ code: 'T00', data: new TextEncoder().encode('internal error') });
  expect(logged.join()).toContain('a BTP handler failed');
});
