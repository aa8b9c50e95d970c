import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { conditionOf, decodeReply, encodePrepare, PacketType } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/environment.js';
import { MemoryLedgerStore, type Connector } from '../src/index.js';
import { SettlementEngineClient } from '../src/settlement/engine-client.js';
import { createSettlementApi } from '../src/settlement-api/index.js';
import { between, EUR, preparePacket, World, type Peer } from './fixture.js';

const HOUR_MS = 60 * 60 * 1000;

interface EngineRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: string;
  readonly at: number;
}

/** A settlement engine that writes down what it is asked and answers as it is told. */
class FakeEngine {
  readonly requests: EngineRequest[] = [];
  answer: (request: EngineRequest) => Response | Promise<Response> = () =>
    new Response(null, { status: 201 });

  constructor(readonly now: () => number) {}

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : init.body;
    const request = {
      method: init.method ?? 'GET',
      path: new URL(url).pathname,
      key: new Headers(init.headers).get('idempotency-key'),
      body: typeof body === 'string' ? body : '',
      at: this.now(),
    };
    this.requests.push(request);
    return this.answer(request);
  };

  get settlements(): EngineRequest[] {
    return this.requests.filter(({ path }) => path.endsWith('/settlements'));
  }
}

async function settling(
  policy: { threshold?: bigint; settleTo?: bigint; scale?: number; intervalMs?: number } = {
    threshold: 1000n,
    settleTo: 100n,
  },
): Promise<{
  world: World;
  connector: Connector;
  alice: Peer;
  bob: Peer;
  engine: FakeEngine;
  store: MemoryLedgerStore;
}> {
  let now = (): number => 0;
  const engine = new FakeEngine(() => now());
  const store = new MemoryLedgerStore();
  const all = await between(
    { fetch: engine.fetch, store },
    { bob: { settlement: { engineUrl: 'http://engine.example/base/', ...policy } } },
  );
  now = () => all.world.clock.now();
  await all.world.clock.advance(0);
  return { ...all, engine, store };
}

describe('a request to a settlement engine', () => {
  it('is not redirected: a page that a GET finds is no settlement (RFC 0038 "Perform outgoing settlement")', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const isMoved = request.url !== '/login';
      response.writeHead(isMoved ? 302 : 200, isMoved ? { location: '/login' } : {}).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new SettlementEngineClient({
      account: 'bob',
      engineUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      fetch: (url, init) => fetch(url, init),
      clock: systemClock,
    });
    const { signal } = new AbortController();
    await expect(client.settle('key', { amount: 5n, scale: 6 }, signal)).rejects.toMatchObject({
      status: 302,
    });
    expect(asked).toEqual(['POST /accounts/bob/settlements']);
    server.close();
    server.closeAllConnections();
  });

  it('reads no more of an answer than a packet can carry (RFC 0027 "ILP Fulfill", data)', async () => {
    let sent = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1;
        if (sent > 1000) controller.close();
        else controller.enqueue(new Uint8Array(1024));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const client = new SettlementEngineClient({
      account: 'bob',
      engineUrl: 'http://engine.example',
      fetch: () => Promise.resolve(new Response(body)),
      clock: systemClock,
    });
    const { signal } = new AbortController();
    const reply = await client.deliverMessage(new Uint8Array(1), signal);
    expect(reply.body).toHaveLength(32 * 1024);
    expect([sent < 40, isCancelled]).toEqual([true, true]);
  });
});

const TO_BOB = { destination: 'test.bob.1' };

