import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import type { Asset } from '../asset.js';
import { ceilOver, floorTimes, isLess, type Ratio, type RatioLike } from '../ratio.js';
import { lessSlippage, rateFromPrices, readSlippage, type Prices } from './minimum-rate.js';
import { decimal } from './money-task.js';
import type { PaymentPlan } from './next-packet.js';
import type { PaymentState } from './payment-state.js';
import { PaymentError } from './payment-error.js';
import { ProbeTask, type ProbeTarget } from './probe-task.js';
import type { SaveState } from './reservations.js';
import { PaymentSession, type SenderOptions } from './session.js';

/** What the payer wants: to send so many source units, or that so many destination units are delivered. */
export type PaymentAmount =
  | { readonly type: 'fixed-source'; readonly amount: bigint }
  | { readonly type: 'fixed-delivery'; readonly amount: bigint };

/** What {@link quotePayment} needs. */
export interface QuoteOptions extends SenderOptions {
  /** The sender's own asset, by ILDCP for example. */
  readonly source: { readonly asset: Asset };
  readonly amount: PaymentAmount;
  /** How much worse than the prices (or, without prices, than the probed rate) the rate may be: 0 up to below 1. Default `'0.01'`. */
  readonly slippage?: RatioLike;
  /**
   * What the minimum rate comes from. Without prices it is what the probes showed, so a path with bad rates from the start is
   * accepted as it is.
   */
  readonly prices?: Prices;
  /** Ends the quote with `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** What is known before money moves. */
export interface QuoteFacts {
  readonly amount: PaymentAmount;
  readonly sourceAsset: Asset;
  /** As the receiver says; undefined where it does not. */
  readonly destinationAsset: Asset | undefined;
  /** The most that the payment spends, in source units. */
  readonly maxSource: bigint;
  /** What arrives at least if the payment comes to its end, in destination units. */
  readonly minDelivery: bigint;
  /** Destination units per source unit below which no packet is accepted, but for rounding. */
  readonly minimumRate: Ratio;
  /** The rate that the probes showed: from `low`, included, to `high`, not included. */
  readonly rate: { readonly low: Ratio; readonly high: Ratio };
  /** What the payment will probably spend, and what will arrive: at the simplest rate within those bounds. */
  readonly expectedSource: bigint;
  readonly expectedDelivery: bigint;
  /** The least source amount of which anything arrives. */
  readonly leastAmount: bigint;
  /** The largest packet, as far as the probes found one; undefined where no connector limited them. */
  readonly maxPacketAmount: bigint | undefined;
  /** The most that the receiver takes, as it says now; undefined where it says no limit. */
  readonly receiveMax: bigint | undefined;
}

/** What stands behind a quote. */
export interface QuoteState {
  readonly session: PaymentSession;
  readonly plan: PaymentPlan;
  /** Of a payment that is taken up again. */
  readonly resumed: ResumedPayment | undefined;
}

/** What an earlier process has left of a payment. */
export interface ResumedPayment {
  /** As it is saved now. */
  readonly state: PaymentState;
  readonly save: SaveState;
  readonly trustsReceiver: boolean;
}

const states = new WeakMap<Quote, QuoteState & { isUsed: boolean }>();

/** An offer of the path, with an open connection behind it: pay it once with {@link payQuote}, or {@link Quote.close} it. */
export class Quote implements QuoteFacts {
  readonly amount!: PaymentAmount;
  readonly sourceAsset!: Asset;
  readonly destinationAsset: Asset | undefined;
  readonly maxSource!: bigint;
  readonly minDelivery!: bigint;
  readonly minimumRate!: Ratio;
  readonly rate!: { readonly low: Ratio; readonly high: Ratio };
  readonly expectedSource!: bigint;
  readonly expectedDelivery!: bigint;
  readonly leastAmount!: bigint;
  readonly maxPacketAmount: bigint | undefined;
  readonly receiveMax: bigint | undefined;

  /** @internal Use {@link quotePayment}. */
  constructor(
    facts: QuoteFacts,
    session: PaymentSession,
    plan: PaymentPlan,
    resumed?: ResumedPayment,
  ) {
    Object.assign(this, facts);
    states.set(this, { session, plan, resumed, isUsed: false });
  }

