import { floorTimes, ceilTimes, isLess, simplestBetween, type Ratio } from '../ratio.js';

/** What one packet showed. */
interface Observation {
  readonly low: Ratio;
  readonly high: Ratio;
  readonly amount: bigint;
}

/**
 * The rate of the path, in destination units per source unit, as exact bounds: of `amount` sent arrives a whole number, so the
 * rate lies from `arrived / amount` (included) to `(arrived + 1) / amount` (not included). Each packet narrows the bounds; one
 * that contradicts them shows that the rate has changed.
 */
export class RateTracker {
  #low: Ratio | undefined;
  #high: Ratio | undefined;
  #basis = 0n;
  #likely: Ratio | undefined;

  /** Takes in that so much arrived, as the receiver says. */
  observe(amount: bigint, arrived: bigint): void {
    if (amount === 0n) return;
    const observation = {
      low: { numerator: arrived, denominator: amount },
      high: { numerator: arrived + 1n, denominator: amount },
      amount,
    };
    if (this.#low === undefined || this.#high === undefined) this.#restart(observation);
    else if (isLess(observation.low, this.#high) && isLess(this.#low, observation.high)) {
      if (isLess(this.#low, observation.low)) this.#low = observation.low;
      if (isLess(observation.high, this.#high)) this.#high = observation.high;
      if (amount > this.#basis) this.#basis = amount;
    } else if (amount >= this.#basis / 4n) {
      // Small packets lose more to rounding at every hop: they say nothing against what larger ones have shown.
      this.#restart(observation);
    }
  }

  /** The largest packet that the bounds rest on, in source units. */
  get basis(): bigint {
    return this.#basis;
  }

  /** Both bounds; undefined until something arrived. */
  get bounds(): { readonly low: Ratio; readonly high: Ratio } | undefined {
    return this.#low === undefined || this.#high === undefined || this.#low.numerator === 0n
      ? undefined
      : { low: this.#low, high: this.#high };
  }

  /** What of an amount should arrive at least; 0 as long as no rate is known. */
  lowEstimate(amount: bigint): bigint {
    return this.#low === undefined ? 0n : floorTimes(amount, this.#low);
  }

  /** What of an amount arrives at most; undefined as long as no rate is known. */
  highEstimate(amount: bigint): bigint | undefined {
    return this.#high === undefined ? undefined : ceilTimes(amount, this.#high);
  }

  /** The simplest rate within the bounds: most probably the one that was configured. */
  get likely(): Ratio | undefined {
    const { bounds } = this;
    if (bounds === undefined) return undefined;
    if (
      this.#likely === undefined ||
      isLess(this.#likely, bounds.low) ||
      !isLess(this.#likely, bounds.high)
    ) {
      this.#likely = simplestBetween(bounds.low, bounds.high);
    }
    return this.#likely;
  }

  #restart({ low, high, amount }: Observation): void {
    this.#low = low;
    this.#high = high;
    this.#basis = amount;
  }
}
