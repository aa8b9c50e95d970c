/** Packets that had to wait come with an earlier time than others, but not with one as early as this, in milliseconds. */
const CLOCK_SET_BACK_MS = 60_000;

/**
 * Lets at most `limit` pass per period, a burst of `limit` included. Counts in units of 1 / periodMs, so that it is
 * exact for amounts of any size without fractions.
 */
export class TokenBucket {
  readonly #perMs: bigint;
  readonly #capacity: bigint;
  readonly #periodMs: bigint;
  #tokens: bigint;
  #refilledAt: number;

  /** @param now milliseconds since 1970. */
  constructor(limit: bigint, periodMs: number, now: number) {
    this.#perMs = limit;
    this.#periodMs = BigInt(periodMs);
    this.#capacity = limit * this.#periodMs;
    this.#tokens = this.#capacity;
    this.#refilledAt = now;
  }

  /** Takes `amount` if it is there. @returns whether it was. */
  take(amount: bigint, now: number): boolean {
    const elapsed = Math.floor(now - this.#refilledAt);
    if (elapsed > 0) {
      const tokens = this.#tokens + BigInt(elapsed) * this.#perMs;
      this.#tokens = tokens > this.#capacity ? this.#capacity : tokens;
      this.#refilledAt += elapsed;
    } else if (elapsed < -CLOCK_SET_BACK_MS) {
      // Or nothing would pass until the clock is again where it was.
      this.#refilledAt = now;
    }
    const cost = amount * this.#periodMs;
    if (cost > this.#tokens) return false;
    this.#tokens -= cost;
    return true;
  }
}
