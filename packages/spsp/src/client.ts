import { DetailsCache } from './cache.js';
import { maxAgeSeconds } from './cache-control.js';
import { Deadline } from './deadline.js';
import { systemClock } from './environment.js';
import { endpointUrl } from './endpoint.js';
import { SpspError } from './errors.js';
import { isSpspMediaType, SPSP_ACCEPT, SPSP_MEDIA_TYPE } from './media-types.js';
import { readText } from './read-body.js';
import { discard, getFollowing, type FetchFunction, type RedirectRules } from './redirects.js';
import { decodeSpspDetails, type SpspDetails } from './response.js';
import { delayBefore, retryAfterMs } from './retry.js';
import { secureRandomBytes, type Clock } from '@pennyswitch/stream';

/** Options of {@link SpspClient}. */
export interface SpspClientOptions {
  /**
   * Default: the platform's. Give one of your own for another certificate authority, a proxy or a test. On Node,
   * `createNodeFetch` of `@pennyswitch/spsp/node` makes one that stays out of private networks.
   */
  readonly fetch?: FetchFunction;
  /** How long a query may take in all, with redirects and retries, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** How often a query that may succeed later is sent again within that time; default 2. */
  readonly maxRetries?: number;
  /** The longest answer that is read, in bytes; default 16 384. */
  readonly maxResponseBytes?: number;
  /** How many redirects are followed; default 3. */
  readonly maxRedirects?: number;
  /**
   * Asked before a redirect to another host is followed, since RFC 0026 wants the sender to be able to verify both. The time
   * for the query goes on while it decides. Default: it is followed, and {@link SpspResult.finalHost} says where it led.
   */
  readonly confirmRedirect?: (fromHost: string, toHost: string) => boolean | Promise<boolean>;
  /** Allows `http://` URLs to this very machine (localhost, 127.0.0.0/8, [::1]), for development; default false. */
  readonly allowHttpOnLoopback?: boolean;
  /** For how many endpoints details are kept as their Cache-Control allows; default 1000, 0 keeps none. */
  readonly maxCacheEntries?: number;
  readonly clock?: Clock;
  /** From 0 to below 1, for the jitter of retries; default: the platform's secure one. */
  readonly random?: () => number;
}

/** What one query takes beside the pointer. */
export interface SpspQueryOptions {
  readonly signal?: AbortSignal;
  /** Asks the server even where details are kept; default false. */
  readonly fresh?: boolean;
  /** Asks for receipts (RFC 0039): a nonce of 16 bytes and a secret of 32, each in base64. Such answers are not kept. */
  readonly receipts?: { readonly nonce: string; readonly secret: string };
  /** What ties the query to a visit of a web page (RFC 0028): sent as `Web-Monetization-Id`. Such answers are not kept. */
  readonly monetizationId?: string;
}

/** Payment details and where they came from. */
export interface SpspResult extends SpspDetails {
  /** The host that the pointer names. */
  readonly host: string;
  /** The host that answered, after redirects: show both to the person who pays (RFC 0026). */
  readonly finalHost: string;
  /** For how many seconds from now the details may be used for further connections; 0 means ask anew. */
  readonly maxAgeSeconds: number;
}

/** An answer as it came, beside what it says. */
export interface SpspExchange {
  readonly result: SpspResult;
  /** The JSON text, with fields that this package does not know. */
  readonly body: string;
  readonly cacheControl: string | null;
}

/**
 * Asks SPSP servers for payment details (RFC 0009 "Query"). Only https; redirects within limits; answers bounded in size
 * and time, kept as long as Cache-Control allows; sent again where that may help.
 */
export class SpspClient {
  readonly #rules: RedirectRules;
  readonly #timeoutMs: number;
  readonly #maxRetries: number;
  readonly #maxResponseBytes: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #cache: DetailsCache;

