import type { StreamCredentials } from '../credentials.js';
import { DEFAULT_SENDER_POLICY } from '../connection/sender-policy.js';
import { isSameAsset } from '../asset.js';
import { ceilOver, floorTimes, isLess } from '../ratio.js';
import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { nameOf } from './failure.js';
import { decimal } from './money-task.js';
import { PaymentError } from './payment-error.js';
import { decodePaymentState, encodePaymentState, type PaymentState } from './payment-state.js';
import { ProbeTask } from './probe-task.js';
import { Quote, type QuoteFacts } from './quote.js';
import type { SaveState } from './reservations.js';
import { PaymentSession, type SenderOptions } from './session.js';

/** What {@link resumeQuote} needs beside what was saved. */
export interface ResumeOptions extends Omit<SenderOptions, 'credentials'> {
  /**
   * New ones of the same receiver, where the connection is over: a payment that ended early has closed it, and receivers
   * forget. Default: those of the saved payment.
   */
  readonly credentials?: StreamCredentials;
  /** As in `PayOptions`: called before anything is sent, then as the payment goes on. */
  readonly save: SaveState;
  /**
   * Takes the receiver's word, once everything has expired that may have been sent, for what of it has arrived, and sends the rest
   * again. Only for receivers that keep totals; one that lies is paid that part twice, beyond `maxSource`. Default: what may have
   * been sent counts as spent for good, and only what is missing of a fixed delivery is made up for, as far as `maxSource` allows.
   */
  readonly trustReceiver?: boolean;
  /** Ends it with `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** More numbers than introductions and the packets that close a connection take. */
const CONTROL_PACKETS = 16;

/**
 * Takes up a payment whose process has ended. Whatever may have been sent before counts as spent, so that the payment as a
 * whole never costs more than `maxSource`; what is left can be paid with `payQuote`, whose outcome is that of the whole
 * payment. The promises of the first quote hold: `maxSource`, `minDelivery` and `minimumRate` are those.
 *
 * Run it when the other process has ended for sure: two at a time spend twice.
 * @param saved what `save` was called with last.
 * @throws PaymentError that says why it cannot go on now: `BAD_STATE`, `ALREADY_PAID`, or as `quotePayment`. The saved state
 * stays good for another try.
 */
export async function resumeQuote(saved: string, options: ResumeOptions): Promise<Quote> {
  const earlier = decodePaymentState(saved);
  if (earlier.phase === 'complete') {
    throw new PaymentError('ALREADY_PAID', 'the saved payment has come to its end');
  }
  if (earlier.phase === 'closed' && options.credentials === undefined) {
    throw new PaymentError(
      'BAD_STATE',
      'the connection of the saved payment is closed: new credentials are needed',
    );
  }
  const { state, session } = open(earlier, options);
  // The numbers of the probes are used up before they are sent.
  await options.save(encodePaymentState(state));
  const left = state.plan.maxSource - state.sent - state.reserved.amount;
  const probe = new ProbeTask(session.connection, {
    target: () => ({ source: left > 0n ? left : state.plan.maxSource, delivery: undefined }),
    randomBytes: session.randomBytes,
  });
  await session.driver.run(probe, options.signal);
  // The connection is not closed by a failure here: a later try may need it.
  if (probe.error !== undefined) throw probe.error;
  const facts = factsOf(state, session);
  return new Quote(facts, session, state.plan, {
    ...{ state, save: options.save, trustsReceiver: options.trustReceiver === true },
  });
}

function open(
  earlier: PaymentState,
  options: ResumeOptions,
): { state: PaymentState; session: PaymentSession } {
  const { maxProbes } = { ...DEFAULT_SENDER_POLICY, ...options.policy };
  const isNew =
    options.credentials !== undefined &&
    options.credentials.destination !== earlier.credentials.destination;
  const credentials = isNew ? options.credentials : earlier.credentials;
  const lastSequence = isNew ? 0 : earlier.lastSequence;
  const state: PaymentState = {
    ...earlier,
    credentials,
    phase: 'open',
    lastSequence: lastSequence + maxProbes + CONTROL_PACKETS,
    deliveredElsewhere: isNew ? earlier.delivered : earlier.deliveredElsewhere,
  };
  return { state, session: new PaymentSession({ ...options, credentials }, lastSequence) };
}

function factsOf(state: PaymentState, { connection }: PaymentSession): QuoteFacts {
  const { amount, sourceAsset, plan } = state;
  const { path, remote } = connection;
  const { bounds: rate, likely } = path.rate;
  if (rate === undefined || likely === undefined) {
    throw new PaymentError('RATE_UNKNOWN', 'no probe told what arrives');
  }
  const { minimumRate, maxSource, minDelivery, delivery } = plan;
  if (!isLess(minimumRate, rate.high)) {
    throw new PaymentError(
      'RATE_TOO_LOW',
      `the rate of the path is ${decimal(rate.low)} and must be at least ${decimal(minimumRate)}`,
    );
  }
  const { destinationAsset } = state;
  if (destinationAsset && remote.asset && !isSameAsset(destinationAsset, remote.asset)) {
    throw new PaymentError(
      'ASSET_CONFLICT',
      `the receiver counted in ${nameOf(destinationAsset)} and counts in ${nameOf(remote.asset)} now`,
    );
  }
  const { receiveMax } = remote;
  return {
    ...{ amount, sourceAsset, maxSource, minDelivery, minimumRate, rate },
    destinationAsset: destinationAsset ?? remote.asset,
    expectedSource: delivery === undefined ? maxSource : ceilOver(delivery, likely),
    expectedDelivery: delivery ?? floorTimes(maxSource, likely),
    leastAmount: ceilOver(1n, rate.low),
    maxPacketAmount: path.size.isLimited ? path.size.trial : undefined,
    receiveMax: receiveMax === MAX_AMOUNT ? undefined : receiveMax,
  };
}
