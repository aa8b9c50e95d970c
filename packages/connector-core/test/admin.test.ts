import { describe, expect, it } from 'vitest';
import { createAdminApi } from '../src/admin/index.js';
import type { Connector } from '../src/index.js';
import { between, fulfillAll, never } from './fixture.js';

const TOKEN = '0123456789abcdef';

function get(connector: Connector, path: string, token = TOKEN, method = 'GET'): Promise<Response> {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  return Promise.resolve(
    createAdminApi(connector, { token: TOKEN }).request(path, { method, headers }),
  );
}

describe('the admin API', () => {
  it.each(['', 'wrong', `${TOKEN}x`])(
    'refuses the token %j everywhere but at /health',
    async (token) => {
      const { connector } = await between();
      for (const path of ['/status', '/accounts', '/balances', '/routes', '/metrics', '/nowhere']) {
        const response = await get(connector, path, token);
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
      }
      expect((await get(connector, '/health', token)).status).toBe(200);
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
        'pennyswitch_fulfilled_amount_total{account="bob",direction="outgoing"} 920',
        'pennyswitch_balance{account="bob",kind="payable"} 920',
        'pennyswitch_link_up{account="alice"} 1',
        'pennyswitch_packets_in_flight 0',
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
    const api = createAdminApi(connector, { token: TOKEN });
    const settle = (body: string): Promise<Response> =>
      Promise.resolve(
        api.request('/accounts/bob/settlements', {
          method: 'POST',
          body,
          headers: { authorization: `Bearer ${TOKEN}` },
        }),
      );
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
});
