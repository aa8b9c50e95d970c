import type { Asset } from '../asset.js';
import { RateError } from '../errors.js';
import { inverse, multiply, ONE, parseRatio, type Decimal, type Ratio } from './ratio.js';

/**
 * Where a connector's rates come from. Asked for every packet that changes the asset, so it answers at once, from
 * memory; an answer that is the same object as before lets the connector reuse what it derived from it.
 */
export interface RateProvider {
  /**
   * How many units of `to` one unit of `from` is worth, in whole (standard) units: the scales play no part.
   * @returns undefined where there is no rate or only a stale one; such packets are rejected, nothing is guessed.
   */
  rate(from: Asset, to: Asset): Ratio | undefined;
}

/** Rates as configuration gives them; at least one of the two. */
export interface ConfiguredRates {
  /** `{ 'USD/EUR': '0.92' }`: one USD is worth 0.92 EUR. The inverse is derived; a pair given both ways keeps both. */
  readonly pairs?: Readonly<Record<string, Decimal>>;
  /** What one unit of each asset is worth in some common unit: `{ USD: '1', XRP: '0.5' }`. */
  readonly prices?: Readonly<Record<string, Decimal>>;
}

/**
 * Fixed rates. A pair goes before prices, a pair as given before the inverse of the other way; the same asset is one to one.
 * @throws {@link RateError} for a number that is no rate, or a pair that is not written `FROM/TO`.
 */
export function configuredRates(rates: ConfiguredRates): RateProvider {
  const known = new Map<string, Ratio>();
  for (const [pair, value] of Object.entries(rates.pairs ?? {})) {
    known.set(pairKey(...parsePair(pair)), parseRatio(value));
  }
  for (const pair of Object.keys(rates.pairs ?? {})) {
    const [from, to] = parsePair(pair);
    const ratio = known.get(pairKey(from, to));
    if (ratio !== undefined && !known.has(pairKey(to, from))) {
      known.set(pairKey(to, from), inverse(ratio));
    }
  }
  const prices = new Map(
    Object.entries(rates.prices ?? {}).map(([code, price]) => [code, parseRatio(price)]),
  );
  return {
    rate(from, to) {
      if (from.code === to.code) return ONE;
      const key = pairKey(from.code, to.code);
      const pair = known.get(key);
      if (pair !== undefined) return pair;
      const price = prices.get(from.code);
      const other = prices.get(to.code);
      if (price === undefined || other === undefined) return undefined;
      const derived = multiply(price, inverse(other));
      known.set(key, derived);
      return derived;
    },
  };
}

/** Rates from a function of the application; the same asset is one to one without asking it. */
export function ratesFrom(
  rate: (from: Asset, to: Asset) => Decimal | Ratio | undefined,
): RateProvider {
  return {
    rate(from, to) {
      if (from.code === to.code) return ONE;
      const value = rate(from, to);
      if (value === undefined) return undefined;
      return typeof value === 'object' && 'numerator' in value ? value : parseRatio(value);
    },
  };
}

/** Only accounts of the same asset exchange packets. */
export const sameAssetOnly: RateProvider = configuredRates({});

function parsePair(pair: string): [from: string, to: string] {
  const [from = '', to = '', ...rest] = pair.split('/');
  if (from === '' || to === '' || rest.length > 0 || from === to) {
    throw new RateError(
      'BAD_PAIR',
      `the pair ${JSON.stringify(pair)} is not written FROM/TO, such as USD/EUR`,
    );
  }
  return [from, to];
}

function pairKey(from: string, to: string): string {
  return `${from}/${to}`;
}
