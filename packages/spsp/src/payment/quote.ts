import {
  PaymentError,
  payQuote,
  quotePayment,
  type PaymentAmount,
  type PayOptions,
  type Quote,
  type QuoteOptions,
  type RatioLike,
} from '@pennyswitch/stream';
import { SpspClient, type SpspResult } from '../client.js';
import { needsDestination, unitsOf, type SpspAmount } from './amount.js';
import { askDestinationAsset } from './destination-asset.js';
import { addOutcome, addProgress, firstOutcome, type SpspOutcome } from './outcome.js';
import { atMinimumRate, type RateOptions } from './rate.js';

/** What {@link quote} needs. Beside these: clock, randomness, logger and policy as STREAM takes them. */
export interface SpspQuoteOptions extends Omit<QuoteOptions, 'credentials' | 'amount'> {
  /** A payment pointer, or the https URL of an SPSP endpoint. */
  readonly pointer: string;
  readonly amount: SpspAmount;
  /**
   * The least of the receiver's asset for one of the sender's, in whole units. Instead of `prices` and `slippage`: the
   * receiver refuses what is worse.
   */
  readonly minRate?: RatioLike;
  /** Asks for payment details; default: one with default options. */
  readonly client?: SpspClient;
  /**
   * Whether details that the server lets clients keep are used for several connections; default false: each quote asks for
   * details of its own, so that connections have nothing in common.
   */
  readonly reuseDetails?: boolean;
}

/** How a quote is paid. */
export interface SpspPayOptions extends PayOptions {
  /**
   * How often a payment whose connection was closed goes on over a new one, within what was quoted; default 2. With `save`
   * it is 0: what was saved is of the first connection, and a resumed payment would pay what the others paid again.
   */
  readonly maxReconnects?: number;
}

/** These say that a connection cannot be used, not that the receiver cannot be paid. */
const CONNECTION_IS_OVER: ReadonlySet<string> = new Set(['RECEIVER_CLOSED', 'RECEIVER_REFUSED']);

/**
 * Asks a pointer's server for payment details and the path for an offer, before any money moves.
 * @throws {@link PaymentPointerError}, {@link SpspError}, {@link AmountError}; `PaymentError` where it cannot be paid.
 */
export async function quote(options: SpspQuoteOptions): Promise<SpspQuote> {
  const client = options.client ?? new SpspClient();
  const isFresh = options.reuseDetails !== true;
  const details = await ask(client, options, isFresh);
  try {
    return new SpspQuote(await quoteFrom(details, options), details, client, options);
  } catch (error) {
    if (isFresh || !isConnectionOver(error)) throw error;
  }
  // The details may have been kept for longer than they are good for (RFC 0009: query again).
  const fresh = await ask(client, options, true);
  return new SpspQuote(await quoteFrom(fresh, options), fresh, client, options);
}

/** An offer for a payment to a pointer: pay it once, or close it. */
export class SpspQuote {
  /** What it costs and delivers. */
  readonly offer: Quote;
  /** Who answered for the pointer: show `host` and `finalHost` to the person who pays. */
  readonly details: SpspResult;
  readonly #client: SpspClient;
  readonly #options: SpspQuoteOptions;

  /** @internal Use {@link quote}. */
  constructor(offer: Quote, details: SpspResult, client: SpspClient, options: SpspQuoteOptions) {
    this.offer = offer;
    this.details = details;
    this.#client = client;
    this.#options = options;
  }

