import type { SenderPolicy } from './sender-policy.js';

/** So often the value is halved before it goes down in larger steps. */
const HALVINGS = 2;
/** These divide it by so much. */
const FAR = 16n;

/**
 * How much may be in flight, in packets and in value, by additive increase and multiplicative decrease. A connector that
 * lacks liquidity (T04) halves the value, one that is busy halves the packets; each answer that was on its way before the last
 * decrease is of the old window and does not count again.
 */
export class Window {
  readonly #policy: SenderPolicy;
  #packets: number;
  /** Below it the packets double with every round trip, above it they grow by one. */
  #slowStartUntil: number;
  /** Value in source units; undefined as long as nobody lacked liquidity. */
  #value: bigint | undefined;
  /** Below it the value doubles with every round trip: half of what was too much when the value was last reduced first. */
  #valueSlowStartUntil = 0n;
  /** How often the value was reduced without any packet of money getting through that left after it. */
  #reductions = 0;
  /** Packets since the value was last reduced. */
  #fulfilled = 0;
  #packetsReducedAt = -Infinity;
  #valueReducedAt = -Infinity;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
    this.#packets = policy.initialPacketsInFlight;
    this.#slowStartUntil = policy.maxPacketsInFlight;
  }

  /** How many packets may be in flight. */
  get packets(): number {
    return Math.max(1, Math.floor(this.#packets));
  }

  /** How much value may be in flight, in source units; undefined for no limit but that of the packets. */
  get value(): bigint | undefined {
    return this.#value;
  }

  /** @param sentAt when the packet was sent that came through. */
  handleFulfilled(amount: bigint, sentAt: number): void {
    const growth = this.#packets < this.#slowStartUntil ? 1 : 1 / this.#packets;
    this.#packets = Math.min(this.#policy.maxPacketsInFlight, this.#packets + growth);
    if (this.#value === undefined || amount === 0n) return;
    // What left before the last decrease came through beside what did not: that opens nothing.
    const isOfOldWindow = sentAt <= this.#valueReducedAt;
    if (!isOfOldWindow) this.#reductions = 0;
    if (this.#value < this.#valueSlowStartUntil) {
      if (!isOfOldWindow) this.#value += amount;
      return;
    }
    this.#fulfilled++;
    if (isOfOldWindow) return;
    // A sixteenth more for each window that came through, and gradually up to half when there was no trouble for long.
    const sixteenths = BigInt(Math.min(8, 1 + Math.floor(this.#fulfilled / 16)));
    const gain = (amount * sixteenths) / 16n;
    this.#value += gain === 0n ? 1n : gain;
  }

  /** T04: more than this was too much. @param inFlight what was in flight, the rejected packet included. */
  handleNoLiquidity(inFlight: bigint, sentAt: number, now: number): void {
    if (sentAt <= this.#valueReducedAt) return;
    this.#valueReducedAt = now;
    const isNear = this.#value !== undefined && this.#fulfilled > 0;
    this.#fulfilled = 0;
    this.#reductions++;
    const tooMuch = this.#value === undefined || inFlight < this.#value ? inFlight : this.#value;
    const isFar = this.#reductions > HALVINGS;
    // Close to the limit a quarter less is enough; where halves do not help either, there may be far less, or nothing.
    const value = isNear ? (tooMuch * 3n) / 4n : tooMuch / (isFar ? FAR : 2n);
    this.#value = value === 0n ? 1n : value;
    // Half of what was too much at first may pass when this is over, however little passes now.
    if (this.#reductions === 1) this.#valueSlowStartUntil = this.#value;
  }

  /** T02, T03, T05: too many packets. */
  handleBusy(sentAt: number, now: number): void {
    if (sentAt <= this.#packetsReducedAt) return;
    this.#packetsReducedAt = now;
    this.#packets = Math.max(1, this.#packets / 2);
    this.#slowStartUntil = this.#packets;
  }
}
