import type { Draft, FulfilledOutcome } from '../connection/task.js';

/** Money of packets that are in the same state. */
interface Sum {
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
