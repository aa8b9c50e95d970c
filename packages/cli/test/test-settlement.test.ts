import { describe, expect, it, vi } from 'vitest';
import type { TestSettlementConfig } from '../src/test-settlement/config.js';
import { TestSettlement } from '../src/test-settlement/engine.js';
import { toScale } from '../src/test-settlement/quantity.js';

const config: TestSettlementConfig = {
  listen: { host: '127.0.0.1', port: 0 },
  parties: {
    a: { accounting: 'http://a.invalid', accountingToken: 'to-a', engineToken: 'from-a' },
    b: { accounting: 'http://b.invalid', accountingToken: 'to-b', engineToken: 'from-b' },
  },
  channels: [
    {
      asset: { code: 'EUR', scale: 6 },
      ends: [
        { party: 'a', account: 'bob' },
        { party: 'b', account: 'alice' },
      ],
    },
  ],
};

/** A system whose credits end up in a list instead of on the network. */
function start(answer: () => Response = () => new Response(null, { status: 201 })) {
  const credits: {
    url: string;
    key: string | null;
    authorization: string | null;
    body: unknown;
  }[] = [];
  vi.stubGlobal('fetch', (url: string, init: { headers: Record<string, string>; body: string }) => {
    const headers = new Headers(init.headers);
    credits.push({
      url,
      key: headers.get('idempotency-key'),
      authorization: headers.get('authorization'),
      body: JSON.parse(init.body),
    });
    return Promise.resolve(answer());
  });
  return { system: new TestSettlement(config, () => undefined), credits };
}

function post(path: string, token: string, body: unknown, key?: string): [string, RequestInit] {
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
  };
  if (key !== undefined) headers['idempotency-key'] = key;
  return [path, { method: 'POST', headers, body: JSON.stringify(body) }];
}

const settle = '/a/accounts/bob/settlements';

async function open(system: TestSettlement): Promise<void> {
  expect((await system.app.request(...post('/a/accounts', 'from-a', { id: 'bob' }))).status).toBe(
    201,
  );
}

describe('the test settlement system (RFC 0038)', () => {
  it('moves a settlement in its books and tells the other side once', async () => {
    const { system, credits } = start();
    await open(system);
    const request = post(settle, 'from-a', { amount: '250', scale: 6 }, 'key-1');
    expect((await system.app.request(...request)).status).toBe(201);
    expect(system.books.snapshot()).toEqual({ 'EUR/6': { a: '-250', b: '250' } });
    await system.close();
    expect(credits).toEqual([
      {
        url: 'http://b.invalid/accounts/alice/settlements',
        key: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        authorization: 'Bearer to-b',
        body: { amount: '250', scale: 6 },
      },
    ]);
  });

  it('answers a repeated Idempotency-Key without settling again, and 409 for another quantity', async () => {
    const { system, credits } = start();
    await open(system);
    const body = { amount: '250', scale: 6 };
    await system.app.request(...post(settle, 'from-a', body, 'key-1'));
    expect((await system.app.request(...post(settle, 'from-a', body, 'key-1'))).status).toBe(201);
    const other = post(settle, 'from-a', { amount: '251', scale: 6 }, 'key-1');
    expect((await system.app.request(...other)).status).toBe(409);
    expect(system.books.balance('EUR/6', 'b')).toBe(250n);
    await system.close();
    expect(credits).toHaveLength(1);
  });

  it('repeats a credit with the same key until it is acknowledged', async () => {
    const answers = [503, 500, 201];
    const { system, credits } = start(() => new Response(null, { status: answers.shift() ?? 201 }));
    await open(system);
    vi.useFakeTimers();
    await system.app.request(...post(settle, 'from-a', { amount: '1', scale: 6 }, 'key-1'));
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(credits).toHaveLength(3);
    expect(new Set(credits.map(({ key }) => key)).size).toBe(1);
    await system.close();
  });

  it('keeps what is too small for a unit and settles it with the next (Scale conversions)', async () => {
    const { system } = start();
    await open(system);
    for (const key of ['1', '2', '3']) {
      await system.app.request(...post(settle, 'from-a', { amount: '4', scale: 7 }, key));
    }
    expect(system.books.balance('EUR/6', 'b')).toBe(1n);
    expect(toScale({ amount: '12', scale: 7 }, 6, 0n).amount).toBe(1n);
    await system.close();
  });

  it('refuses a wrong token, an account that is not set up, a missing key and a bad quantity', async () => {
    const { system } = start();
    const body = { amount: '1', scale: 6 };
    expect((await system.app.request(...post(settle, 'from-a', body, 'k'))).status).toBe(404);
    await open(system);
    expect((await system.app.request(...post(settle, 'from-b', body, 'k'))).status).toBe(401);
    expect((await system.app.request(...post(settle, 'from-a', body))).status).toBe(400);
    for (const amount of ['-1', '1.5', '', '007', 5]) {
      const request = post(settle, 'from-a', { amount, scale: 6 }, 'k');
      expect((await system.app.request(...request)).status).toBe(400);
    }
    expect(system.books.snapshot()).toEqual({});
  });
});
