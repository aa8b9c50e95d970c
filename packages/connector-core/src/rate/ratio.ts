import type { BigNumber } from 'bignumber.js';
import { RateError } from '../errors.js';

/** An exact positive fraction in lowest terms. Rates are never floating-point numbers here. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** How people and configuration write a rate: a decimal number, as text or BigNumber. */
export type Decimal = string | BigNumber;

/** One to one. */
export const ONE: Ratio = { numerator: 1n, denominator: 1n };

/** Digits, and decimals if any. More than a thousand of either would only burn memory. */
const DECIMAL = /^([0-9]{1,1000})(?:\.([0-9]{1,1000}))?$/;

/**
 * The exact ratio of a decimal number above zero.
 * @throws {@link RateError} for anything else: zero, a sign, NaN, an infinity, text that is no number.
 */
export function parseRatio(value: Decimal): Ratio {
  const ratio = parseDecimal(value);
  if (ratio.numerator === 0n)
    throw new RateError('BAD_NUMBER', 'the rate is 0, it must be above 0');
  return ratio;
}

/**
 * What is left of an amount after a spread: 1 - spread, for a spread of 0 to below 1 (`'0.002'` is 0.2 percent).
 * @throws {@link RateError}
 */
export function parseSpread(value: Decimal): Ratio {
  const { numerator, denominator } = parseDecimal(value);
  if (numerator >= denominator) {
    throw new RateError('BAD_NUMBER', `the spread is ${String(value)}, it must be below 1`);
  }
  return reduce(denominator - numerator, denominator);
}

function parseDecimal(value: Decimal): Ratio {
  const text = typeof value === 'string' ? value : value.toFixed();
  const [, whole, decimals = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) {
    throw new RateError(
      'BAD_NUMBER',
      `${JSON.stringify(text.slice(0, 40))} is no decimal number such as 1.0825`,
    );
  }
  return reduce(BigInt(whole + decimals), 10n ** BigInt(decimals.length));
}

/** The product of ratios, in lowest terms. */
export function multiply(...ratios: readonly Ratio[]): Ratio {
  let numerator = 1n;
  let denominator = 1n;
  for (const ratio of ratios) {
    numerator *= ratio.numerator;
    denominator *= ratio.denominator;
  }
  return reduce(numerator, denominator);
}

/** One divided by the ratio. */
export function inverse(ratio: Ratio): Ratio {
  return { numerator: ratio.denominator, denominator: ratio.numerator };
}

/** 10^exponent, for whole exponents of either sign. */
export function powerOfTen(exponent: number): Ratio {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent >= 0
    ? { numerator: power, denominator: 1n }
    : { numerator: 1n, denominator: power };
}

/** The largest whole amount that is not above amount × ratio. */
export function multiplyFloor(amount: bigint, ratio: Ratio): bigint {
  return (amount * ratio.numerator) / ratio.denominator;
}

/** The largest amount for which {@link multiplyFloor} is at most `result`. */
export function largestWithin(result: bigint, ratio: Ratio): bigint {
  return ((result + 1n) * ratio.denominator - 1n) / ratio.numerator;
}

function reduce(numerator: bigint, denominator: bigint): Ratio {
  let a = numerator;
  let b = denominator;
  while (b !== 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
