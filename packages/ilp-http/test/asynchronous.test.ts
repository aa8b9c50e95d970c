import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import {
  aPeer,
  asynchronousPair,
  aServer,
  deferred,
  failureOf,
  rawServer,
  soon,
  TOKEN_OF_ALICE,
  TOKEN_OF_BOB,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);
const REQUEST_ID = '42ee09c8-a6de-4ae3-8a47-4732b0cbb07b';

/** A request as RFC 0035 has it, made by hand. */
function ask(url: string, callbackUrl: string | undefined, headers: Record<string, string> = {}) {
  return fetch(`${url}/ilp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      authorization: `Bearer ${TOKEN_OF_ALICE}`,
      prefer: 'respond-async',
      'request-id': REQUEST_ID,
      ...(callbackUrl === undefined ? {} : { 'callback-url': callbackUrl }),
      ...headers,
    },
    body: PACKET,
  });
}

describe('the asynchronous exchange (RFC 0035)', () => {
  it('accepts with 202 and sends the reply to the callback URL, both ways', async () => {
    const { alice, bob } = await asynchronousPair();
    expect(await alice.send(PACKET, soon())).toEqual(Uint8Array.of(3, 2, 1));
    expect(await bob.send(Uint8Array.of(7, 8), soon())).toEqual(Uint8Array.of(8, 7));
    expect(alice.counters).toMatchObject({ requestsSent: 1, repliesReceived: 1, repliesSent: 1 });
  });

  it('carries many requests at a time, each with its own reply', async () => {
    const { alice } = await asynchronousPair();
    const packets = Array.from({ length: 200 }, (_, i) => Uint8Array.of(i, 255));
    const replies = await Promise.all(packets.map((packet) => alice.send(packet, soon())));
    expect(replies).toEqual(packets.map((packet) => packet.toReversed()));
  });

  it('answers a repeated request with 202 again and handles it once', async () => {
    const { bob, aliceUrl, bobUrl } = await asynchronousPair();
    const reply = deferred<Uint8Array>();
    let handled = 0;
    bob.handle(() => {
      handled += 1;
      return reply.promise;
    });
    const callback = `${aliceUrl}/ilp/callback`;
    expect((await ask(bobUrl, callback)).status).toBe(202);
    const again = await ask(bobUrl, callback);
    expect([again.status, again.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    reply.resolve(Uint8Array.of(9));
    await until(() => bob.counters.repliesSent === 1);
    expect(handled).toBe(1);
  });

  it('delivers a reply again until the other side answers it', async () => {
    const statuses = [500, 503, 200];
    const bodies: string[] = [];
    const callback = await rawServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('hex')));
      request.on('end', () => {
        bodies.push(`${String(request.headers['request-id'])} ${body}`);
        response.writeHead(statuses[bodies.length - 1] ?? 200).end();
      });
    });
    const server = aServer({ policy: { retryInitialMs: 1, retryMaxMs: 2 } });
    const bob = server.addPeer('alice', {
      exchange: 'asynchronous',
      peerCallbackUrl: callback.url,
      incoming: { tokens: [TOKEN_OF_ALICE] },
    });
    bob.handle(() => Promise.resolve(Uint8Array.of(9)));
    const { port } = await server.listen();
    expect((await ask(`http://127.0.0.1:${port}`, undefined)).status).toBe(202);
    await until(() => bodies.length === 3);
    expect(new Set(bodies)).toEqual(new Set([`${REQUEST_ID} 09`]));
    expect(bob.counters.repliesRetried).toBe(2);
  });

  it('sends a reply under the Request-Id as the peer wrote it', async () => {
    const seen: unknown[] = [];
    const { url } = await rawServer((request, response) => {
      seen.push(request.headers['request-id']);
      request.resume().on('end', () => response.end());
    });
    const { bobUrl, bob } = await asynchronousPair({ bob: { peerCallbackUrl: url } });
    const written = REQUEST_ID.toUpperCase();
    expect((await ask(bobUrl, undefined, { 'request-id': written })).status).toBe(202);
    await until(() => seen.length === 1);
    expect((await ask(bobUrl, undefined)).status).toBe(202);
    expect(bob.counters).toMatchObject({ requestsReceived: 1, duplicateRequests: 1 });
    expect(seen).toEqual([written]);
  });

  it('takes a reply that overtakes its 202, and keeps the connection', async () => {
    const aliceServer = aServer();
    const aliceUrl = `http://127.0.0.1:${(await aliceServer.listen()).port}`;
    const connections = new Set<unknown>();
    const { url } = await rawServer((request, response) => {
      connections.add(request.socket);
      request.resume().on('end', () => {
        const headers = {
          'content-type': 'application/octet-stream',
          'request-id': String(request.headers['request-id']),
          authorization: `Bearer ${TOKEN_OF_BOB}`,
        };
        const callback = `${aliceUrl}/ilp/callback`;
        void fetch(callback, { method: 'POST', headers, body: Uint8Array.of(9) }).then(
          ({ status }) => response.writeHead(status === 200 ? 202 : 500).end(),
        );
      });
    });
    const alice = aliceServer.addPeer('bob', {
      exchange: 'asynchronous',
      url,
      incoming: { tokens: [TOKEN_OF_BOB] },
      // Whoever comes next waits for the connection, and for the 202 on it.
      policy: { maxConnections: 1 },
    });
    for (let i = 0; i < 5; i++) {
      expect(await alice.send(PACKET, soon())).toEqual(Uint8Array.of(9));
    }
    expect(connections.size).toBe(1);
  });

  it('takes no reply from another peer, for no request, or without a Request-Id', async () => {
    const { alice, bob, aliceUrl, aliceServer } = await asynchronousPair();
    aliceServer.addPeer('eve', {
      incoming: { tokens: ['eve-0123456789-0123456789-0123456789-0'] },
    });
    const held = deferred<Uint8Array>();
    let requestId = '';
    bob.handle((_octets, request) => {
      requestId = request.requestId ?? '';
      return held.promise;
    });
    const sent = alice.send(PACKET, soon());
    await until(() => requestId !== '');
    const reply = (token: string, id: string | undefined): Promise<Response> =>
      fetch(`${aliceUrl}/ilp/callback`, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          authorization: `Bearer ${token}`,
          ...(id === undefined ? {} : { 'request-id': id }),
        },
        body: Uint8Array.of(66),
      });
    const eve = await reply('eve-0123456789-0123456789-0123456789-0', requestId);
    expect(eve.status).toBe(400);
    expect((await reply(TOKEN_OF_BOB, REQUEST_ID)).status).toBe(400);
    expect((await reply(TOKEN_OF_BOB, undefined)).status).toBe(400);
    held.resolve(Uint8Array.of(1));
    expect(await sent).toEqual(Uint8Array.of(1));
    expect((await reply(TOKEN_OF_BOB, requestId)).status).toBe(400);
  });

  it('sends no reply to a place that was not agreed, and needs a Request-Id', async () => {
    const { bobUrl, bob } = await asynchronousPair();
    for (const callback of [undefined, 'http://192.0.2.1/', 'file:///etc/passwd', 'not a URL']) {
      expect((await ask(bobUrl, callback)).status).toBe(400);
    }
    const noId = await ask(bobUrl, undefined, { 'request-id': 'seven' });
    expect(noId.status).toBe(400);
    expect(bob.counters.requestsReceived).toBe(0);
  });

  it('leaves the outcome unknown where the callback never comes', async () => {
    const { url } = await rawServer((request, response) => {
      request.resume().on('end', () => response.writeHead(202).end());
    });
    const clock = new VirtualClock();
    const callbackUrl = 'http://127.0.0.1:1/x';
    const alice = aPeer({ url, clock, exchange: 'asynchronous', callbackUrl });
    const failure = failureOf(alice.send(PACKET, { deadline: clock.now() + 100 }));
    await until(() => alice.counters.bytesSent > 0);
    await clock.advance(100);
    expect(await failure).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'unknown' });
  });

  it('waits for what is in flight before it closes', async () => {
    const { alice, bob } = await asynchronousPair();
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const sent = alice.send(PACKET, soon());
    await until(() => bob.gauges.incoming > 0);
    const closed = alice.close({ drainTimeoutMs: 30_000 });
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({
      code: 'CLOSING',
      sent: 'no',
    });
    held.resolve(Uint8Array.of(5));
    expect(await sent).toEqual(Uint8Array.of(5));
    await closed;
  });
});

