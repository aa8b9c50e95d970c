import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { createSpspHandler } from '../src/index.js';
import { RateLimit } from '../src/rate-limit.js';

const credentials = {
  destination: parseIlpAddress('test.bob.token'),
  sharedSecret: new Uint8Array(32),
};

describe('the rate limit', () => {
  it('lets a burst pass, then so many per minute', async () => {
    const clock = new VirtualClock();
    const limit = new RateLimit({ perMinute: 60, burst: 3, clock });
    expect([1, 2, 3, 4].map(() => limit.take('192.0.2.1'))).toEqual([0, 0, 0, 1000]);
    await clock.advance(999);
    expect(limit.take('192.0.2.1')).toBe(1);
    await clock.advance(1);
    expect(limit.take('192.0.2.1')).toBe(0);
    expect(limit.take('192.0.2.2')).toBe(0);
    await clock.advance(86_400_000);
    expect([1, 2, 3, 4].map(() => limit.take('192.0.2.1') === 0)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff', true],
    ['2001:DB8:0:1::', '2001:0db8:0000:0001::2', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['fe80::1%eth0', 'fe80::2', true],
  ])('counts %s and %s as one: %s', (a, b, isOne) => {
    const limit = new RateLimit({ burst: 1, clock: new VirtualClock() });
    limit.take(a);
    expect(limit.take(b) > 0).toBe(isOne);
  });

  it('keeps a bounded number of addresses in a flood from all over', () => {
    const limit = new RateLimit({ maxAddresses: 100, clock: new VirtualClock() });
    for (let i = 0; i < 10_000; i++) limit.take(`10.0.${i >> 8}.${i & 255}`);
    expect(limit.size).toBe(100);
  });

  it('answers 429 with Retry-After before anything else is done', async () => {
    let answers = 0;
    const handle = createSpspHandler({
      answer: () => {
        answers += 1;
        return { credentials };
      },
      rateLimit: { perMinute: 30, burst: 2, clock: new VirtualClock() },
    });
    const ask = (clientAddress?: string) =>
      handle(new Request('https://wallet.example/bob'), { clientAddress });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask('192.0.2.1')).status);
    expect([statuses, answers]).toEqual([[200, 200, 429], 2]);
    const refused = await ask('192.0.2.1');
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toEqual({
      id: 'TooManyRequestsError',
      message: 'Ask again in 2 seconds',
    });
    expect((await ask('192.0.2.9')).status).toBe(200);
    expect((await ask()).status).toBe(200);
  });

  it('refuses to limit nothing', () => {
    for (const options of [{ perMinute: 0 }, { burst: 0 }, { maxAddresses: 0 }, { burst: NaN }]) {
      expect(() => new RateLimit(options)).toThrow(RangeError);
    }
  });
});
