import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../src/account/token-bucket.js';

describe('a token bucket', () => {
  it('gives a whole period at once, and no more', () => {
    const bucket = new TokenBucket(10n, 1000, 0);
    expect(bucket.take(10n, 0)).toBe(true);
    expect(bucket.take(1n, 0)).toBe(false);
  });

  it('fills up evenly, to the unit', () => {
    const bucket = new TokenBucket(10n, 1000, 0);
    bucket.take(10n, 0);
    expect(bucket.take(1n, 99)).toBe(false);
    expect(bucket.take(1n, 100)).toBe(true);
    expect(bucket.take(1n, 100)).toBe(false);
  });

  it('is never fuller than one period', () => {
    const bucket = new TokenBucket(10n, 1000, 0);
    expect(bucket.take(11n, 3_600_000)).toBe(false);
    expect(bucket.take(10n, 3_600_000)).toBe(true);
  });

  it('fills up again from where a clock was set back to', () => {
    const bucket = new TokenBucket(10n, 1000, 3_600_000);
    bucket.take(10n, 3_600_000);
    expect(bucket.take(1n, 0)).toBe(false);
    expect(bucket.take(1n, 100)).toBe(true);
    expect(bucket.take(1n, 100)).toBe(false);
  });

  it('does not count time twice for packets that come late, after others', () => {
    const bucket = new TokenBucket(10n, 1000, 10_000);
    bucket.take(10n, 10_000);
    expect(bucket.take(1n, 0)).toBe(false);
    expect(bucket.take(1n, 10_100)).toBe(true);
  });

  it('lets through at most the limit for the time that has passed, and one period', () => {
    const step = fc.record({
      amount: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      waitMs: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(
      fc.property(
        fc.array(step),
        fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 60_000 }),
        (steps, limit, periodMs) => {
          const bucket = new TokenBucket(limit, periodMs, 0);
          let now = 0;
          let passed = 0n;
          for (const { amount, waitMs } of steps) {
            now += waitMs;
            if (bucket.take(amount, now)) passed += amount;
            expect(passed * BigInt(periodMs)).toBeLessThanOrEqual(
              limit * BigInt(now) + limit * BigInt(periodMs),
            );
          }
        },
      ),
    );
  });
});
