import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { Ratio } from '../ratio.js';
import { MoneyTask } from './money-task.js';
import type { PaymentError } from './payment-error.js';
import { PaymentSaver, reservedSum } from './payment-saver.js';
import { useQuote, type Quote, type QuoteState } from './quote.js';
import type { SaveState } from './reservations.js';
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
  /** Destination units, proved by fulfillments; with {@link sent} that of the whole payment, earlier processes included; see {@link PaymentProgress.delivered}. */
  readonly delivered: bigint;
  /** Packets that nobody answered: they may have been delivered or not. They were not sent again. */
  readonly unknownOutcome: { readonly packets: number; readonly amount: bigint };
  readonly packets: {
    readonly fulfilled: number;
    /** How many were rejected, by code; of this process. */
    readonly rejected: Readonly<Partial<Record<IlpErrorCode, number>>>;
    /** The source amount of each packet that was fulfilled in this process. */
    readonly fulfilledAmounts: readonly bigint[];
  };
  /** From the first packet to the last answer, without the close. */
  readonly durationMs: number;
  /** `delivered / sent`; undefined where nothing was sent. */
  readonly effectiveRate: Ratio | undefined;
  /** What the receiver says it has received on this connection, in destination units; 0 where it keeps no totals. */
  readonly totalReceived: bigint;
  /** The receipt for the largest total, where the receiver gives receipts (RFC 0039). */
  readonly receipt: Uint8Array | undefined;
  /** Why the payment did not come to its end; undefined where it did. The amounts above hold either way. */
  readonly error: PaymentError | undefined;
}

/** How a quote is paid. */
export interface PayOptions {
  /** Called after each answer. */
  readonly onProgress?: (progress: PaymentProgress) => void;
  /**
   * Keeps the payment where it outlives the process, so that `resumeQuote` can take it up again without spending twice: called
   * with a text that replaces the one before, and no packet leaves before that text says so. It holds the secret of the
   * connection. Resolve when it is durable. Where it throws, the payment ends with `STATE_NOT_SAVED`.
   */
  readonly save?: SaveState;
  /** Stops new packets, waits for those in flight, and ends with the error `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/**
 * Pays a quote. Resolves when no packet is in flight any more and the receiver was told that the connection is over; a payment
 * that did not come to its end resolves too, with `error` beside the exact amounts.
 * @throws {@link PaymentError} `QUOTE_USED`, before anything is sent.
 */
export async function payQuote(quote: Quote, options: PayOptions = {}): Promise<PaymentOutcome> {
  const state = useQuote(quote);
  const { session } = state;
  const startedAt = session.clock.now();
  const saver = createSaver(quote, state, options.save ?? state.resumed?.save);
  const task = createTask(state, saver, () => {
    report(task, session, options.onProgress);
  });
  await session.driver.run(task, options.signal);
  const durationMs = session.clock.now() - startedAt;
  const isClosed = await session.close(task.error);
  // Counted after the close: a Fulfill that came during it counts too.
  await saver?.finish(task.error === undefined ? 'complete' : isClosed ? 'closed' : 'open');
  return outcomeOf(task, session, durationMs);
}

function createSaver(
  facts: Quote,
  { session, plan, resumed }: QuoteState,
  save: SaveState | undefined,
): PaymentSaver | undefined {
  if (save === undefined) return undefined;
  const deliveredElsewhere = resumed?.state.deliveredElsewhere;
  return new PaymentSaver({ facts, session, plan, save, deliveredElsewhere });
}

function createTask(
  { session, plan, resumed }: QuoteState,
  saver: PaymentSaver | undefined,
  onProgress: () => void,
): MoneyTask {
  const { connection } = session;
  const isSettleable = resumed !== undefined && resumed.state.deliveredElsewhere === undefined;
  const task = new MoneyTask(connection, plan, onProgress, {
    ...(saver === undefined ? {} : { allows: saver.allows }),
    settleAt: isSettleable ? resumed.state.expiresAt + connection.policy.replyGraceMs : undefined,
    trustsReceiver: resumed?.trustsReceiver === true,
  });
  if (resumed !== undefined) {
    const high = connection.path.rate.bounds?.high ?? plan.minimumRate;
    task.totals.resume(resumed.state, reservedSum(resumed.state, high));
  }
  saver?.watch(task);
  return task;
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
    totalReceived: session.connection.remote.totalReceived,
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
