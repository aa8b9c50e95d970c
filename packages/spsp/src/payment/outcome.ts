import type { PaymentOutcome, PaymentProgress } from '@pennyswitch/stream';

/** How a payment to a pointer ended: the sums over all connections that it took. */
export interface SpspOutcome extends PaymentOutcome {
  /** Of each connection the receipt for the largest total, where the receiver gives receipts (RFC 0039). */
  readonly receipts: readonly Uint8Array[];
  /** How many connections the payment took. */
  readonly connections: number;
}

/** The outcome of the first connection. */
export function firstOutcome(outcome: PaymentOutcome): SpspOutcome {
  const { receipt } = outcome;
  return { ...outcome, receipts: receipt === undefined ? [] : [receipt], connections: 1 };
}

/** The outcome so far and that of one more connection. How it ended is what the last one says. */
export function addOutcome(earlier: SpspOutcome, last: PaymentOutcome): SpspOutcome {
  const sent = earlier.sent + last.sent;
  const delivered = earlier.delivered + last.delivered;
  const { receipt } = last;
  return {
    sent,
    delivered,
    unknownOutcome: {
      packets: earlier.unknownOutcome.packets + last.unknownOutcome.packets,
      amount: earlier.unknownOutcome.amount + last.unknownOutcome.amount,
    },
    packets: {
      fulfilled: earlier.packets.fulfilled + last.packets.fulfilled,
      rejected: addCounts(earlier.packets.rejected, last.packets.rejected),
      fulfilledAmounts: [...earlier.packets.fulfilledAmounts, ...last.packets.fulfilledAmounts],
    },
    totalReceived: earlier.totalReceived + last.totalReceived,
    durationMs: earlier.durationMs + last.durationMs,
    effectiveRate: sent === 0n ? undefined : { numerator: delivered, denominator: sent },
    receipt: receipt ?? earlier.receipt,
    receipts: receipt === undefined ? earlier.receipts : [...earlier.receipts, receipt],
    connections: earlier.connections + 1,
    error: last.error,
  };
}

/** The progress of the connection that runs, on top of what earlier ones did. */
export function addProgress(earlier: SpspOutcome, current: PaymentProgress): PaymentProgress {
  const rejected = Object.values(earlier.packets.rejected).reduce((sum, count) => sum + count, 0);
  return {
    sent: earlier.sent + current.sent,
    delivered: earlier.delivered + current.delivered,
    inFlight: current.inFlight,
    fulfilledPackets: earlier.packets.fulfilled + current.fulfilledPackets,
    rejectedPackets: rejected + current.rejectedPackets,
  };
}

type Counts = PaymentOutcome['packets']['rejected'];

function addCounts(a: Counts, b: Counts): Counts {
  const sum = { ...a };
  for (const [code, count] of Object.entries(b) as [keyof Counts, number][]) {
    sum[code] = (sum[code] ?? 0) + count;
  }
  return sum;
}
