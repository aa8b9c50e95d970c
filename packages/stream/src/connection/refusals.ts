import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import { reactionTo } from './retry.js';
import type { SenderPolicy } from './sender-policy.js';

/**
 * Notices that the path answers, and refuses everything: one and the same temporary error to each packet of money, for so long
 * that there is no hope left. A path that is silent, busy (T02, T03, T05) or slow says no such thing.
 */
export class Refusals {
  readonly #policy: SenderPolicy;
  #code: IlpErrorCode | undefined;
  #since = -Infinity;
  /** The amount that was refused last, in source units. */
  #amount = 0n;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
  }

  /** A packet got through to the receiver. One without money says nothing about liquidity. */
  handlePassed(amount: bigint): void {
    if (amount > 0n || this.#code !== 'T04') this.#code = undefined;
  }

  /** A node on the path, and not the receiver, rejected a packet. */
  handleRejected(code: IlpErrorCode, amount: bigint, now: number): void {
    const reaction = reactionTo(code);
    if (reaction !== 'wait' && reaction !== 'liquidity') {
      this.#code = undefined;
      return;
    }
    if (code !== this.#code) {
      this.#code = code;
      this.#since = now;
    }
    this.#amount = amount;
  }

  /**
   * Whether to give up.
   * @param least the smallest amount that is of use: where liquidity lacks (T04), less may still pass.
   */
  isHopeless(least: bigint, now: number): boolean {
    if (this.#code === undefined) return false;
    if (this.#code === 'T04' && this.#amount > least) return false;
    return now >= this.#since + this.#policy.refusedTimeoutMs;
  }
}
