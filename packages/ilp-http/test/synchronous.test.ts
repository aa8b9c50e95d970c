import { request } from 'node:http';
import { VirtualClock } from '@pennyswitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { Authority } from './certificates.js';
import {
  aPeer,
  aServer,
  clientAndServer,
  deferred,
  failureOf,
  rawServer,
  soon,
  TOKEN_OF_ALICE,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('the synchronous exchange', () => {
  it('carries octets and their reply in the body of a 200', async () => {
    const { alice, bob } = await clientAndServer();
    expect(await alice.send(PACKET, soon())).toEqual(Uint8Array.of(3, 2, 1));
    expect(alice.counters).toMatchObject({ requestsSent: 1, repliesReceived: 1, bytesSent: 3 });
    expect(bob.counters).toMatchObject({ requestsReceived: 1, repliesSent: 1, bytesReceived: 3 });
  });

  it('takes a body of exactly the limit, and refuses to send a longer one', async () => {
    const { alice } = await clientAndServer();
    const full = new Uint8Array(65_536).map((_, index) => index);
    expect(await alice.send(full, soon())).toEqual(full.toReversed());
    const error = await failureOf(alice.send(new Uint8Array(65_537), soon()));
    expect(error).toMatchObject({ code: 'TOO_LARGE', sent: 'no' });
  });

  it('sends many requests at a time', async () => {
    const { alice, bob } = await clientAndServer({ client: { policy: { maxConnections: 8 } } });
    const packets = Array.from({ length: 300 }, (_, index) => Uint8Array.of(index >> 8, index));
    const replies = await Promise.all(
      packets.map((packet) => alice.send(packet, { deadline: Date.now() + 20_000 })),
    );
    expect(replies).toEqual(packets.map((packet) => packet.toReversed()));
    expect(bob.counters.requestsReceived).toBe(300);
  });

  it('uses a connection again', async () => {
    const sockets = new Set<unknown>();
    const { url } = await rawServer((request, response) => {
      sockets.add(request.socket);
      request.resume().on('end', () => {
        response.setHeader('content-type', 'application/octet-stream');
        response.end('reply');
      });
    });
    const alice = aPeer({ url });
    for (let index = 0; index < 20; index++) await alice.send(PACKET, soon());
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('accepts what older peers call the type of packets', async () => {
    const { url } = await clientAndServer();
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/ilp+octet-stream',
        authorization: 'bearer alice-0123456789-0123456789-0123456789-012345',
      },
      body: PACKET,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(3, 2, 1));
  });

  it('sends the headers that RFC 0035 asks for', async () => {
    const seen: Record<string, unknown>[] = [];
    const { url } = await rawServer((request, response) => {
      seen.push(request.headers);
      response.setHeader('content-type', 'application/ilp+octet-stream').end('reply');
    });
    const alice = aPeer({ url, auth: { type: 'bearer', token: 'token' } });
    await alice.send(PACKET, soon());
    expect(seen[0]).toMatchObject({
      accept: 'application/octet-stream',
      'content-type': 'application/octet-stream',
      'content-length': '3',
      authorization: 'Bearer token',
    });
    expect(seen[0]).not.toHaveProperty('prefer');
  });

  it.each(['/ilp?x=1', 'http://bob.example/ilp', 'HTTP://bob.example:80/ilp?x=1'])(
    'answers at its path however the target is written: %s (RFC 9112 3.2)',
    async (target) => {
      const { url } = await clientAndServer();
      const status = await new Promise((resolve, reject) => {
        const { port } = new URL(url);
        const headers = {
          'content-type': 'application/octet-stream',
          authorization: `Bearer ${TOKEN_OF_ALICE}`,
        };
        request({ port, host: '127.0.0.1', method: 'POST', path: target, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end(PACKET);
      });
      expect(status).toBe(200);
    },
  );

  it('answers 500 when the handler fails, and the sender learns the status', async () => {
    const { alice, bob } = await clientAndServer();
    bob.handle(() => Promise.reject(new Error('secret of the node')));
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'PEER_STATUS', sent: 'yes', status: 500 });
  });

  it('answers 503 as long as nobody handles packets', async () => {
    const server = aServer();
    server.addPeer('alice', { incoming: { tokens: [TOKEN_OF_ALICE] } });
    const { port } = await server.listen();
    const alice = aPeer({
      url: `http://127.0.0.1:${port}/ilp`,
      auth: { type: 'bearer', token: TOKEN_OF_ALICE },
    });
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ sent: 'yes', status: 503 });
  });

  it('knows a peer by any of its tokens, and says nothing to others (401)', async () => {
    const other = 'another-token-0123456789-0123456789-0123456789';
    const { url, server, bob } = await clientAndServer({
      peer: { incoming: { tokens: [TOKEN_OF_ALICE, other] } },
    });
    const rotated = aPeer({ url, auth: { type: 'bearer', token: other } });
    expect(await rotated.send(PACKET, soon())).toEqual(Uint8Array.of(3, 2, 1));
    const stranger = aPeer({ url, auth: { type: 'bearer', token: 'wrong' } });
    expect(await failureOf(stranger.send(PACKET, soon()))).toMatchObject({ status: 401 });
    expect(server.counters.unauthenticated).toBe(1);
    expect(bob.counters.requestsReceived).toBe(1);
  });

  it('says that nothing left where nobody listens, and when time was over before', async () => {
    let asked = 0;
    const { url, server } = await rawServer(() => (asked += 1));
    const clock = new VirtualClock();
    const alice = aPeer({ url, clock });
    const late = failureOf(alice.send(PACKET, { deadline: clock.now() + 50 }));
    await until(() => asked === 1);
    await clock.advance(50);
    expect(await late).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'unknown' });
    await new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
    const gone = aPeer({ url });
    expect(await failureOf(gone.send(PACKET, soon()))).toMatchObject({
      code: 'UNREACHABLE',
      sent: 'no',
    });
    const over = await failureOf(gone.send(PACKET, { deadline: Date.now() - 1 }));
    expect(over).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'no' });
  });

  it('says that the outcome is unknown where the connection ends without an answer', async () => {
    const { url } = await rawServer((request) => {
      request.resume().on('end', () => request.socket.destroy());
    });
    expect(await failureOf(aPeer({ url }).send(PACKET, soon()))).toMatchObject({
      code: 'CONNECTION_LOST',
      sent: 'unknown',
    });
  });

  it.each([
    ['no body', 200, ''],
    ['a redirect', 302, ''],
    ['an acceptance', 202, ''],
  ])('does not take %s for a reply', async (_, status, body) => {
    const { url } = await rawServer((request, response) => {
      response.writeHead(status, { 'content-type': 'application/octet-stream', location: '/x' });
      response.end(body);
    });
    await failureOf(aPeer({ url }).send(PACKET, soon()));
  });

  it('does not read an answer without end', async () => {
    const { url } = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await failureOf(aPeer({ url }).send(PACKET, soon()))).toMatchObject({
      code: 'BAD_REPLY',
      sent: 'unknown',
    });
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['another type', { 'content-type': 'text/plain' }, 'x', 415],
    ['an empty body', {}, '', 400],
    ['a body above the limit', {}, 'x'.repeat(65_537), 413],
  ])('refuses %s', async (_, headers, body, status) => {
    const { url, bob } = await clientAndServer();
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        authorization: `Bearer ${TOKEN_OF_ALICE}`,
        ...headers,
      },
      body,
    });
    expect(response.status).toBe(status);
    expect(bob.counters.requestsReceived).toBe(0);
  });

  it('does not handle a repeated request twice, and gives it the same reply', async () => {
    const { url, bob } = await clientAndServer();
    const reply = deferred<Uint8Array>();
    let handled = 0;
    bob.handle(() => {
      handled += 1;
      return reply.promise;
    });
    const post = (body: Uint8Array<ArrayBuffer>): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          authorization: 'Bearer alice-0123456789-0123456789-0123456789-012345',
          'request-id': '42ee09c8-a6de-4ae3-8a47-4732b0cbb07b',
        },
        body,
      });
    const first = post(PACKET);
    await until(() => handled === 1);
    const second = post(PACKET);
    await until(() => bob.counters.duplicateRequests === 1);
    reply.resolve(Uint8Array.of(9));
    for (const response of [await first, await second, await post(PACKET)]) {
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(9));
    }
    expect(handled).toBe(1);
    expect((await post(Uint8Array.of(7))).status).toBe(409);
  });
});

describe('over TLS', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await Authority.create();
  });

  it.each([
    [true, '2.0'],
    [false, '1.1'],
  ])('carries packets, by ALPN with HTTP/2 where it is offered (%s)', async (http2, version) => {
    const versions = new Set<string>();
    const tls = await authority.issue({ ip: ['127.0.0.1'] });
    const { alice } = await clientAndServer({
      server: {
        tls,
        authenticate: ({ headers }) => {
          versions.add(':path' in headers ? '2.0' : '1.1');
          return Promise.resolve('alice');
        },
      },
      peer: { incoming: { tokens: ['another-one-so-that-authenticate-is-asked'] } },
      client: { tls: { ca: authority.pem }, http2 },
    });
    const replies = await Promise.all([1, 2, 3].map(() => alice.send(PACKET, soon())));
    expect(replies).toEqual(replies.map(() => Uint8Array.of(3, 2, 1)));
    expect(versions).toEqual(new Set([version]));
  });

  it('does not speak to a server whose certificate nobody vouches for', async () => {
    const tls = await authority.issue({ ip: ['127.0.0.1'] });
    const { alice } = await clientAndServer({ server: { tls } });
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({
      code: 'UNREACHABLE',
      sent: 'no',
    });
  });
});