  /**
   * Pays. A connection that is closed in the middle is replaced by one with new details, as long as what was quoted still
   * holds: no more is spent, and no less arrives. Resolves when no packet is in flight any more; a payment that did not come
   * to its end has `error` beside the exact amounts.
   * @throws PaymentError `QUOTE_USED`, before anything is sent.
   */
  async pay(options: SpspPayOptions = {}): Promise<SpspOutcome> {
    let outcome = firstOutcome(await payQuote(this.offer, options));
    if (outcome.error !== undefined) this.#client.forget(this.#options.pointer);
    const maxReconnects = options.save === undefined ? (options.maxReconnects ?? 2) : 0;
    for (let reconnects = maxReconnects; reconnects > 0; reconnects--) {
      const next = await this.#continue(outcome, options.signal);
      if (next === undefined) break;
      const { onProgress, signal } = options;
      const earlier = outcome;
      const last = await payQuote(next, {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : {
              onProgress: (progress) => {
                onProgress(addProgress(earlier, progress));
              },
            }),
      });
      outcome = addOutcome(outcome, last);
    }
    return outcome;
  }

  /** Ends the connection without paying. */
  close(): Promise<void> {
    return this.offer.close();
  }

  /** An offer for the rest of the payment, if there is one that keeps what was quoted. */
  async #continue(so: SpspOutcome, signal: AbortSignal | undefined): Promise<Quote | undefined> {
    const { amount, maxSource, minDelivery } = this.offer;
    const rest = restOf(amount, so);
    if (!isConnectionOver(so.error) || rest === undefined || signal?.aborted === true) {
      return undefined;
    }
    const options = signal === undefined ? this.#options : { ...this.#options, signal };
    try {
      const details = await ask(this.#client, options, true);
      const next = await quoteFrom(details, options, rest);
      const spent = so.sent + so.unknownOutcome.amount;
      if (spent + next.maxSource <= maxSource && so.delivered + next.minDelivery >= minDelivery) {
        return next;
      }
      await next.close();
    } catch {
      // How the payment stands is what the caller has to know; why it cannot go on is in its error already.
    }
    return undefined;
  }
}

/**
 * What is left to pay; undefined where nothing is. Money whose fate is unknown counts as spent; where it may have been
 * delivered and a certain amount is to arrive, nobody can say what is left.
 */
function restOf(
  { type, amount }: PaymentAmount,
  { sent, delivered, unknownOutcome }: SpspOutcome,
): PaymentAmount | undefined {
  if (type === 'fixed-delivery' && unknownOutcome.packets > 0) return undefined;
  const done = type === 'fixed-source' ? sent + unknownOutcome.amount : delivered;
  return done < amount ? { type, amount: amount - done } : undefined;
}

function isConnectionOver(error: unknown): boolean {
  return error instanceof PaymentError && CONNECTION_IS_OVER.has(error.code);
}

function ask(
  client: SpspClient,
  { pointer, signal }: SpspQuoteOptions,
  fresh: boolean,
): Promise<SpspResult> {
  return client.query(pointer, { fresh, ...(signal === undefined ? {} : { signal }) });
}

/** @param rest how much, where it is not what the options say. */
async function quoteFrom(
  details: SpspResult,
  options: SpspQuoteOptions,
  rest?: PaymentAmount,
): Promise<Quote> {
  const { destination, sharedSecret } = details;
  const { minRate, amount, source, prices, slippage, ...sender } = options;
  const stream = { ...sender, source, credentials: { destination, sharedSecret } };
  const isAsked = minRate !== undefined || (rest === undefined && needsDestination(amount));
  const asset = isAsked ? await askDestinationAsset(stream) : undefined;
  const units = rest ?? unitsOf(amount, source.asset, asset, details);
  const rate: RateOptions =
    minRate === undefined
      ? {
          ...(prices === undefined ? {} : { prices }),
          ...(slippage === undefined ? {} : { slippage }),
        }
      : rateFor(minRate, source.asset, asset, options);
  return quotePayment({ ...stream, ...rate, amount: units });
}

function rateFor(
  minRate: RatioLike,
  source: QuoteOptions['source']['asset'],
  destination: QuoteOptions['source']['asset'] | undefined,
  { prices }: SpspQuoteOptions,
): RateOptions {
  if (prices !== undefined) {
    throw new PaymentError('INVALID_AMOUNT', 'give prices or a minimum rate, not both');
  }
  if (destination === undefined) {
    throw new PaymentError('ASSET_UNKNOWN', 'the receiver does not say what it counts in');
  }
  return atMinimumRate(minRate, source, destination);
}
