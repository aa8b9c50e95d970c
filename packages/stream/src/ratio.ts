/** An exact number: `numerator / denominator`, neither negative, the denominator not 0. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What stands for a number in options: a ratio, a whole number, or a decimal text such as `0.01`. Never a float. */
export type RatioLike = Ratio | bigint | string;

const DECIMAL = /^(\d{1,60})(?:\.(\d{1,60}))?$/;

/**
 * The ratio that an option stands for, in lowest terms.
 * @throws RangeError for a text that is no decimal number of 0 or more, a negative number, or a denominator that is not above 0.
 */
export function toRatio(value: RatioLike): Ratio {
  if (typeof value === 'string') {
    const match = DECIMAL.exec(value);
    if (match === null) {
      throw new RangeError(`${JSON.stringify(value)} is no decimal number such as "1" or "0.01"`);
    }
    const fraction = match[2] ?? '';
    return reduce(BigInt(`${match[1] ?? ''}${fraction}`), 10n ** BigInt(fraction.length));
  }
  const { numerator, denominator } =
    typeof value === 'bigint' ? { numerator: value, denominator: 1n } : value;
  if (numerator < 0n || denominator <= 0n) {
    throw new RangeError(`${numerator}/${denominator} is negative or has no denominator`);
  }
  return reduce(numerator, denominator);
}

function reduce(numerator: bigint, denominator: bigint): Ratio {
  let a = numerator;
  let b = denominator;
  while (b !== 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}

/** The product, in lowest terms. */
export function multiply(a: Ratio, b: Ratio): Ratio {
  return reduce(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** `a / b`, in lowest terms. `b` may not be 0. */
export function divide(a: Ratio, b: Ratio): Ratio {
  return reduce(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** `1 - value` for a value of at most 1. */
export function complement({ numerator, denominator }: Ratio): Ratio {
  return { numerator: denominator - numerator, denominator };
}

/** 10 to the power of `exponent`, which may be negative. */
export function powerOfTen(exponent: number): Ratio {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0
    ? { numerator: 1n, denominator: power }
    : { numerator: power, denominator: 1n };
}

/** Whether `a` is less than `b`. */
export function isLess(a: Ratio, b: Ratio): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}

/** `amount * ratio`, rounded down: what may be promised. */
export function floorTimes(amount: bigint, { numerator, denominator }: Ratio): bigint {
  return (amount * numerator) / denominator;
}

/** `amount * ratio`, rounded up: what must be demanded, or may at most arrive. */
export function ceilTimes(amount: bigint, { numerator, denominator }: Ratio): bigint {
  return ceilDivide(amount * numerator, denominator);
}

/** `amount / ratio`, rounded up: the least source amount that gives `amount`. The ratio may not be 0. */
export function ceilOver(amount: bigint, { numerator, denominator }: Ratio): bigint {
  return ceilDivide(amount * denominator, numerator);
}

/** `a / b` of whole numbers, rounded up. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/**
 * The number with the least denominator among those from `low` (included) to `high` (not included): where a rate is only
 * known within bounds, this is most probably the one that somebody configured.
 */
export function simplestBetween(low: Ratio, high: Ratio): Ratio {
  const whole = ceilDivide(low.numerator, low.denominator);
  if (isLess({ numerator: whole, denominator: 1n }, high)) {
    return { numerator: whole, denominator: 1n };
  }
  // No whole number lies between them, so both have the same whole part: look at what is behind the point, turned over.
  const part = low.numerator / low.denominator;
  const above = {
    numerator: high.numerator - part * high.denominator,
    denominator: high.denominator,
  };
  const below = { numerator: low.numerator - part * low.denominator, denominator: low.denominator };
  const inner = simplestAbove(
    { numerator: above.denominator, denominator: above.numerator },
    { numerator: below.denominator, denominator: below.numerator },
  );
  return {
    numerator: part * inner.numerator + inner.denominator,
    denominator: inner.numerator,
  };
}

/** The same with `low` not included and `high` included. */
function simplestAbove(low: Ratio, high: Ratio): Ratio {
  const whole = low.numerator / low.denominator + 1n;
  if (!isLess(high, { numerator: whole, denominator: 1n })) {
    return { numerator: whole, denominator: 1n };
  }
  const part = whole - 1n;
  const inner = simplestBetween(
    { numerator: high.denominator, denominator: high.numerator - part * high.denominator },
    {
      numerator: low.denominator,
      denominator: low.numerator - part * low.denominator,
    },
  );
  return {
    numerator: part * inner.numerator + inner.denominator,
    denominator: inner.numerator,
  };
}