  /**
   * Ends the connection without paying. Resolves when the receiver has heard, or the time for that is over. The connection of a
   * payment that is taken up again is left as it is, so that it can be taken up later.
   */
  async close(): Promise<void> {
    const state = states.get(this);
    if (state === undefined || state.isUsed) return;
    state.isUsed = true;
    if (state.resumed === undefined) await state.session.close();
  }
}

/** Takes the connection out of a quote, once. @throws {@link PaymentError} `QUOTE_USED` */
export function useQuote(quote: Quote): QuoteState {
  const state = states.get(quote);
  if (state === undefined || state.isUsed) {
    throw new PaymentError('QUOTE_USED', 'the quote was paid or closed before: ask for another');
  }
  state.isUsed = true;
  return state;
}

/**
 * Opens a connection and finds out what a payment would cost and deliver, before any money moves.
 * @throws {@link PaymentError} that says why it cannot be paid. The connection is closed by then.
 */
export async function quotePayment(options: QuoteOptions): Promise<Quote> {
  const { amount } = options;
  if (amount.amount <= 0n || amount.amount > MAX_AMOUNT) {
    throw new PaymentError(
      'INVALID_AMOUNT',
      `the amount is ${amount.amount} and must be from 1 to ${MAX_AMOUNT}`,
    );
  }
  const slippage = readSlippage(options.slippage ?? '0.01');
  const session = new PaymentSession(options);
  const probe = new ProbeTask(session.connection, {
    target: () => probeTarget(session, options, slippage),
    randomBytes: session.randomBytes,
  });
  await session.driver.run(probe, options.signal);
  try {
    if (probe.error !== undefined) throw probe.error;
    const facts = makeFacts(session, options, slippage);
    return new Quote(facts, session, {
      maxSource: facts.maxSource,
      minDelivery: facts.minDelivery,
      minimumRate: facts.minimumRate,
      delivery: amount.type === 'fixed-delivery' ? amount.amount : undefined,
    });
  } catch (error) {
    await session.close(error instanceof PaymentError ? error : undefined);
    throw error;
  }
}

function probeTarget(
  { connection }: PaymentSession,
  { amount, prices, source }: QuoteOptions,
  slippage: Ratio,
): ProbeTarget {
  if (amount.type === 'fixed-source') return { source: amount.amount, delivery: undefined };
  const { asset } = connection.remote;
  if (asset === undefined || prices === undefined) {
    return { source: undefined, delivery: amount.amount };
  }
  try {
    const rate = lessSlippage(rateFromPrices(prices, source.asset, asset), slippage);
    return { source: ceilOver(amount.amount, rate), delivery: amount.amount };
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    // Reported when the probes are done.
    return { source: undefined, delivery: amount.amount };
  }
}

function makeFacts(session: PaymentSession, options: QuoteOptions, slippage: Ratio): QuoteFacts {
  const { path, remote } = session.connection;
  const { amount, source } = options;
  const rate = path.rate.bounds;
  const { likely } = path.rate;
  if (rate === undefined || likely === undefined) {
    throw new PaymentError('RATE_UNKNOWN', 'no probe told what arrives');
  }
  const leastAmount = ceilOver(1n, rate.low);
  const minimumRate = minimumRateOf(options, remote.asset, rate.low, slippage);
  if (!isLess(minimumRate, rate.high)) {
    throw new PaymentError(
      'RATE_TOO_LOW',
      `the rate of the path is ${decimal(rate.low)} and must be at least ${decimal(minimumRate)}`,
    );
  }
  const isFixedSource = amount.type === 'fixed-source';
  const maxSource = isFixedSource ? amount.amount : ceilOver(amount.amount, minimumRate);
  const minDelivery = isFixedSource
    ? minDeliveryOf(amount.amount, minimumRate, rate.low)
    : amount.amount;
  const expectedDelivery = isFixedSource ? floorTimes(amount.amount, likely) : amount.amount;
  const expectedSource = isFixedSource ? amount.amount : ceilOver(amount.amount, likely);
  if (minDelivery === 0n) {
    throw new PaymentError(
      'AMOUNT_TOO_SMALL',
      `${amount.amount} units round to nothing on the way: at least ${leastAmount} are needed`,
      { leastAmount },
    );
  }
  if (maxSource > MAX_AMOUNT) {
    throw new PaymentError(
      'INVALID_AMOUNT',
      `the payment would cost ${maxSource} units, above 2^64 - 1`,
    );
  }
  const { receiveMax, totalReceived } = remote;
  // A receiver that says 0 has not decided yet, as deployed servers do until the application has.
  if (receiveMax > 0n && receiveMax - totalReceived < minDelivery) {
    throw new PaymentError(
      'RECEIVE_LIMIT',
      `the receiver takes ${receiveMax} units and at least ${minDelivery} would be delivered`,
    );
  }
  return {
    amount,
    sourceAsset: source.asset,
    destinationAsset: remote.asset,
    ...{ maxSource, minDelivery, minimumRate, rate, expectedSource, expectedDelivery, leastAmount },
    maxPacketAmount: path.size.isLimited ? path.size.trial : undefined,
    receiveMax: receiveMax === MAX_AMOUNT ? undefined : receiveMax,
  };
}

function minimumRateOf(
  { prices, source }: QuoteOptions,
  destination: Asset | undefined,
  probed: Ratio,
  slippage: Ratio,
): Ratio {
  if (prices === undefined) return lessSlippage(probed, slippage);
  if (destination === undefined) {
    throw new PaymentError(
      'ASSET_UNKNOWN',
      'the receiver does not say what it counts in, so prices say nothing about the rate',
    );
  }
  return lessSlippage(rateFromPrices(prices, source.asset, destination), slippage);
}

/** Dust of which one unit arrives is worth paying, but for no less than that one: slippage may not take it all. */
function minDeliveryOf(amount: bigint, minimumRate: Ratio, probed: Ratio): bigint {
  const least = floorTimes(amount, minimumRate);
  return least === 0n && floorTimes(amount, probed) > 0n ? 1n : least;
}