  constructor(options: SpspClientOptions = {}) {
    this.#rules = {
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      maxRedirects: options.maxRedirects ?? 3,
      allowHttp: options.allowHttpOnLoopback ?? false,
      confirmRedirect: options.confirmRedirect ?? (() => true),
    };
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#maxRetries = options.maxRetries ?? 2;
    this.#maxResponseBytes = options.maxResponseBytes ?? 16_384;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? randomShare;
    this.#cache = new DetailsCache(this.#clock, options.maxCacheEntries ?? 1000);
  }

  /**
   * Asks for payment details.
   * @param endpoint a payment pointer (`$wallet.example/bob`) or the https URL of an SPSP endpoint.
   * @throws {@link PaymentPointerError} for a text that starts with `$` but is no payment pointer.
   * @throws {@link SpspError} for everything else that goes wrong.
   */
  async query(endpoint: string, options: SpspQueryOptions = {}): Promise<SpspResult> {
    const url = endpointUrl(endpoint, this.#rules.allowHttp);
    const isKept = options.receipts === undefined && options.monetizationId === undefined;
    const known = isKept && options.fresh !== true ? this.#cache.get(url) : undefined;
    if (known !== undefined) return known;
    const askedAt = this.#clock.now();
    const { result } = await this.exchange(endpoint, options);
    if (isKept) this.#cache.set(url, result, askedAt);
    return result;
  }

  /**
   * Asks the server, whatever is kept, and returns its answer as it came too: for whoever passes it on.
   * @throws as {@link query} does.
   */
  async exchange(
    endpoint: string,
    options: Omit<SpspQueryOptions, 'fresh'> = {},
  ): Promise<SpspExchange> {
    const url = endpointUrl(endpoint, this.#rules.allowHttp);
    const deadline = new Deadline(this.#clock, this.#timeoutMs, options.signal);
    try {
      return await this.#askRepeatedly(url, requestHeaders(options), deadline);
    } finally {
      deadline.close();
    }
  }

  /** Forgets what is kept for an endpoint: because its connection was closed, for example. */
  forget(endpoint: string): void {
    this.#cache.delete(endpointUrl(endpoint, this.#rules.allowHttp));
  }

  async #askRepeatedly(
    url: string,
    headers: Record<string, string>,
    deadline: Deadline,
  ): Promise<SpspExchange> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.#ask(url, headers, deadline);
      } catch (cause) {
        const error = this.#errorOf(cause, new URL(url).host, deadline);
        const delayMs = delayBefore(retries, error.retryAfterMs, this.#random);
        // Without time for an answer after the wait, the reason of now says more than a time-out would.
        const isWorthIt = error.isRetryable && delayMs < deadline.leftMs;
        if (deadline.signal.aborted || retries === this.#maxRetries || !isWorthIt) throw error;
        await deadline.wait(delayMs).catch(() => {
          throw this.#errorOf(cause, new URL(url).host, deadline);
        });
      }
    }
  }

  async #ask(
    url: string,
    headers: Record<string, string>,
    deadline: Deadline,
  ): Promise<SpspExchange> {
    const { response, finalUrl } = await getFollowing(url, headers, this.#rules, deadline);
    const body = await this.#read(response, deadline);
    const cacheControl = response.headers.get('cache-control');
    const result = {
      ...decodeSpspDetails(body),
      host: new URL(url).host,
      finalHost: new URL(finalUrl).host,
      maxAgeSeconds: maxAgeSeconds(cacheControl),
    };
    return { result, body, cacheControl };
  }

  #errorOf(cause: unknown, host: string, deadline: Deadline): SpspError {
    if (cause instanceof SpspError && !deadline.signal.aborted) return cause;
    if (deadline.isOver) {
      const seconds = this.#timeoutMs / 1000;
      return new SpspError('TIMEOUT', `${host} did not answer within ${seconds} seconds`, {
        cause,
      });
    }
    if (deadline.signal.aborted) {
      return new SpspError('ABORTED', 'the query was cancelled', { cause });
    }
    return new SpspError('UNREACHABLE', `${host} cannot be reached: ${reasonOf(cause)}`, { cause });
  }

  async #read(response: Response, deadline: Deadline): Promise<string> {
    if (response.status !== 200) {
      discard(response);
      throw statusError(response, this.#clock.now());
    }
    if (!isSpspMediaType(response.headers.get('content-type'))) {
      discard(response);
      throw new SpspError('BAD_RESPONSE', `the answer is not of the type ${SPSP_MEDIA_TYPE}`, {
        status: 200,
      });
    }
    return readText(response, this.#maxResponseBytes, deadline);
  }
}

function statusError({ status, headers }: Response, now: number): SpspError {
  if (status === 404) {
    return new SpspError('NOT_FOUND', 'nobody has this payment pointer', { status });
  }
  if (status === 410) {
    return new SpspError('GONE', 'this payment pointer takes no more money', { status });
  }
  const isBusy = status === 408 || status === 429;
  const code = status >= 500 ? 'SERVER_ERROR' : isBusy ? 'BUSY' : 'REFUSED';
  return new SpspError(code, `the SPSP server answered with status ${status}`, {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after'), now),
  });
}

function requestHeaders({
  receipts,
  monetizationId,
}: Pick<SpspQueryOptions, 'receipts' | 'monetizationId'>): Record<string, string> {
  return {
    accept: SPSP_ACCEPT,
    ...(monetizationId === undefined ? {} : { 'web-monetization-id': monetizationId }),
    ...(receipts === undefined
      ? {}
      : { 'receipt-nonce': receipts.nonce, 'receipt-secret': receipts.secret }),
  };
}

/** From 0 to below 1. */
function randomShare(): number {
  return (secureRandomBytes(1)[0] ?? 0) / 256;
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  return reason instanceof Error ? reason.message : String(reason);
}
