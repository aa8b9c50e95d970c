import { isSameAsset, type Asset } from '../asset.js';
import {
  complement,
  divide,
  isLess,
  multiply,
  powerOfTen,
  toRatio,
  type Ratio,
  type RatioLike,
} from '../ratio.js';
import { nameOf } from './failure.js';
import { PaymentError } from './payment-error.js';

/**
 * What one whole unit (scale 0) of each asset is worth, by asset code, all in one common measure: for example
 * `{ USD: '1', XRP: '0.5234' }`. From a source that the connectors on the path do not control.
 */
export type Prices = Readonly<Record<string, RatioLike>>;

const ONE: Ratio = { numerator: 1n, denominator: 1n };

/** Reads a slippage: 0 (none) up to, but not including, 1. @throws {@link PaymentError} `INVALID_AMOUNT` */
export function readSlippage(slippage: RatioLike): Ratio {
  const ratio = readRatio(slippage, 'slippage');
  if (!isLess(ratio, ONE)) {
    throw new PaymentError('INVALID_AMOUNT', 'slippage must be below 1 (100 %)');
  }
  return ratio;
}

/**
 * How many destination units a source unit is worth by these prices.
 * @throws {@link PaymentError} `PRICE_UNKNOWN`, `INVALID_AMOUNT`
 */
export function rateFromPrices(prices: Prices, source: Asset, destination: Asset): Ratio {
  const scale = powerOfTen(destination.scale - source.scale);
  if (isSameAsset({ ...source, scale: 0 }, { ...destination, scale: 0 })) return scale;
  return multiply(divide(priceOf(prices, source), priceOf(prices, destination)), scale);
}

/** A rate that is worse by the slippage. */
export function lessSlippage(rate: Ratio, slippage: Ratio): Ratio {
  return multiply(rate, complement(slippage));
}

function priceOf(prices: Prices, asset: Asset): Ratio {
  const price = Object.hasOwn(prices, asset.code) ? prices[asset.code] : undefined;
  if (price === undefined) {
    throw new PaymentError('PRICE_UNKNOWN', `no price is given for ${nameOf(asset)}`);
  }
  const ratio = readRatio(price, `the price of ${asset.code}`);
  if (ratio.numerator === 0n) {
    throw new PaymentError('INVALID_AMOUNT', `the price of ${asset.code} must be above 0`);
  }
  return ratio;
}

function readRatio(value: RatioLike, what: string): Ratio {
  try {
    return toRatio(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PaymentError('INVALID_AMOUNT', `${what}: ${error.message}`, { cause: error });
  }
}
