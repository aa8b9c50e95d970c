import { BigNumber } from 'bignumber.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  configuredRates,
  Conversions,
  largestWithin,
  multiplyFloor,
  parseRatio,
  parseSpread,
  ratesFrom,
} from '../src/index.js';

const USD = { code: 'USD', scale: 6 };
const EUR = { code: 'EUR', scale: 6 };
const XRP = { code: 'XRP', scale: 9 };

/** A decimal above zero as people write it. */
const decimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10n ** 12n - 1n }))
  .map(([whole, decimals]) => `${whole}.${String(decimals).padStart(12, '0')}`);

describe('a ratio', () => {
  it('is exactly the decimal it was written as', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        const { numerator, denominator } = parseRatio(text);
        // The product back to 12 decimals must be the same digits.
        expect((numerator * 10n ** 12n) / denominator).toBe(BigInt(text.replace('.', '')));
        expect((numerator * 10n ** 12n) % denominator).toBe(0n);
      }),
    );
  });

  it('keeps what a floating-point number would lose', () => {
    expect(parseRatio('0.1')).toEqual({ numerator: 1n, denominator: 10n });
    expect(parseRatio(new BigNumber('1e-18'))).toEqual({ numerator: 1n, denominator: 10n ** 18n });
    expect(parseRatio('12345678901234567890.123')).toEqual({
      numerator: 12345678901234567890123n,
      denominator: 1000n,
    });
  });

  it.each(['0', '-1', 'NaN', 'Infinity', '', 'one', '1e2000', '1,5'])(
    'is not made of %j',
    (text) => {
      expect(() => parseRatio(text)).toThrow(expect.objectContaining({ code: 'BAD_NUMBER' }));
    },
  );

  it('rounds down by less than one unit, in the favour of whoever converts', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), decimal, (amount, text) => {
        const ratio = parseRatio(text);
        const result = multiplyFloor(amount, ratio);
        expect(result * ratio.denominator).toBeLessThanOrEqual(amount * ratio.numerator);
        expect((result + 1n) * ratio.denominator).toBeGreaterThan(amount * ratio.numerator);
      }),
    );
  });

  it.each([
    [5n, '1', 5n],
    [5n, '2', 2n],
    [6n, '2', 3n],
    [5n, '0.5', 11n],
  ])('finds for a limit of %s at %s the amount %s', (limit, ratio, amount) => {
    expect(largestWithin(limit, parseRatio(ratio))).toBe(amount);
  });

  it('knows the largest amount that stays within a limit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), decimal, (limit, text) => {
        const ratio = parseRatio(text);
        const largest = largestWithin(limit, ratio);
        expect(multiplyFloor(largest, ratio)).toBeLessThanOrEqual(limit);
        expect(multiplyFloor(largest + 1n, ratio)).toBeGreaterThan(limit);
      }),
    );
  });
});

describe('configured rates', () => {
  const rates = configuredRates({
    pairs: { 'USD/EUR': '0.92' },
    prices: { EUR: '1', XRP: '0.5', BTC: '60000' },
  });

  it('derive the inverse of a pair exactly', () => {
    expect(rates.rate(EUR, USD)).toEqual({ numerator: 25n, denominator: 23n });
  });

  it('derive a pair from two prices', () => {
    expect(rates.rate(EUR, XRP)).toEqual({ numerator: 2n, denominator: 1n });
    expect(rates.rate(XRP, EUR)).toEqual({ numerator: 1n, denominator: 2n });
  });

  it('are one to one for the same asset, whatever the scales', () => {
    expect(rates.rate(USD, { code: 'USD', scale: 2 })).toEqual({ numerator: 1n, denominator: 1n });
  });

  it('have no answer for an asset that they do not know', () => {
    expect(rates.rate(USD, { code: 'ZAR', scale: 2 })).toBeUndefined();
  });

  it('keep both ways of a pair that is given both ways', () => {
    const both = configuredRates({ pairs: { 'USD/EUR': '0.9', 'EUR/USD': '1.1' } });
    expect(both.rate(EUR, USD)).toEqual({ numerator: 11n, denominator: 10n });
  });

  it.each(['USDEUR', 'USD/EUR/XRP', '/EUR', 'USD/USD'])('refuse the pair %j', (pair) => {
    expect(() => configuredRates({ pairs: { [pair]: '1' } })).toThrow(
      expect.objectContaining({ code: 'BAD_PAIR' }),
    );
  });
});

describe('a conversion', () => {
  it('is one ratio of rate, spread and scales, rounded once', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        fc.integer({ min: 0, max: 18 }),
        fc.integer({ min: 0, max: 18 }),
        fc.integer({ min: 0, max: 9999 }),
        (amount, fromScale, toScale, spreadTenThousandths) => {
          const from = { code: 'USD', scale: fromScale };
          const to = { code: 'EUR', scale: toScale };
          const spread = `0.${String(spreadTenThousandths).padStart(4, '0')}`;
          const conversions = new Conversions(
            configuredRates({ pairs: { 'USD/EUR': '0.92' } }),
            spread,
          );
          const ratio = conversions.find(from, to)!;
          const numerator =
            amount * 92n * BigInt(10_000 - spreadTenThousandths) * 10n ** BigInt(toScale);
          const denominator = 100n * 10_000n * 10n ** BigInt(fromScale);
          expect(multiplyFloor(amount, ratio)).toBe(numerator / denominator);
        },
      ),
    );
  });

  it('follows a rate that changes', () => {
    let rate = '2';
    const conversions = new Conversions(ratesFrom(() => rate));
    expect(conversions.find(USD, EUR)).toEqual({ numerator: 2n, denominator: 1n });
    rate = '3';
    expect(conversions.find(USD, EUR)).toEqual({ numerator: 3n, denominator: 1n });
  });

  it('follows a spread that changes', () => {
    let spread = '0.5';
    const conversions = new Conversions(
      configuredRates({ pairs: { 'USD/EUR': '1' } }),
      () => spread,
    );
    expect(conversions.find(USD, EUR)).toEqual({ numerator: 1n, denominator: 2n });
    spread = '0';
    expect(conversions.find(USD, EUR)).toEqual({ numerator: 1n, denominator: 1n });
  });

  it('is derived once as long as nothing changes', () => {
    const conversions = new Conversions(configuredRates({ pairs: { 'USD/EUR': '0.92' } }), '0.01');
    expect(conversions.find(USD, EUR)).toBe(conversions.find(USD, EUR));
  });

  it('may keep another spread for each pair', () => {
    const conversions = new Conversions(
      ratesFrom(() => '1'),
      (from) => (from.code === 'USD' ? '0.5' : '0'),
    );
    expect(conversions.find(USD, EUR)).toEqual({ numerator: 1n, denominator: 2n });
    expect(conversions.find(EUR, USD)).toEqual({ numerator: 1n, denominator: 1n });
  });

  it.each(['1', '1.5', '-0.1', 'much'])('refuses a spread of %j', (spread) => {
    expect(() => parseSpread(spread)).toThrow(expect.objectContaining({ code: 'BAD_NUMBER' }));
  });
});
