import type { SenderPolicy } from './sender-policy.js';

/** Spaces packets out for connectors that allow only so many per second. There is no spacing until one says so. */
export class Pacer {
  readonly #policy: SenderPolicy;
  #intervalMs = 0;
  #lastSentAt = -Infinity;
  #slowedAt = -Infinity;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
  }

  /** When the next packet may leave; long ago where it may leave at once. */
  get nextAt(): number {
    return this.#lastSentAt + this.#intervalMs;
  }

  handleSent(now: number): void {
    this.#lastSentAt = now;
  }

  /** T02, T03, T05: twice as slow, once for all packets that were on their way. */
  handleBusy(sentAt: number, now: number): void {
    if (sentAt <= this.#slowedAt) return;
    this.#slowedAt = now;
    const { pacingIntervalMs, maxPacingIntervalMs } = this.#policy;
    this.#intervalMs = Math.min(
      maxPacingIntervalMs,
      Math.max(pacingIntervalMs, 2 * this.#intervalMs),
    );
  }

  /** Each success makes it a little faster again. */
  handleFulfilled(): void {
    if (this.#intervalMs === 0) return;
    this.#intervalMs *= 31 / 32;
    if (this.#intervalMs < 1) this.#intervalMs = 0;
  }
}
