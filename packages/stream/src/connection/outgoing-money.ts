import { ceilDivide, ceilOver, floorTimes, type Ratio } from '../ratio.js';
import type { RateTracker } from './rate-tracker.js';

/** A part of a packet's money that one stream has put in. Source units and, as far as it can be reckoned, what arrives. */
export interface MoneyPart {
  readonly account: OutgoingMoney;
  readonly amount: bigint;
  readonly expected: bigint;
}

/** How much money is to be sent on a stream. */
export interface MoneyOrder {
  /** The most to spend in total, in source units. */
  readonly sendMax: bigint;
  /** Spend no more than it takes until so much has arrived in total, in units of the other endpoint; undefined: spend all. */
  readonly deliver: bigint | undefined;
}

/**
 * The money that one stream sends. Each unit is in one place at any time: sent (its packet was fulfilled), held (in flight) or
 * unknown (its packet got no reply: it may have been paid, so it is not sent again).
 */
export class OutgoingMoney {
  #order: MoneyOrder = { sendMax: 0n, deliver: undefined };
  #sent = 0n;
  #held = 0n;
  #unknown = 0n;
  #delivered = 0n;
  /** What may arrive of what is held or unknown. */
  #expected = 0n;
  #receiveMax: bigint | undefined;
  #totalReceived = 0n;
  /** Once more arrived than was reckoned, the highest possible rate decides about the room that is left. */
  #isCautious = false;

  get order(): MoneyOrder {
    return this.#order;
  }

  /** Proved by fulfillments, in source units. */
  get sent(): bigint {
    return this.#sent;
  }

  /** In flight. */
  get held(): bigint {
    return this.#held;
  }

  /** Not answered: paid or not. */
  get unknown(): bigint {
    return this.#unknown;
  }

  /** What has arrived of {@link sent}: as the other endpoint says, and the promised minimum where its word got lost. */
  get delivered(): bigint {
    return this.#delivered;
  }

  /** The most that the other endpoint takes in total; undefined as long as it has not said. */
  get receiveMax(): bigint | undefined {
    return this.#receiveMax;
  }

  /** What the other endpoint says it has received. */
  get totalReceived(): bigint {
    return this.#totalReceived;
  }

  set(order: MoneyOrder): void {
    this.#order = order;
  }

  /** Nothing more leaves, even where a packet in flight turns out to be rejected. */
  stop(): void {
    this.#order = { sendMax: this.#sent, deliver: undefined };
  }

  /** How much is still to be sent, in source units, whatever the other endpoint takes. */
  wanted(rate: Ratio | undefined): bigint {
    const { sendMax, deliver } = this.#order;
    const left = sendMax - this.#sent - this.#held - this.#unknown;
    if (left <= 0n) return 0n;
    if (deliver === undefined) return left;
    const missing = deliver - this.#delivered - this.#expected;
    if (missing <= 0n) return 0n;
    if (rate === undefined) return left;
    const needed = ceilOver(missing, rate);
    return needed < left ? needed : left;
  }

  /** The most that may leave now without exceeding what the other endpoint takes; undefined for no limit. */
  allowed(rate: RateTracker, fallback: Ratio | undefined): bigint | undefined {
    if (this.#receiveMax === undefined) return undefined;
    const left = this.#receiveMax - this.#totalReceived - this.#expected;
    if (left <= 0n) return 0n;
    const ratio = (this.#isCautious ? rate.bounds?.high : rate.likely) ?? fallback;
    if (ratio === undefined || ratio.numerator === 0n) return undefined;
    // The least amount that fills the room, unless it overfills it.
    const filling = ceilOver(left, ratio);
    const most = ceilOver(left + 1n, ratio) - 1n;
    return filling < most ? filling : most;
  }

  /** Takes so much into a packet. */
  hold(amount: bigint, rate: RateTracker, fallback: Ratio | undefined): MoneyPart {
    const likely = rate.likely ?? fallback;
    const expected = this.#isCautious
      ? (rate.highEstimate(amount) ?? 0n)
      : likely === undefined
        ? 0n
        : floorTimes(amount, likely);
    this.#held += amount;
    this.#expected += expected;
    return { account: this, amount, expected };
  }

  handleFulfilled(part: MoneyPart, arrived: bigint, wasUnknown: boolean): void {
    this.#release(part, wasUnknown);
    this.#sent += part.amount;
    this.#delivered += arrived;
  }

  handleRejected(part: MoneyPart, wasUnknown: boolean): void {
    this.#release(part, wasUnknown);
  }

  handleUnknown(part: MoneyPart): void {
    this.#held -= part.amount;
    this.#unknown += part.amount;
  }

  /** The other endpoint refused a packet although enough arrived: more than its limit, most probably. */
  handleOverrun(): void {
    this.#isCautious = true;
  }

  /** What the other endpoint says of itself. Neither number shrinks, replies overtake one another (RFC 0029 4.4.4). */
  handleMaxMoney(receiveMax: bigint, totalReceived: bigint): void {
    if (this.#receiveMax === undefined || receiveMax > this.#receiveMax) {
      this.#receiveMax = receiveMax;
    }
    if (totalReceived > this.#totalReceived) this.#totalReceived = totalReceived;
  }

  #release(part: MoneyPart, wasUnknown: boolean): void {
    if (wasUnknown) this.#unknown -= part.amount;
    else this.#held -= part.amount;
    this.#expected -= part.expected;
  }
}

/** Divides what arrived of a packet among its parts, by what each had put in; the first gets what rounding leaves over. */
export function divideArrived(parts: readonly MoneyPart[], arrived: bigint): bigint[] {
  const total = parts.reduce((sum, part) => sum + part.amount, 0n);
  const shares = parts.map((part) => (total === 0n ? 0n : (arrived * part.amount) / total));
  const rest = arrived - shares.reduce((sum, share) => sum + share, 0n);
  return shares.map((share, index) => (index === 0 ? share + rest : share));
}

/** The size of the next packet when this much is to be sent in packets of at most `max`: all of about the same size. */
export function evenPacket(amount: bigint, max: bigint): bigint {
  return amount <= max ? amount : ceilDivide(amount, ceilDivide(amount, max));
}