describe('a reply that was not taken', () => {
  /** Bob's server, which gives a reply up soon, and a callback that answers as it is told. */
  async function delivering(answer: () => number) {
    const asked = { times: 0 };
    const callback = await rawServer((request, response) => {
      asked.times += 1;
      request.resume().on('end', () => response.writeHead(answer()).end());
    });
    const server = aServer({ policy: { retryInitialMs: 1, retryMaxMs: 1, replyRetryMs: 20 } });
    const bob = server.addPeer('alice', {
      exchange: 'asynchronous',
      peerCallbackUrl: callback.url,
      incoming: { tokens: [TOKEN_OF_ALICE] },
    });
    bob.handle(() => Promise.resolve(Uint8Array.of(9)));
    const url = `http://127.0.0.1:${(await server.listen()).port}`;
    return { asked, bob, url };
  }

  it('is delivered once more when the peer asks again', async () => {
    let status = 500;
    const { asked, bob, url } = await delivering(() => status);
    expect((await ask(url, undefined)).status).toBe(202);
    await until(() => bob.counters.repliesUndelivered === 1);
    status = 200;
    const before = asked.times;
    const repeated = await Promise.all([1, 2, 3].map(() => ask(url, undefined)));
    expect(repeated.map((answer) => answer.status)).toEqual([202, 202, 202]);
    await until(() => bob.gauges.deliveries === 0 && asked.times > before);
    expect(asked.times).toBe(before + 1);
    expect((await ask(url, undefined)).status).toBe(202);
    expect(bob.counters).toMatchObject({ requestsReceived: 1, duplicateRequests: 4 });
    expect(bob.gauges).toEqual({ outgoing: 0, incoming: 0, deliveries: 0 });
    expect(asked.times).toBe(before + 1);
  });

  it('does not exist where the handler failed: the peer that asks again gets 500', async () => {
    const { asked, bob, url } = await delivering(() => 200);
    bob.handle(() => Promise.reject(new Error('nothing for the peer')));
    expect((await ask(url, undefined)).status).toBe(202);
    await until(() => bob.gauges.incoming === 0);
    const again = await ask(url, undefined);
    expect([again.status, await again.text()]).toEqual([
      500,
      'the packet could not be processed\n',
    ]);
    expect(asked.times).toBe(0);
  });
});

describe('signed tokens', () => {
  it('carry packets with HS256, and are refused under another secret', async () => {
    const server = aServer();
    const secret = new Uint8Array(32).fill(7);
    const bob = server.addPeer('alice', {
      incoming: { jwt: [{ algorithm: 'HS256', secret, subject: 'alice' }] },
    });
    bob.handle((octets) => Promise.resolve(octets));
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port}/ilp`;
    const claims = { subject: 'alice' };
    const alice = aPeer({ url, auth: { type: 'jwt-hs256', secret, ...claims } });
    expect(await alice.send(PACKET, soon())).toEqual(PACKET);
    const wrong = new Uint8Array(32).fill(8);
    const eve = aPeer({ url, auth: { type: 'jwt-hs256', secret: wrong, ...claims } });
    expect(await failureOf(eve.send(PACKET, soon()))).toMatchObject({ status: 401 });
  });
});
