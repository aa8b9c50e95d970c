import { ilpErrorClass, type IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { SenderPolicy } from './sender-policy.js';

/**
 * What a sender does about a Reject:
 * - `stop`: nothing will change by trying again;
 * - `smaller`: the packet is too large for a connector;
 * - `receiver`: the receiver itself said no, its reply says why (too little arrived, its limit is reached, it closed);
 * - `liquidity`: less value in flight, and wait;
 * - `slower`: fewer packets, and wait;
 * - `wait`: try the same again later;
 * - `more-time`: the packet needs a later expiry;
 * - `larger`: the amount rounds to nothing on the way.
 */
export type Reaction =
  'stop' | 'smaller' | 'receiver' | 'liquidity' | 'slower' | 'wait' | 'more-time' | 'larger';

/** By code of RFC 0027; codes that are not here go by their class. F04 is what some receivers say instead of F99. */
const REACTIONS: Readonly<Partial<Record<IlpErrorCode, Reaction>>> = {
  F04: 'receiver',
  F08: 'smaller',
  F99: 'receiver',
  T02: 'slower',
  T03: 'slower',
  T04: 'liquidity',
  T05: 'slower',
  R00: 'more-time',
  R01: 'larger',
  R02: 'more-time',
};

/** What to do about a Reject with this code. */
export function reactionTo(code: IlpErrorCode): Reaction {
  return REACTIONS[code] ?? (ilpErrorClass(code) === 'final' ? 'stop' : 'wait');
}

/** Waits longer with every failure, and not at all after a success. */
export class RetryDelay {
  readonly #policy: SenderPolicy;
  #delayMs = 0;
  #until = -Infinity;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
  }

  /** Before this moment nothing should be sent; long ago where nothing failed. */
  get until(): number {
    return this.#until;
  }

  /** While packets fail only one leaves per wait, to see whether it still does. */
  handleSent(now: number): void {
    if (this.#delayMs > 0) this.#until = now + this.#delayMs;
  }

  /**
   * A packet that was sent before the present wait began does not make it longer.
   * @param maxDelayMs the longest wait, if not that of the policy.
   */
  handleFailure(
    sentAt: number,
    now: number,
    maxDelayMs: number = this.#policy.maxRetryDelayMs,
  ): void {
    if (sentAt < this.#until - this.#delayMs) return;
    this.#delayMs = Math.min(maxDelayMs, Math.max(this.#policy.retryDelayMs, 2 * this.#delayMs));
    this.#until = now + this.#delayMs;
  }

  handleSuccess(): void {
    this.#delayMs = 0;
    this.#until = -Infinity;
  }
}