describe('an account with a settlement engine', () => {
  it('is set up at the engine (RFC 0038 "Setup an account")', async () => {
    const { engine } = await settling();
    expect(engine.requests).toEqual([
      expect.objectContaining({ method: 'POST', path: '/base/accounts', body: '{"id":"bob"}' }),
    ]);
  });

  it('is set up again and again while the engine is away', async () => {
    const world = new World();
    const engine = new FakeEngine(() => world.clock.now());
    engine.answer = () => (engine.requests.length < 4 ? Response.error() : new Response());
    const connector = world.connector({
      address: parseIlpAddress('test.b'),
      fetch: (url, init) =>
        engine.requests.length < 3
          ? engine.fetch(url, init).then(() => Promise.reject(new Error('refused')))
          : engine.fetch(url, init),
    });
    await world.peer(connector, {
      id: 'bob',
      relation: 'peer',
      asset: EUR,
      settlement: { engineUrl: 'http://engine.example' },
    });
    await connector.start();
    await world.clock.advance(60_000);
    expect(engine.requests).toHaveLength(4);
  });

  it('is deleted at the engine when it is removed', async () => {
    const { world, connector, engine } = await settling();
    engine.answer = () => new Response(null, { status: 204 });
    await world.until(connector.removeAccount('bob'));
    expect(engine.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/base/accounts/bob' });
  });

  it('is removed although its engine is gone for good', async () => {
    const { world, connector, engine } = await settling();
    engine.answer = () => new Response(null, { status: 500 });
    await world.until(connector.removeAccount('bob'));
    expect(engine.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(5);
    await world.clock.advance(HOUR_MS);
    expect(engine.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(5);
  });

  it('settles down to the target once the threshold is reached (RFC 0032 "Settlement Threshold")', async () => {
    const { world, connector, alice, engine } = await settling();
    await world.until(alice.send({ amount: 1000n, ...TO_BOB })); // 920 owed
    expect(engine.settlements).toEqual([]);
    await world.until(alice.send({ amount: 100n, ...TO_BOB })); // 1012 owed
    await world.clock.advance(0);
    expect(engine.settlements).toEqual([
      expect.objectContaining({
        path: '/base/accounts/bob/settlements',
        body: '{"amount":"912","scale":6}',
        key: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
      }),
    ]);
    expect(await connector.balance('bob')).toMatchObject({ payable: 100n, settledOutgoing: 912n });
    expect(await connector.settlement.outbox()).toEqual([]);
  });

  it('has one key for all attempts at a settlement, which never end (RFC 0038 "Retry behavior")', async () => {
    const { world, connector, alice, engine } = await settling();
    engine.answer = ({ path }) =>
      new Response(null, { status: path.endsWith('/settlements') ? 500 : 201 });
    await world.until(alice.send({ amount: 2000n, ...TO_BOB }));
    await world.clock.advance(48 * HOUR_MS);
    const attempts = engine.settlements;
    expect(attempts.length).toBeGreaterThan(48);
    expect(new Set(attempts.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
    const pauses = attempts.slice(1).map(({ at }, i) => at - attempts[i]!.at);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(HOUR_MS);
    expect(pauses[0]).toBeLessThanOrEqual(1000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(HOUR_MS / 2);
    expect(new Set(pauses.slice(-10)).size).toBeGreaterThan(5); // jitter
    expect(await connector.settlement.outbox()).toHaveLength(1);
    engine.answer = () => new Response(null, { status: 201 });
    await world.clock.advance(HOUR_MS);
    expect(await connector.settlement.outbox()).toEqual([]);
  });

  it('does not settle the same debt again while the engine is away', async () => {
    const { world, alice, engine, connector } = await settling();
    engine.answer = () => new Response(null, { status: 500 });
    await world.until(alice.send({ amount: 2000n, ...TO_BOB }));
    await world.until(alice.send({ amount: 100n, ...TO_BOB }));
    expect(await connector.settlement.outbox()).toHaveLength(1);
  });

  it('goes on after a restart with what the outbox has, under the same key', async () => {
    const { world, connector, alice, engine, store } = await settling();
    engine.answer = () => new Response(null, { status: 503 });
    await world.until(alice.send({ amount: 2000n, ...TO_BOB }));
    await world.until(connector.stop());
    const [left] = store.outbox(new Set(['bob']));
    const before = engine.settlements.length;
    await world.clock.advance(2 * HOUR_MS);
    expect(engine.settlements).toHaveLength(before);
    engine.answer = () => new Response(null, { status: 201 });
    const again = world.connector({
      address: parseIlpAddress('test.b'),
      fetch: engine.fetch,
      store,
    });
    await world.peer(again, {
      id: 'bob',
      relation: 'peer',
      asset: EUR,
      settlement: { engineUrl: 'http://engine.example', threshold: 1000n },
    });
    await again.start();
    await world.clock.advance(0);
    expect(engine.settlements.at(-1)).toMatchObject({
      key: left!.key,
      body: '{"amount":"1740","scale":6}',
    });
    expect(store.outbox(new Set(['bob']))).toEqual([]);
  });

  it('tells an engine that lost its memory of the account again', async () => {
    const { world, alice, engine } = await settling();
    const knows = { account: false };
    engine.answer = ({ path }) => {
      if (path.endsWith('/accounts')) knows.account = true;
      return new Response(null, { status: knows.account ? 201 : 404 });
    };
    await world.until(alice.send({ amount: 2000n, ...TO_BOB }));
    await world.clock.advance(0);
    expect(engine.requests.slice(1).map(({ path }) => path)).toEqual([
      '/base/accounts/bob/settlements',
      '/base/accounts',
      '/base/accounts/bob/settlements',
    ]);
  });

  it('gives an engine ten seconds to answer', async () => {
    const { world, alice, engine } = await settling();
    engine.answer = ({ path }) =>
      path.endsWith('/settlements') && engine.settlements.length === 1
        ? new Promise(() => undefined)
        : new Response();
    await world.until(alice.send({ amount: 2000n, ...TO_BOB }));
    await world.clock.advance(12_000);
    expect(engine.settlements).toHaveLength(2);
  });

  it('settles whole units of a coarser system, and owes the rest', async () => {
    const { world, connector, alice, engine } = await settling({ threshold: 1000n, scale: 3 });
    await world.until(alice.send({ amount: 2500n, ...TO_BOB })); // 2300 owed
    await world.clock.advance(0);
    expect(engine.settlements.map(({ body }) => body)).toEqual(['{"amount":"2000","scale":6}']);
    expect(await connector.balance('bob')).toMatchObject({ payable: 300n });
  });

  it('settles every unit of its own where the system is finer', async () => {
    const { world, alice, engine } = await settling({ threshold: 1000n, scale: 9 });
    await world.until(alice.send({ amount: 2501n, ...TO_BOB })); // 2300 owed
    await world.clock.advance(0);
    expect(engine.settlements.map(({ body }) => body)).toEqual(['{"amount":"2300","scale":6}']);
  });

  it('pays ahead from the start where threshold and target are below zero', async () => {
    const { engine, connector } = await settling({ threshold: -500n, settleTo: -2000n });
    expect(engine.settlements.map(({ body }) => body)).toEqual(['{"amount":"2000","scale":6}']);
    expect(await connector.balance('bob')).toMatchObject({ payable: -2000n, net: 2000n });
  });

  it('settles on time what is below the threshold', async () => {
    const { world, alice, engine, connector } = await settling({
      threshold: 1_000_000n,
      settleTo: 20n,
      intervalMs: 60_000,
    });
    await world.until(alice.send({ amount: 1000n, ...TO_BOB })); // 920 owed
    await world.clock.advance(59_000);
    expect(engine.settlements).toEqual([]);
    await world.clock.advance(2000);
    expect(engine.settlements.map(({ body }) => body)).toEqual(['{"amount":"900","scale":6}']);
    await world.clock.advance(120_000);
    expect(engine.settlements).toHaveLength(1);
    await world.until(connector.stop());
    await world.clock.run();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('settles by hand', async () => {
    const { world, connector, engine } = await settling({});
    await connector.settlement.settle('bob', 77n);
    await world.clock.advance(0);
    expect(engine.settlements.map(({ body }) => body)).toEqual(['{"amount":"77","scale":6}']);
    await expect(connector.settlement.settle('bob', 0n)).rejects.toMatchObject({
      code: 'BAD_SETTING',
    });
    await expect(connector.settlement.settle('alice', 1n)).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
    });
  });

  it.each([
    ['a target that is not below the threshold', { threshold: 10n, settleTo: 10n }],
    ['an interval of nothing', { intervalMs: 0 }],
    ['a scale that is none', { threshold: 10n, scale: 256 }],
  ])('is refused with %s', async (_what, policy) => {
    await expect(settling(policy)).rejects.toMatchObject({ code: 'BAD_SETTING' });
  });
});

describe('the accounting API of RFC 0038', () => {
  const post = (
    connector: Connector,
    path: string,
    body: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    Promise.resolve(
      createSettlementApi(connector).request(path, { method: 'POST', body, headers }),
    );
  const quantity = '{"amount":"250","scale":6}';

  it('credits an incoming settlement once per Idempotency-Key, with the same answer each time', async () => {
    const { connector } = await settling();
    for (let i = 0; i < 3; i++) {
      const response = await post(connector, '/accounts/bob/settlements', quantity, {
        'idempotency-key': 'one',
      });
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({ amount: '250', scale: 6 });
    }
    expect(await connector.balance('bob')).toMatchObject({
      receivable: -250n,
      settledIncoming: 250n,
    });
  });

  it('refuses a key that was used for something else with 409', async () => {
    const { connector } = await settling();
    const headers = { 'idempotency-key': 'one' };
    await post(connector, '/accounts/bob/settlements', quantity, headers);
    const response = await post(
      connector,
      '/accounts/bob/settlements',
      '{"amount":"251","scale":6}',
      headers,
    );
    expect(response.status).toBe(409);
    expect(await connector.balance('bob')).toMatchObject({ settledIncoming: 250n });
  });

  it.each([
    ['no key', '/accounts/bob/settlements', quantity, '', 400],
    ['no JSON', '/accounts/bob/settlements', '250', 'k', 400],
    ['a negative amount', '/accounts/bob/settlements', '{"amount":"-1","scale":6}', 'k', 400],
    ['a number as amount', '/accounts/bob/settlements', '{"amount":1,"scale":6}', 'k', 400],
    ['a scale above 255', '/accounts/bob/settlements', '{"amount":"1","scale":256}', 'k', 400],
    ['an unknown account', '/accounts/carol/settlements', quantity, 'k', 404],
    ['an account without engine', '/accounts/alice/settlements', quantity, 'k', 404],
    ['another resource', '/elsewhere', quantity, 'k', 404],
  ])('refuses %s', async (_what, path, body, key, status) => {
    const { connector } = await settling();
    const response = await post(
      connector,
      path,
      body,
      key === '' ? {} : { 'idempotency-key': key },
    );
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: { code: expect.any(String), message: expect.any(String) },
    });
  });

  it.each([
    ['a body', '/accounts/bob/settlements', 65_537],
    ['a message', '/accounts/bob/messages', 32_768],
  ])('refuses %s that is too long', async (_what, path, length) => {
    const { connector } = await settling();
    const response = await post(connector, path, ' '.repeat(length), {
      'idempotency-key': 'k',
      'content-length': String(length),
    });
    expect(response.status).toBe(413);
  });

  it('lets engines in by token only, where one is configured', async () => {
    const { connector } = await settling();
    const api = createSettlementApi(connector, { token: 'secret' });
    const request = (token: string): Promise<Response> =>
      Promise.resolve(
        api.request('/accounts/bob/settlements', {
          method: 'POST',
          body: quantity,
          headers: { 'idempotency-key': 'k', authorization: `Bearer ${token}` },
        }),
      );
    expect((await request('wrong')).status).toBe(401);
    expect((await request('secret')).status).toBe(201);
  });

  it('carries messages between two engines through their connectors (RFC 0038 "Exchanging messages")', async () => {
    const world = new World();
    const engines = [0, 1].map(() => new FakeEngine(() => world.clock.now()));
    engines[1]!.answer = ({ body, path }) =>
      path.endsWith('/messages') ? new Response(`you said ${body}`) : new Response();
    const [a, b] = engines.map((engine, i) =>
      world.connector({ address: parseIlpAddress(`test.n${i}`), fetch: engine.fetch }),
    ) as [Connector, Connector];
    const settlement = { engineUrl: 'http://engine.example' };
    await world.join(a, { id: 'b', relation: 'peer', asset: EUR, settlement }, b, {
      id: 'a',
      relation: 'peer',
      asset: EUR,
      settlement,
    });
    await a.start();
    await b.start();
    const response = await world.until(post(a, '/accounts/b/messages', 'hello'));
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toBe('you said hello');
    engines[1]!.answer = () => new Response('no thanks', { status: 400 });
    const refused = await world.until(post(a, '/accounts/b/messages', 'hello'));
    expect([refused.status, await refused.text()]).toEqual([502, 'no thanks']);
  });
});

describe('peer.settle', () => {
  const message = (now: number, condition: Uint8Array): Uint8Array =>
    encodePrepare({
      amount: 0n,
      expiresAt: new Date(now + 10_000),
      executionCondition: condition,
      destination: parseIlpAddress('peer.settle'),
      data: new TextEncoder().encode('hi'),
    });

  it.each([
    ['that deployed nodes send', conditionOf(new Uint8Array(32))],
    ['that RFC 0038 prints', conditionOf(new Uint8Array(0))],
  ])('takes the condition %s', async (_which, condition) => {
    const { world, bob, engine } = await settling();
    engine.answer = () => new Response('well?');
    const reply = decodeReply(
      await world.until(bob.sendBytes(message(world.clock.now(), condition))),
    );
    expect(reply).toMatchObject({
      type: PacketType.fulfill,
      fulfillment: new Uint8Array(32),
      data: new TextEncoder().encode('well?'),
    });
    expect(engine.requests.at(-1)).toMatchObject({
      path: '/base/accounts/bob/messages',
      body: 'hi',
    });
  });

  it.each([
    [400, 'F00'],
    [500, 'T00'],
  ])('answers with what the engine said when it refuses with %i', async (status, code) => {
    const { world, bob, engine } = await settling();
    engine.answer = () => new Response('because', { status });
    const bytes = message(world.clock.now(), conditionOf(new Uint8Array(32)));
    expect(decodeReply(await world.until(bob.sendBytes(bytes)))).toMatchObject({
      code,
      triggeredBy: 'peer.settle',
      data: new TextEncoder().encode('because'),
    });
  });

  it('that has expired does not reach the engine', async () => {
    const { world, bob, engine } = await settling();
    const before = engine.requests.length;
    const bytes = message(world.clock.now() - 10_000, conditionOf(new Uint8Array(32)));
    expect(decodeReply(await world.until(bob.sendBytes(bytes)))).toMatchObject({ code: 'R02' });
    expect(engine.requests).toHaveLength(before);
  });

  it('is refused for an account without engine', async () => {
    const { world, alice } = await settling();
    const bytes = message(world.clock.now(), conditionOf(new Uint8Array(32)));
    expect(decodeReply(await world.until(alice.sendBytes(bytes)))).toMatchObject({ code: 'F00' });
  });

  it('is never forwarded', async () => {
    const { world, alice, bob } = await settling();
    const bytes = preparePacket(world.clock.now(), { destination: 'peer.settle' });
    expect(decodeReply(await world.until(alice.sendBytes(bytes)))).toMatchObject({ code: 'F01' });
    expect(bob.received).toEqual([]);
  });
});
