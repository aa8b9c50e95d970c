import type { Asset } from '../asset.js';
import { backoffDelay } from '../backoff.js';
import {
  silentLogger,
  systemClock,
  systemRandomBytes,
  type Clock,
  type Logger,
  type RandomBytes,
} from '../environment.js';
import { messageOf, RateError } from '../errors.js';
import type { Fetch } from '../settlement/engine-client.js';
import {
  configuredRates,
  sameAssetOnly,
  type ConfiguredRates,
  type RateProvider,
} from './rate-provider.js';
import type { Ratio } from './ratio.js';

/** Gets the rates of this moment; rejects if it cannot. */
export type RateSource = (signal: AbortSignal) => Promise<ConfiguredRates>;

/** How a feed is kept up. */
export interface RateFeedOptions {
  readonly source: RateSource;
  /** How often to ask, in milliseconds, above 0. Default one minute. */
  readonly refreshMs?: number;
  /** How old rates may become before packets are rejected instead, in milliseconds. Default five minutes. */
  readonly staleAfterMs?: number;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

const REFRESH_MS = 60_000;
const STALE_AFTER_MS = 300_000;
const FIRST_RETRY_MS = 1000;
/** A source that has not answered after so long counts as failed. */
const ANSWER_MS = 10_000;

/**
 * Rates that change: asked for again and again, kept in between, and gone when they are too old. A source that fails
 * leaves the last rates in use until then; nothing is guessed.
 */
export class RateFeed implements RateProvider {
  readonly #options: Required<RateFeedOptions>;
  #rates: RateProvider = sameAssetOnly;
  #askedAt = -Infinity;
  #failures = 0;
  #timer: unknown;
  #stopping: AbortController | undefined;

  /** @throws {@link RateError} for times that are not above 0. */
  constructor(options: RateFeedOptions) {
    this.#options = {
      refreshMs: REFRESH_MS,
      staleAfterMs: STALE_AFTER_MS,
      clock: systemClock,
      randomBytes: systemRandomBytes,
      logger: silentLogger,
      ...options,
    };
    const { refreshMs, staleAfterMs } = this.#options;
    if (!(refreshMs > 0) || !(staleAfterMs > 0)) {
      throw new RateError('BAD_NUMBER', 'refreshMs and staleAfterMs must be above 0');
    }
  }

  /** Asks for the first time and goes on asking. Resolves after the first answer, or failure. */
  async start(): Promise<void> {
    this.#stopping ??= new AbortController();
    await this.#refresh(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping?.abort();
    this.#stopping = undefined;
    this.#options.clock.clearTimeout(this.#timer);
  }

  rate(from: Asset, to: Asset): Ratio | undefined {
    const { clock, staleAfterMs } = this.#options;
    // A clock that was set back far makes rates of an unknown age.
    const isStale = Math.abs(clock.now() - this.#askedAt) > staleAfterMs;
    return (isStale ? sameAssetOnly : this.#rates).rate(from, to);
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const { clock, logger, refreshMs, randomBytes } = this.#options;
    const askedAt = clock.now();
    try {
      this.#rates = configuredRates(await this.#ask(signal));
      // As old as the question: the source may have taken its time.
      this.#askedAt = askedAt;
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      logger.warn('no new rates', { failures: this.#failures, error: messageOf(error) });
    }
    if (signal.aborted) return;
    const delayMs =
      this.#failures === 0
        ? refreshMs
        : backoffDelay({ firstMs: FIRST_RETRY_MS, maxMs: refreshMs }, this.#failures, randomBytes);
    this.#timer = clock.setTimeout(() => void this.#refresh(signal), delayMs);
  }

  /** One question. A source that does not answer in time is not waited for. */
  async #ask(signal: AbortSignal): Promise<ConfiguredRates> {
    const { source, clock } = this.#options;
    const asking = new AbortController();
    const stop = (): void => {
      asking.abort();
    };
    signal.addEventListener('abort', stop);
    let timer: unknown;
    const late = new Promise<never>((_resolve, reject) => {
      timer = clock.setTimeout(() => {
        stop();
        reject(new RateError('NO_RATES', `the source did not answer within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
    });
    try {
      return await Promise.race([source(asking.signal), late]);
    } finally {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
}

/**
 * Rates from a URL that answers with `{ "pairs": { "USD/EUR": "0.92" } }`, `{ "prices": { "USD": "1" } }` or both; values are
 * decimal numbers, better as strings.
 * @param headers what the source asks for beside the usual, such as `authorization`.
 */
export function httpRateSource(
  url: string | URL,
  fetch: Fetch = (target, init) => globalThis.fetch(target, init),
  headers: Readonly<Record<string, string>> = {},
): RateSource {
  return async (signal) => {
    const response = await fetch(String(url), {
      signal,
      headers: { accept: 'application/json', ...headers },
    });
    if (!response.ok) {
      throw new RateError('NO_RATES', `the rate source answered ${response.status}`);
    }
    const body: unknown = await response.json();
    if (typeof body !== 'object' || body === null) {
      throw new RateError('NO_RATES', 'the rate source answered with no object');
    }
    const { pairs, prices } = body as Record<string, unknown>;
    if (pairs === undefined && prices === undefined) {
      throw new RateError('NO_RATES', 'the rate source named neither pairs nor prices');
    }
    return { pairs: readNumbers(pairs), prices: readNumbers(prices) };
  };
}

function readNumbers(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) {
    throw new RateError('NO_RATES', 'pairs and prices must be objects of decimal numbers');
  }
  // What is no decimal number after this is found by whoever parses it.
  return Object.fromEntries(Object.entries(value).map(([key, number]) => [key, String(number)]));
}
