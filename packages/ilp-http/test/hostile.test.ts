import { connect as connectHttp2, constants, createSecureServer } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { IlpHttpError, type IlpHttpPeer } from '../src/index.js';
import { Authority } from './certificates.js';
import {
  aPeer,
  clientAndServer,
  closing,
  deferred,
  failureOf,
  rawServer,
  soon,
  TOKEN_OF_ALICE,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);

/** The header of a request of Alice's; its body is up to the test. */
const head = (fields: string): string =>
  `POST /ilp HTTP/1.1\r\nHost: bob\r\nAuthorization: Bearer ${TOKEN_OF_ALICE}\r\n` +
  `Content-Type: application/octet-stream\r\n${fields}\r\n\r\n`;

/** A connection, what came over it, and whether it has ended. */
function rawClient(url: string): { socket: Socket; text: () => string; ended: Promise<void> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closing(() => Promise.resolve(socket.destroy()));
  let text = '';
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { socket, text: () => text, ended };
}

/** A reply, at last: with times this short a machine that is busy is too slow for them now and then. */
async function served(alice: IlpHttpPeer): Promise<Uint8Array> {
  for (;;) {
    try {
      return await alice.send(PACKET, soon());
    } catch (error) {
      if (!(error instanceof IlpHttpError)) throw error;
    }
  }
}

describe('a hostile client', () => {
  it('that drips its body gets 408 and is cut off, while others go on', async () => {
    const clock = new VirtualClock();
    const { url, alice, bob } = await clientAndServer({ server: { clock } });
    const { socket, text, ended } = rawClient(url);
    socket.write(head('Content-Length: 100') + 'x');
    await until(() => bob.gauges.incoming === 1);
    expect(await alice.send(PACKET, soon())).toEqual(PACKET.toReversed());
    await clock.advance(4999);
    expect(text()).toBe('');
    await clock.advance(1);
    await ended;
    expect(text()).toMatch(/^HTTP\/1.1 408 /);
    expect(bob.gauges.incoming).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that sends a body without end gets 413 and is cut off', async () => {
    const { url, bob } = await clientAndServer();
    const { socket, text, ended } = rawClient(url);
    socket.write(head('Transfer-Encoding: chunked'));
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const timer = setInterval(() => socket.write(chunk), 1);
    await ended;
    clearInterval(timer);
    expect(text()).toMatch(/^HTTP\/1.1 413 /);
    expect(bob.counters.requestsReceived).toBe(0);
  });

  it('that sends a body without end over HTTP/2 gets 413, and its stream is closed', async () => {
    const authority = await Authority.create();
    const tls = await authority.issue({ ip: ['127.0.0.1'] });
    const { url, alice } = await clientAndServer({
      server: { tls },
      client: { tls: { ca: authority.pem } },
    });
    const session = connectHttp2(new URL(url).origin, { ca: authority.pem });
    closing(() => {
      session.destroy();
      return Promise.resolve();
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/ilp',
      authorization: `Bearer ${TOKEN_OF_ALICE}`,
      'content-type': 'application/octet-stream',
    });
    stream.on('error', () => undefined).resume();
    let status: number | undefined;
    stream.once('response', (headers) => (status = headers[':status']));
    const timer = setInterval(() => stream.write('x'.repeat(4096)), 1);
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    clearInterval(timer);
    expect(status).toBe(413);
    expect(await alice.send(PACKET, soon())).toEqual(PACKET.toReversed());
  });

  it('that reads no answers over HTTP/1.1 fills no memory and is cut off, while others go on', async () => {
    const { url, alice, bob } = await clientAndServer({
      server: { policy: { bodyTimeoutMs: 1000, maxIncomingRequests: 50 } },
    });
    let most = 0;
    bob.handle(() => {
      most = Math.max(most, bob.gauges.incoming);
      return Promise.resolve(new Uint8Array(60_000));
    });
    const { socket, ended } = rawClient(url);
    socket.pause();
    // More than what the kernel takes for the client.
    for (let i = 0; i < 1000; i++) socket.write(head('Content-Length: 1') + 'x');
    await until(() => bob.counters.requestsOverLimit > 0);
    expect(most).toBe(50);
    await until(() => bob.gauges.incoming === 0);
    socket.resume();
    await ended;
    expect(bob.counters.repliesSent).toBeLessThan(1000);
    expect(await served(alice)).toHaveLength(60_000);
  });

  it('that lets no answers through over HTTP/2 has its streams closed', async () => {
    const { url, bob, alice } = await clientAndServer({
      server: { policy: { bodyTimeoutMs: 200 } },
    });
    bob.handle(() => Promise.resolve(new Uint8Array(60_000)));
    const session = connectHttp2(new URL(url).origin, { settings: { initialWindowSize: 0 } });
    closing(() => {
      session.destroy();
      return Promise.resolve();
    });
    const streams = Array.from({ length: 20 }, () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/ilp',
        authorization: `Bearer ${TOKEN_OF_ALICE}`,
        'content-type': 'application/octet-stream',
      });
      stream.on('error', () => undefined).resume();
      stream.end('x');
      return new Promise<number>((resolve) => stream.once('close', () => resolve(stream.rstCode)));
    });
    expect(new Set(await Promise.all(streams))).toEqual(new Set([constants.NGHTTP2_CANCEL]));
    expect(await served(alice)).toHaveLength(60_000);
  });

  it('that has no token cannot make the server read', async () => {
    const { url, server } = await clientAndServer();
    const { socket, text, ended } = rawClient(url);
    socket.write(`POST /ilp HTTP/1.1\r\nHost: bob\r\nContent-Length: 1000000000\r\n\r\nxxx`);
    await ended;
    expect(text()).toMatch(/^HTTP\/1.1 401 /);
    expect(server.counters.unauthenticated).toBe(1);
  });

  it.each([false, true])('that never ends its header is cut off (TLS: %s)', async (withTls) => {
    const authority = await Authority.create();
    const tls = await authority.issue({ ip: ['127.0.0.1'] });
    const { url } = await clientAndServer({
      server: { limits: { headersTimeoutMs: 100 }, ...(withTls && { tls }) },
    });
    const port = Number(new URL(url).port);
    const socket = withTls
      ? connectTls({ port, host: '127.0.0.1', ca: authority.pem, ALPNProtocols: ['http/1.1'] })
      : connect(port, '127.0.0.1');
    closing(() => Promise.resolve(socket.destroy()));
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined).resume();
    socket.write('POST /ilp HTTP/1.1\r\nHost: ');
    await ended;
    expect(socket.destroyed).toBe(true);
  });

  it('that asks too much at a time gets 429', async () => {
    const { alice, bob } = await clientAndServer({ peer: { policy: { maxIncomingRequests: 1 } } });
    const reply = deferred<Uint8Array>();
    bob.handle(() => reply.promise);
    const first = alice.send(PACKET, soon());
    await until(() => bob.counters.requestsReceived === 1);
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ status: 429 });
    reply.resolve(PACKET);
    expect(await first).toEqual(PACKET);
  });
});

