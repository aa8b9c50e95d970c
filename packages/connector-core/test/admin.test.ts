import { Validator } from '@seriousme/openapi-schema-validator';
import { PacketType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAdminApi } from '../src/admin/index.js';
import { ConnectorError, MemoryLedgerStore, type Connector } from '../src/index.js';
import { AdminClient, keeperOf, TOKEN } from './admin-client.js';
import { between, EUR, fulfillAll, never } from './fixture.js';
import { slowStore } from './stores.js';
import { TestLink } from './test-link.js';

function get(connector: Connector, path: string, token = TOKEN, method = 'GET'): Promise<Response> {
  return new AdminClient(connector).ask(path, { token, method });
}

describe('the admin API', () => {
  it.each(['', 'wrong', `${TOKEN}x`])(
    'refuses the token %j everywhere but where anybody may ask',
    async (token) => {
      const { connector } = await between();
      for (const path of ['/status', '/accounts', '/balances', '/routes', '/metrics', '/nowhere']) {
        const response = await get(connector, path, token);
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
      }
      for (const path of ['/health', '/ready', '/openapi.json']) {
        expect((await get(connector, path, token)).status).toBe(200);
      }
    },
  );

  it('cannot be opened with a token that is easy to guess', async () => {
    const { connector } = await between();
    expect(() => createAdminApi(connector, { token: 'short' })).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING' }),
    );
  });

  it('tells who the node is', async () => {
    const { connector } = await between();
    expect(await (await get(connector, '/status')).json()).toEqual({
      address: 'test.b',
      network: 'test',
      running: true,
      accounts: 2,
      packetsInFlight: 0,
      version: '0',
    });
  });

  it('tells balances as strings', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    expect(await (await get(connector, '/accounts/bob/balance')).json()).toEqual({
      account: 'bob',
      asset: { code: 'EUR', scale: 6 },
      receivable: '0',
      payable: '920',
      heldIncoming: '0',
      heldOutgoing: '0',
      clearedIncoming: '0',
      clearedOutgoing: '920',
      settledIncoming: '0',
      settledOutgoing: '0',
      net: '-920',
    });
    const { balances } = (await (await get(connector, '/balances')).json()) as {
      balances: { account: string; net: string }[];
    };
    expect(balances.map(({ account, net }) => [account, net])).toEqual([
      ['alice', '1000'],
      ['bob', '-920'],
    ]);
  });

  it('tells accounts with what happened on them', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    await world.until(alice.send({ amount: 1000n, destination: 'test.nobody' }));
    expect(await (await get(connector, '/accounts/alice')).json()).toMatchObject({
      id: 'alice',
      relation: 'child',
      address: 'test.b.alice',
      connected: true,
      incoming: { fulfilled: 1, fulfilledAmount: '1000', rejected: { F02: 1 } },
    });
  });

  it('tells routes with why they are the best', async () => {
    const { connector } = await between();
    expect(await (await get(connector, '/routes')).json()).toMatchObject({
      routes: expect.arrayContaining([
        expect.objectContaining({ prefix: 'test.bob', nextHop: 'bob', why: expect.any(String) }),
      ]),
    });
  });

  it('tells packets in flight', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    void alice.send({ amount: 1000n, destination: 'test.bob' });
    await world.clock.advance(1);
    expect(await (await get(connector, '/packets')).json()).toMatchObject({
      packets: [{ from: 'alice', to: 'bob', amount: '1000', outgoingAmount: '920' }],
    });
  });

  it('answers an unknown account with 404 and another resource likewise', async () => {
    const { connector } = await between();
    for (const path of ['/accounts/carol', '/accounts/carol/balance', '/nowhere']) {
      const response = await get(connector, path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } });
    }
  });

  it('tells late fulfillments with the proof that the peer has, and open settlements', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(9500);
      return fulfillAll(bytes);
    };
    const packet = { amount: 1000n, destination: 'test.bob', expiresInMs: 10_000 };
    await world.until(alice.send(packet));
    await world.clock.advance(1000);
    expect(await (await get(connector, '/late-fulfillments')).json()).toMatchObject({
      lateFulfillments: [
        {
          account: 'bob',
          amount: '920',
          condition: expect.stringMatching(/^[0-9a-f]{64}$/),
          fulfillment: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        },
      ],
    });
    expect(await (await get(connector, '/settlements')).json()).toEqual({ settlements: [] });
  });

  it('counts for Prometheus, with labels that peers cannot multiply', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    await world.until(alice.send({ amount: 1000n, destination: 'test.nobody' }));
    const response = await get(connector, '/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE pennyswitch_packets_total counter',
        'pennyswitch_packets_total{account="alice",direction="incoming",result="fulfilled",code=""} 1',
        'pennyswitch_packets_total{account="alice",direction="incoming",result="rejected",code="F02"} 1',
        'pennyswitch_packet_amount_total{account="alice",direction="incoming",result="rejected"} 1000',
        'pennyswitch_packet_amount_total{account="bob",direction="outgoing",result="fulfilled"} 920',
        'pennyswitch_balance{account="bob",kind="payable"} 920',
        'pennyswitch_link_up{account="alice"} 1',
        'pennyswitch_packets_in_flight{account="alice"} 0',
      ]),
    );
  });

  it('removes an account', async () => {
    const { world, connector } = await between();
    const response = await world.until(get(connector, '/accounts/bob', TOKEN, 'DELETE'));
    expect(response.status).toBe(204);
    expect(connector.accounts().map(({ id }) => id)).toEqual(['alice']);
  });

  it('refuses to settle an account that has no engine, and what is no amount', async () => {
    const { connector } = await between();
    const client = new AdminClient(connector);
    const settle = (body: string): Promise<Response> =>
      client.ask('/accounts/bob/settlements', { method: 'POST', body });
    expect((await settle('{"amount":"10"}')).status).toBe(409);
    for (const body of ['', '{}', '{"amount":10}', '{"amount":"0"}', '{"amount":"1.5"}']) {
      expect((await settle(body)).status).toBe(400);
    }
  });

  it('is unhealthy once the node takes no packets', async () => {
    const { world, connector } = await between();
    await world.until(connector.stop());
    expect((await get(connector, '/health')).status).toBe(503);
  });

  it('measures how long packets take, by account and result', async () => {
    const { world, connector, alice, bob } = await between();
    const client = new AdminClient(connector);
    bob.answer = async (bytes) => {
      await world.clock.sleep(40);
      return fulfillAll(bytes);
    };
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    const text = await (await client.ask('/metrics')).text();
    const labels = 'account="alice",result="fulfilled"';
    expect(text).toContain(`pennyswitch_packet_duration_seconds_bucket{le="0.025",${labels}} 0`);
    expect(text).toContain(`pennyswitch_packet_duration_seconds_bucket{le="0.05",${labels}} 1`);
    expect(text).toContain(`pennyswitch_packet_duration_seconds_sum{${labels}} 0.04`);
  });

  it('exports what the store tells of itself', async () => {
    const statistics = (): Record<string, number> => ({ syncs_total: 3, records_pending: 1 });
    const { connector } = await between({
      store: Object.assign(new MemoryLedgerStore(), { statistics }),
    });
    const text = await (await get(connector, '/metrics')).text();
    expect(text).toContain('# TYPE pennyswitch_store_syncs_total counter');
    expect(text).toContain('pennyswitch_store_syncs_total 3');
    expect(text).toContain('# TYPE pennyswitch_store_records_pending gauge');
    expect(text).toContain('pennyswitch_store_records_pending 1');
  });

  it('takes the tokens that are valid at the moment', async () => {
    const { connector } = await between();
    let tokens = ['first-0123456789'];
    const api = createAdminApi(connector, { token: () => tokens });
    const status = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await api.request('/status', { headers })).status;
    };
    tokens = ['first-0123456789', 'second-0123456789'];
    expect(await status('first-0123456789')).toBe(200);
    expect(await status('second-0123456789')).toBe(200);
    tokens = ['second-0123456789'];
    expect(await status('first-0123456789')).toBe(401);
  });

  it('changes limits while the account runs, and takes them away with null', async () => {
    const { world, connector, alice } = await between();
    const client = new AdminClient(connector);
    const patch = (body: unknown): Promise<unknown> =>
      client.json('/accounts/alice', { method: 'PATCH', body });
    expect(await patch({ limits: { maxPacketAmount: '999' } })).toMatchObject({
      id: 'alice',
      limits: { maxPacketAmount: '999' },
    });
    const packet = { amount: 1000n, destination: 'test.bob' };
    expect(await world.until(alice.send(packet))).toMatchObject({ code: 'F08' });
    expect(await patch({ limits: null })).toMatchObject({ limits: {} });
    expect(await world.until(alice.send(packet))).toMatchObject({ type: PacketType.fulfill });
  });

  it.each([
    ['{', 'the body is no JSON'],
    [{ limits: { maxPacketAmount: 'lots' } }, 'limits.maxPacketAmount'],
    [{ relation: 'peer' }, 'relation'],
    [{ staticRoutes: ['not a prefix'] }, 'staticRoutes.0'],
    [{ limits: { minimumBalance: 2, maximumBalance: 1 } }, 'minimumBalance is above'],
    [{ settlement: { engine: 'http://x.example' } }, 'cannot change while it runs'],
  ])('says what is wrong with the change %j', async (body, message) => {
    const { connector } = await between();
    const client = new AdminClient(connector);
    const response = await client.ask('/accounts/alice', { method: 'PATCH', body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
  });

  it('refuses a body that is too large', async () => {
    const { connector } = await between();
    const client = new AdminClient(connector);
    const body = JSON.stringify({ staticRoutes: Array(10_000).fill('test.bob') });
    const headers = { 'content-length': String(body.length) };
    const response = await client.ask('/accounts/alice', { method: 'PATCH', body, headers });
    expect(response.status).toBe(413);
  });

  it('adds an account with the link that the application opens', async () => {
    const { world, connector, alice } = await between();
    const [near, far] = TestLink.pair(world.clock);
    far.setHandler(fulfillAll);
    const client = new AdminClient(connector, {
      accounts: keeperOf(connector, z.strictObject({ to: z.string() }), () =>
        Promise.resolve(near),
      ),
    });
    const carol = { id: 'carol', relation: 'child', asset: EUR, link: { to: 'carol' } };
    const add = (body: unknown): Promise<Response> =>
      client.ask('/accounts', { method: 'POST', body });
    expect((await add(carol)).status).toBe(201);
    expect(
      await world.until(alice.send({ amount: 1000n, destination: 'test.b.carol' })),
    ).toMatchObject({ type: PacketType.fulfill });
    expect((await add(carol)).status).toBe(409);
    expect((await add({ ...carol, id: 'dave', link: {} })).status).toBe(400);
    expect((await add({ ...carol, id: 'da.ve' })).status).toBe(400);
  });

  it('does not settle twice under one Idempotency-Key', async () => {
    const { world, connector } = await between(
      { fetch: () => Promise.resolve(new Response(null, { status: 201 })) },
      { bob: { settlement: { engineUrl: 'http://engine.example' } } },
    );
    const client = new AdminClient(connector);
    const settle = (amount: string, key?: string): Promise<Response> =>
      client.ask('/accounts/bob/settlements', {
        method: 'POST',
        body: { amount },
        headers: key === undefined ? {} : { 'idempotency-key': key },
      });
    const first = await (await settle('10', 'k')).json();
    expect(await (await settle('10', 'k')).json()).toEqual(first);
    expect((await settle('11', 'k')).status).toBe(409);
    expect((await settle('10')).status).toBe(201);
    await world.clock.advance(1);
    expect(await connector.balance('bob')).toMatchObject({ settledOutgoing: 20n });
  });

  it('does not settle twice under one Idempotency-Key although the store did not say that it had (RFC 0038 "Idempotence")', async () => {
    let isFull = false;
    const full = (): Promise<void> =>
      isFull ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
    const { connector } = await between(
      {
        store: slowStore(full),
        fetch: () => Promise.resolve(new Response(null, { status: 201 })),
      },
      { bob: { settlement: { engineUrl: 'http://engine.example' } } },
    );
    const client = new AdminClient(connector);
    const settle = (amount: string): Promise<unknown> =>
      client.json('/accounts/bob/settlements', {
        method: 'POST',
        body: { amount },
        headers: { 'idempotency-key': 'k' },
      });
    isFull = true;
    expect(await settle('10')).toMatchObject({ error: { code: 'INTERNAL' } });
    isFull = false;
    expect(await settle('10')).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(await connector.balance('bob')).toMatchObject({ settledOutgoing: 10n });
  });

  it('lets an Idempotency-Key be used again whose request was refused', async () => {
    const { connector } = await between();
    const client = new AdminClient(connector);
    const settle = (amount: string): Promise<unknown> =>
      client.json('/accounts/bob/settlements', {
        method: 'POST',
        body: { amount },
        headers: { 'idempotency-key': 'k' },
      });
    expect(await settle('10')).toMatchObject({ error: { code: 'NOT_CONFIGURED' } });
    expect(await settle('11')).toMatchObject({ error: { code: 'NOT_CONFIGURED' } });
  });

  it('tells routes page by page', async () => {
    const { connector } = await between(
      {},
      { bob: { staticRoutes: ['test.c', 'test.a', 'test.bb', 'test.ba'] } },
    );
    const client = new AdminClient(connector);
    const page = async (query: string): Promise<[string[], number, string | undefined]> => {
      const { routes, total, next } = (await client.json(`/routes?${query}`)) as {
        routes: { prefix: string }[];
        total: number;
        next?: string;
      };
      return [routes.map(({ prefix }) => prefix), total, next];
    };
    expect(await page('account=bob&limit=3')).toEqual([
      ['test.a', 'test.ba', 'test.bb'],
      4,
      'test.bb',
    ]);
    expect(await page('account=bob&limit=3&after=test.bb')).toEqual([['test.c'], 4, undefined]);
    expect(await page('prefix=test.b')).toEqual([
      ['test.b', 'test.b.alice', 'test.ba', 'test.bb'],
      4,
      undefined,
    ]);
    expect((await client.ask('/routes?limit=0')).status).toBe(400);
    expect((await client.ask('/routes?colour=red')).status).toBe(400);
  });

  it('tells where packets to an address go, and why', async () => {
    const { connector } = await between();
    const client = new AdminClient(connector);
    expect(await client.json('/routes/lookup?destination=test.bob.x')).toEqual({
      destination: 'test.bob.x',
      nextHops: ['bob'],
      prefix: 'test.bob',
      why: expect.any(String),
    });
    expect(await client.json('/routes/lookup?destination=test.nobody')).toMatchObject({
      nextHops: [],
      why: 'no prefix of the routing table leads there',
    });
    expect((await client.ask('/routes/lookup?destination=x')).status).toBe(400);
  });

  it('tells rates as decimals and exactly, and which are missing', async () => {
    const { world, connector } = await between({ spread: '0.002' });
    await world.peer(connector, {
      id: 'carol',
      relation: 'child',
      asset: { code: 'XRP', scale: 9 },
    });
    expect(await new AdminClient(connector).json('/rates')).toEqual({
      rates: expect.arrayContaining([
        {
          from: 'USD',
          to: 'EUR',
          available: true,
          rate: '0.92',
          net: '0.91816',
          exact: { numerator: '11477', denominator: '12500' },
        },
        expect.objectContaining({ from: 'EUR', to: 'USD', rate: '1.08695652173913' }),
        { from: 'USD', to: 'XRP', available: false },
      ]),
    });
  });

  it('tells what is left of limits on balances', async () => {
    const { world, connector, alice } = await between(
      {},
      {
        alice: { limits: { maximumBalance: 1500n } },
        bob: { limits: { minimumBalance: -900n } },
      },
    );
    const client = new AdminClient(connector);
    await world.until(alice.send({ amount: 900n, destination: 'test.bob' }));
    expect(await client.json('/limits')).toMatchObject({
      limits: [
        { account: 'alice', owed: '900', canReceive: '600' },
        { account: 'bob', owing: '-828', canSend: '72' },
      ],
    });
  });

  it('is ready when it has an address and its store answers', async () => {
    const { connector, world } = await between();
    expect(await new AdminClient(connector).json('/ready')).toEqual({
      ready: true,
      running: true,
      addressed: true,
      store: true,
    });
    const wallet = world.connector();
    await wallet.start();
    const response = await new AdminClient(wallet).ask('/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ready: false, addressed: false });
  });

  it('is described by a valid OpenAPI 3.1 document, and answers every operation as that says', async () => {
    const { world, connector, alice, bob } = await between(
      { fetch: () => Promise.resolve(new Response(null, { status: 500 })) },
      { bob: { settlement: { engineUrl: 'http://engine.example' } } },
    );
    const [near] = TestLink.pair(world.clock);
    const client = new AdminClient(connector, {
      accounts: keeperOf(connector, z.strictObject({}), (id) =>
        id === 'carol'
          ? Promise.resolve(near)
          : Promise.reject(new ConnectorError('BAD_SETTING', 'no')),
      ),
    });
    const document = await client.document();
    expect(await new Validator().validate({ ...document })).toMatchObject({
      valid: true,
    });
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    bob.answer = never;
    void alice.send({ amount: 1000n, destination: 'test.bob' });
    await world.clock.advance(1);
    await client.ask('/accounts/bob/settlements', { method: 'POST', body: { amount: '5' } });
    const account = { relation: 'child', asset: EUR, link: {} };
    for (const id of ['carol', 'dave']) {
      await client.ask('/accounts', { method: 'POST', body: { id, ...account } });
    }
    const routes = { sendRoutes: true, receiveRoutes: true };
    await client.ask('/accounts/bob', { method: 'PATCH', body: routes });
    await world.until(client.ask('/accounts/carol', { method: 'DELETE' }));
    bob.link.cut(); // the packet under way is lost
    await world.clock.advance(1);
    expect(await client.json('/lost-packets')).toMatchObject({
      lostPackets: [{ account: 'bob', amount: '920' }],
    });
    const stream = await client.ask('/events');
    await stream.body?.cancel();
    for (const [path, operations] of Object.entries(document.paths)) {
      if (path === '/events' || !('get' in operations)) continue;
      const query = path === '/routes/lookup' ? '?destination=test.bob' : '';
      expect((await client.ask(path.replace('{id}', 'alice') + query)).status).toBe(200);
    }
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const answered = new Set([...client.seen].map((each) => each.split(' ')[0]));
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
      [...answered].toSorted(),
    );
  });
});
