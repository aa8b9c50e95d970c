import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ceilOver,
  ceilTimes,
  floorTimes,
  isLess,
  simplestBetween,
  toRatio,
  type Ratio,
} from '../../src/ratio.js';

const ratio = (numerator: bigint, denominator: bigint): Ratio => ({ numerator, denominator });
const amounts = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const ratios = fc.tuple(
  fc.bigInt({ min: 1n, max: 10n ** 12n }),
  fc.bigInt({ min: 1n, max: 10n ** 12n }),
);

describe('a ratio', () => {
  it('is read exactly from a decimal text, a whole number or a ratio', () => {
    expect(toRatio('0.01')).toEqual(ratio(1n, 100n));
    expect(toRatio('1.50')).toEqual(ratio(3n, 2n));
    expect(toRatio(7n)).toEqual(ratio(7n, 1n));
    expect(toRatio(ratio(6n, 4n))).toEqual(ratio(3n, 2n));
    expect(toRatio('0')).toEqual(ratio(0n, 1n));
  });

  it.each(['', '.5', '5.', '-1', '1e-2', '1,5', ' 1', 'NaN', '0x1', '1'.repeat(61)])(
    'is not read from %j',
    (text) => expect(() => toRatio(text)).toThrow(RangeError),
  );

  it('is neither negative nor without a denominator', () => {
    expect(() => toRatio(-1n)).toThrow(RangeError);
    expect(() => toRatio(ratio(1n, 0n))).toThrow(RangeError);
  });

  it('rounds products down where it promises, up where it demands, by less than one', () => {
    fc.assert(
      fc.property(amounts, ratios, (amount, [n, d]) => {
        const down = floorTimes(amount, ratio(n, d));
        const up = ceilTimes(amount, ratio(n, d));
        expect(down * d <= amount * n && amount * n < (down + 1n) * d).toBe(true);
        expect(up * d >= amount * n && (up === 0n || (up - 1n) * d < amount * n)).toBe(true);
      }),
    );
  });

  it('finds the least source amount that delivers an amount', () => {
    fc.assert(
      fc.property(amounts, ratios, (amount, [n, d]) => {
        const source = ceilOver(amount, ratio(n, d));
        expect(floorTimes(source, ratio(n, d))).toBeGreaterThanOrEqual(amount);
        if (source > 0n) expect(floorTimes(source - 1n, ratio(n, d))).toBeLessThan(amount);
      }),
    );
  });
});

describe('the simplest ratio between two others', () => {
  it('is the one that was configured, where an observation leaves room for it', () => {
    const observed = (amount: bigint, arrived: bigint): Ratio =>
      simplestBetween(ratio(arrived, amount), ratio(arrived + 1n, amount));
    expect(observed(9_999n, 4_285n)).toEqual(ratio(3n, 7n));
    expect(observed(123_457n, 123_457n)).toEqual(ratio(1n, 1n));
    expect(observed(12_345n, 12n)).toEqual(ratio(1n, 950n));
    expect(observed(1_000n, 1_838_160n)).toEqual(ratio(45_954n, 25n));
  });

  it('lies within the bounds, and no ratio with a smaller denominator does', () => {
    const small = fc.bigInt({ min: 1n, max: 60n });
    fc.assert(
      fc.property(small, small, small, small, (a, b, c, d) => {
        const [low, high] = isLess(ratio(a, b), ratio(c, d))
          ? [ratio(a, b), ratio(c, d)]
          : [ratio(c, d), ratio(a, b)];
        if (!isLess(low, high)) return;
        const found = simplestBetween(low, high);
        expect(isLess(found, low)).toBe(false);
        expect(isLess(found, high)).toBe(true);
        for (let denominator = 1n; denominator < found.denominator; denominator++) {
          const numerator = ceilTimes(denominator, low);
          expect(isLess(ratio(numerator, denominator), high)).toBe(false);
        }
      }),
    );
  });
});
