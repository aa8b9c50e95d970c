import type { Draft, FulfilledOutcome } from '../connection/task.js';

/** Money of packets that are in the same state. */
export interface Sum {
  packets: number;
  /** Source units. */
  amount: bigint;
  /** What was promised to arrive at least, in destination units. */
  minimum: bigint;
  /** What may arrive at most, by the rate as it was known. */
  expected: bigint;
}

const empty = (): Sum => ({ packets: 0, amount: 0n, minimum: 0n, expected: 0n });

/**
 * The books of one payment. Each packet of money is in flight, then fulfilled, rejected or unknown, and an unknown one may
 * still be fulfilled or rejected: {@link committed} never counts less than what may be spent.
 */
export class PaymentTotals {
  /** Source units of fulfilled packets. */
  sent = 0n;
  /** Destination units: for each fulfilled packet what the receiver says, but never less than the minimum that it had to keep. */
  delivered = 0n;
  /** Packets of money. */
  fulfilled = 0;
  readonly inFlight: Readonly<Sum> = empty();
  /** Packets that nobody answered. */
  readonly unknown: Readonly<Sum> = empty();

  /** Source units that are spent, or may be. */
  get committed(): bigint {
    return this.sent + this.inFlight.amount + this.unknown.amount;
  }

  /** Destination units that are delivered, or promised by packets that may be delivered. */
  get promised(): bigint {
    return this.delivered + this.inFlight.minimum + this.unknown.minimum;
  }

  /** Destination units that are delivered, or at most will be. */
  get reckoned(): bigint {
    return this.delivered + this.inFlight.expected + this.unknown.expected;
  }

  /** Destination units that went over another connection, before the payment was taken up again. */
  deliveredElsewhere = 0n;

  /**
   * Takes over what an earlier process has left. What it may have sent without knowing the outcome is unknown from the start.
   * @param reserved.minimum what should have arrived of it, in destination units; `expected` what has at most.
   */
  resume(
    earlier: {
      readonly sent: bigint;
      readonly delivered: bigint;
      readonly fulfilled: number;
      readonly deliveredElsewhere: bigint | undefined;
    },
    reserved: Readonly<Sum>,
  ): void {
    this.sent = earlier.sent;
    this.delivered = earlier.delivered;
    this.fulfilled = earlier.fulfilled;
    this.deliveredElsewhere = earlier.deliveredElsewhere ?? 0n;
    Object.assign(this.unknown, reserved);
  }

  /**
   * The receiver says how much has arrived in all, and all that is unknown has expired: now it is known what of it arrived.
   * @param atMost what the unknown can have cost, by the receiver's word, in source units; undefined where that does not count.
   */
  settleUnknown(totalReceived: bigint, atMost: ((arrived: bigint) => bigint) | undefined): void {
    const arrived = totalReceived - this.delivered;
    const { amount } = this.unknown;
    const cost = atMost?.(arrived) ?? amount;
    Object.assign(this.unknown, {
      ...{ minimum: arrived, expected: arrived },
      amount: cost < amount ? cost : amount,
    });
  }

  handleSent(draft: Draft): void {
    add(this.inFlight, draft, 1);
  }

  /** @returns how much arrived, by what is proved and said. */
  handleFulfilled(draft: Draft, outcome: FulfilledOutcome, wasUnknown: boolean): bigint {
    add(wasUnknown ? this.unknown : this.inFlight, draft, -1);
    const { minimum } = draft;
    const arrived =
      outcome.arrived !== undefined && outcome.arrived > minimum ? outcome.arrived : minimum;
    this.sent += draft.amount;
    this.delivered += arrived;
    if (draft.amount > 0n) this.fulfilled++;
    return arrived;
  }

  handleRejected(draft: Draft, wasUnknown: boolean): void {
    add(wasUnknown ? this.unknown : this.inFlight, draft, -1);
  }

  handleUnknown(draft: Draft): void {
    add(this.inFlight, draft, -1);
    add(this.unknown, draft, 1);
  }
}

function add(sum: Sum, draft: Draft, sign: 1 | -1): void {
  const factor = BigInt(sign);
  sum.packets += sign;
  sum.amount += factor * draft.amount;
  sum.minimum += factor * draft.minimum;
  sum.expected += factor * (draft.expected ?? draft.minimum);
}
