import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { Ratio } from '../ratio.js';
import { MoneyTask } from './money-task.js';
import type { PaymentError } from './payment-error.js';
import { useQuote, type Quote } from './quote.js';
import type { PaymentSession } from './session.js';

/** How far a payment has come. */
export interface PaymentProgress {
  /** Source units of fulfilled packets. */
  readonly sent: bigint;
  /** Destination units of fulfilled packets: what the receiver says, and never less than the minimum that it had to keep. */
  readonly delivered: bigint;
  /** Source units in flight. */
  readonly inFlight: bigint;
  readonly fulfilledPackets: number;
  readonly rejectedPackets: number;
}

/** How a payment ended. */
export interface PaymentOutcome {
  /** Source units of fulfilled packets: what the payment has cost. */
  readonly sent: bigint;
  /** Destination units, proved by fulfillments; see {@link PaymentProgress.delivered}. */
  readonly delivered: bigint;
  /** Packets that nobody answered: they may have been delivered or not. They were not sent again. */
  readonly unknownOutcome: { readonly packets: number; readonly amount: bigint };
  readonly packets: {
    readonly fulfilled: number;
    /** How many were rejected, by code. */
    readonly rejected: Readonly<Partial<Record<IlpErrorCode, number>>>;
    /** The source amount of each fulfilled packet. */
    readonly fulfilledAmounts: readonly bigint[];
  };
  /** From the first packet to the last answer, without the close. */
  readonly durationMs: number;
  /** `delivered / sent`; undefined where nothing was sent. */
  readonly effectiveRate: Ratio | undefined;
  /** The receipt for the largest total, where the receiver gives receipts (RFC 0039). */
  readonly receipt: Uint8Array | undefined;
  /** Why the payment did not come to its end; undefined where it did. The amounts above hold either way. */
  readonly error: PaymentError | undefined;
}

/** How a quote is paid. */
export interface PayOptions {
  /** Called after each answer. */
  readonly onProgress?: (progress: PaymentProgress) => void;
  /** Stops new packets, waits for those in flight, and ends with the error `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/**
 * Pays a quote. Resolves when no packet is in flight any more and the receiver was told that the connection is over; a payment
 * that did not come to its end resolves too, with `error` beside the exact amounts.
 * @throws {@link PaymentError} `QUOTE_USED`, before anything is sent.
 */
export async function payQuote(quote: Quote, options: PayOptions = {}): Promise<PaymentOutcome> {
  const { session, plan } = useQuote(quote);
  const startedAt = session.clock.now();
  const task = new MoneyTask(session.connection, plan, () =>
    report(task, session, options.onProgress),
  );
  await session.driver.run(task, options.signal);
  const durationMs = session.clock.now() - startedAt;
  await session.close(task.error);
  // Counted after the close: a Fulfill that came during it counts too.
  return outcomeOf(task, session, durationMs);
}

function outcomeOf(task: MoneyTask, session: PaymentSession, durationMs: number): PaymentOutcome {
  const { sent, delivered, unknown, fulfilled } = task.totals;
  return {
    sent,
    delivered,
    unknownOutcome: { packets: unknown.packets, amount: unknown.amount },
    packets: {
      fulfilled,
      rejected: Object.fromEntries(task.rejected),
      fulfilledAmounts: task.fulfilledAmounts,
    },
    durationMs,
    effectiveRate: sent === 0n ? undefined : { numerator: delivered, denominator: sent },
    receipt: session.connection.remote.receipt,
    error: task.error,
  };
}

function report(
  { totals, rejected }: MoneyTask,
  { logger }: PaymentSession,
  onProgress: PayOptions['onProgress'],
): void {
  if (onProgress === undefined) return;
  try {
    onProgress({
      sent: totals.sent,
      delivered: totals.delivered,
      inFlight: totals.inFlight.amount,
      fulfilledPackets: totals.fulfilled,
      rejectedPackets: Array.from(rejected.values()).reduce((sum, count) => sum + count, 0),
    });
  } catch (error) {
    // A fault of whoever watches may not stop money in mid-air.
    logger.error('onProgress threw', { error });
  }
}
