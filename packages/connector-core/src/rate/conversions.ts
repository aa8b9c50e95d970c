import type { Asset } from '../asset.js';
import type { RateProvider } from './rate-provider.js';
import { multiply, parseSpread, powerOfTen, type Decimal, type Ratio } from './ratio.js';

/** What a connector keeps of each conversion: one number for all, or one per pair of assets. */
export type Spread = Decimal | ((from: Asset, to: Asset) => Decimal);

interface Derived {
  readonly rate: Ratio;
  readonly keep: Ratio;
  readonly ratio: Ratio;
}

/**
 * The ratio that a packet's amount is multiplied with between two accounts: rate × (1 - spread) × 10^(to - from) as one
 * fraction, so that rounding happens once, downwards. The spread applies between accounts of the same asset too.
 */
export class Conversions {
  readonly #rates: RateProvider;
  readonly #keep: (from: Asset, to: Asset) => Ratio;
  /** By the accounts' asset objects, which live as long as the accounts do. */
  readonly #derived = new WeakMap<Asset, WeakMap<Asset, Derived>>();

  /** @throws {@link RateError} for a spread that is not from 0 to below 1. */
  constructor(rates: RateProvider, spread: Spread = '0') {
    this.#rates = rates;
    if (typeof spread === 'function') {
      this.#keep = cachedSpread(spread);
    } else {
      const keep = parseSpread(spread);
      this.#keep = () => keep;
    }
  }

  /** What one whole unit of `from` is worth in whole units of `to`, before the spread and after it; undefined without rate. */
  explain(from: Asset, to: Asset): { readonly rate: Ratio; readonly net: Ratio } | undefined {
    const rate = this.#rates.rate(from, to);
    return rate && { rate, net: multiply(rate, this.#keep(from, to)) };
  }

  /** The exact ratio from units of one account to units of another, or undefined where there is no rate. */
  find(from: Asset, to: Asset): Ratio | undefined {
    const rate = this.#rates.rate(from, to);
    if (rate === undefined) return undefined;
    const keep = this.#keep(from, to);
    let byTarget = this.#derived.get(from);
    const known = byTarget?.get(to);
    if (known?.rate === rate && known.keep === keep) return known.ratio;
    const ratio = multiply(rate, keep, powerOfTen(to.scale - from.scale));
    if (byTarget === undefined) this.#derived.set(from, (byTarget = new WeakMap()));
    byTarget.set(to, { rate, keep, ratio });
    return ratio;
  }
}

/** The same text gives the same ratio object, so that {@link Conversions} can compare by identity. */
function cachedSpread(
  spread: (from: Asset, to: Asset) => Decimal,
): (from: Asset, to: Asset) => Ratio {
  const parsed = new Map<string, Ratio>();
  return (from, to) => {
    const value = spread(from, to);
    const text = String(value);
    let keep = parsed.get(text);
    if (keep === undefined) {
      keep = parseSpread(value);
      if (parsed.size > 1000) parsed.clear();
      parsed.set(text, keep);
    }
    return keep;
  };
}