describe('a hostile server', () => {
  it('that drips its answer holds nobody longer than the deadline', async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const { url } = await rawServer((request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('x');
      request.resume();
    });
    const alice = aPeer({ url, clock });
    const failure = failureOf(alice.send(PACKET, { deadline: clock.now() + 1000 }));
    await until(() => asked === 1);
    await clock.advance(1000);
    expect(await failure).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'unknown' });
    expect(alice.gauges.outgoing).toBe(0);
  });

  it('that redirects does not get our token sent elsewhere', async () => {
    let elsewhere = 0;
    const other = await rawServer((_, response) => {
      elsewhere += 1;
      response.end();
    });
    const { url } = await rawServer((request, response) => {
      request.resume();
      response.writeHead(307, { location: other.url }).end();
    });
    const alice = aPeer({ url, auth: { type: 'bearer', token: 'token' } });
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ status: 307 });
    expect(elsewhere).toBe(0);
  });

  it('that is going away, over HTTP/2, is not sent the same request again', async () => {
    const authority = await Authority.create();
    const server = createSecureServer(await authority.issue({ ip: ['127.0.0.1'] }));
    let asked = 0;
    server.on('stream', (stream) => {
      asked += 1;
      stream.on('error', () => undefined);
      stream.session?.destroy();
    });
    server.on('sessionError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const alice = aPeer({ url: `https://127.0.0.1:${port}/`, tls: { ca: authority.pem } });
    const errors = await Promise.all([1, 2, 3].map(() => failureOf(alice.send(PACKET, soon()))));
    for (const error of errors) expect(['unknown', 'no']).toContain(error.sent);
    expect(errors.some((error) => error.sent === 'unknown')).toBe(true);
    expect(asked).toBeLessThanOrEqual(3);
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ sent: 'unknown' });
  });
});

describe('requests that may be repeated', () => {
  it('go out again under the same Request-Id, with growing waits, until there is a reply', async () => {
    const clock = new VirtualClock();
    const ids: unknown[] = [];
    const { url } = await rawServer((request, response) => {
      ids.push(request.headers['request-id']);
      request.resume();
      if (ids.length === 1) request.socket.destroy();
      else if (ids.length === 2) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('reply');
    });
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length);
    const alice = aPeer({ url, clock, randomBytes, retryRequests: true });
    const reply = alice.send(PACKET, { deadline: clock.now() + 10_000 });
    await until(() => clock.pendingTimers === 2);
    await clock.advance(99);
    expect(ids).toHaveLength(1);
    await clock.advance(1);
    await until(() => ids.length === 2 && clock.pendingTimers === 2);
    await clock.advance(199);
    expect(ids).toHaveLength(2);
    await clock.advance(1);
    expect(await reply).toEqual(new TextEncoder().encode('reply'));
    expect(new Set(ids).size).toBe(1);
    expect(alice.counters.requestsRetried).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are otherwise sent once, whatever happens', async () => {
    let asked = 0;
    const { url } = await rawServer((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const error = await failureOf(aPeer({ url }).send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
    expect(asked).toBe(1);
  });
});
