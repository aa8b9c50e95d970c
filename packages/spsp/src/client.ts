import { maxAgeSeconds } from './cache-control.js';
import { SpspError } from './errors.js';
import { isSpspMediaType, SPSP_LEGACY_MEDIA_TYPE, SPSP_MEDIA_TYPE } from './media-types.js';
import { parsePaymentPointer } from './payment-pointer.js';
import { decodeSpspDetails, type SpspDetails } from './response.js';

/** Options of {@link SpspClient}. */
export interface SpspClientOptions {
  /** Default: the platform's. Give one of your own for another certificate authority, a proxy or a test. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long a query may take in all, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** The longest answer that is read, in bytes; default 16 384. */
  readonly maxResponseBytes?: number;
  /** How many redirects are followed; default 3. */
  readonly maxRedirects?: number;
  /**
   * Asked before a redirect to another host is followed, since RFC 0026 wants the sender to be able to verify both.
   * Default: it is followed, and {@link SpspResult.finalHost} says where it led.
   */
  readonly confirmRedirect?: (fromHost: string, toHost: string) => boolean | Promise<boolean>;
}

/** What one query takes beside the pointer. */
export interface SpspQueryOptions {
  readonly signal?: AbortSignal;
  /** Asks for receipts (RFC 0039): a nonce of 16 bytes and a secret of 32, each in base64. */
  readonly receipts?: { readonly nonce: string; readonly secret: string };
}

/** Payment details and where they came from. */
export interface SpspResult extends SpspDetails {
  /** The host that the pointer names. */
  readonly host: string;
  /** The host that answered, after redirects: show both to the person who pays (RFC 0026). */
  readonly finalHost: string;
  /** For how many seconds the details may be used for further connections; 0 means ask anew. */
  readonly maxAgeSeconds: number;
}

/**
 * Asks SPSP servers for payment details (RFC 0009 "Query"). Only https; redirects within limits; answers bounded in size
 * and time.
 */
export class SpspClient {
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly #timeoutMs: number;
  readonly #maxResponseBytes: number;
  readonly #maxRedirects: number;
  readonly #confirmRedirect: (fromHost: string, toHost: string) => boolean | Promise<boolean>;

  constructor(options: SpspClientOptions = {}) {
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#maxResponseBytes = options.maxResponseBytes ?? 16_384;
    this.#maxRedirects = options.maxRedirects ?? 3;
    this.#confirmRedirect = options.confirmRedirect ?? (() => true);
  }

  /**
   * Asks for payment details.
   * @param endpoint a payment pointer (`$wallet.example/bob`) or the https URL of an SPSP endpoint.
   * @throws {@link PaymentPointerError} for a text that starts with `$` but is no payment pointer.
   * @throws {@link SpspError} for everything else that goes wrong.
   */
  async query(endpoint: string, options: SpspQueryOptions = {}): Promise<SpspResult> {
    const url = endpointUrl(endpoint);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal =
      options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    try {
      const { response, finalUrl } = await this.#follow(url, requestHeaders(options), signal);
      return {
        ...(await this.#read(response)),
        host: new URL(url).host,
        finalHost: new URL(finalUrl).host,
        maxAgeSeconds: maxAgeSeconds(response.headers.get('cache-control')),
      };
    } catch (cause) {
      if (cause instanceof SpspError) throw cause;
      throw this.#failure(cause, new URL(url).host, timeout, options.signal);
    }
  }

  #failure(
    cause: unknown,
    host: string,
    timeout: AbortSignal,
    signal: AbortSignal | undefined,
  ): SpspError {
    if (signal?.aborted === true)
      return new SpspError('ABORTED', 'the query was cancelled', { cause });
    if (timeout.aborted) {
      const seconds = this.#timeoutMs / 1000;
      return new SpspError('TIMEOUT', `${host} did not answer within ${seconds} seconds`, {
        cause,
      });
    }
    return new SpspError('UNREACHABLE', `${host} cannot be reached: ${reasonOf(cause)}`, { cause });
  }

  /** Sends the request, and again to where redirects lead. */
  async #follow(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ response: Response; finalUrl: string }> {
    for (let redirects = 0; ; redirects++) {
      const response = await this.#fetch(url, { headers, signal, redirect: 'manual' });
      if (response.type === 'opaqueredirect') return this.#followInBrowser(url, headers, signal);
      if (response.status < 300 || response.status >= 400) return { response, finalUrl: url };
      await response.body?.cancel();
      if (redirects === this.#maxRedirects) {
        throw new SpspError('REDIRECT', `more than ${this.#maxRedirects} redirects`);
      }
      url = await this.#redirectTarget(url, response);
    }
  }

  /** A browser does not say where a redirect leads: it follows by itself, and only the last URL can be checked. */
  async #followInBrowser(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ response: Response; finalUrl: string }> {
    const response = await this.#fetch(url, { headers, signal, redirect: 'follow' });
    const target = new URL(response.url);
    await this.#checkTarget(new URL(url), target);
    return { response, finalUrl: target.href };
  }

  async #redirectTarget(from: string, response: Response): Promise<string> {
    const location = response.headers.get('location');
    if (location === null || !URL.canParse(location, from)) {
      throw new SpspError('REDIRECT', `status ${response.status} without a valid Location`, {
        status: response.status,
      });
    }
    const target = new URL(location, from);
    await this.#checkTarget(new URL(from), target);
    return target.href;
  }

  async #checkTarget(from: URL, target: URL): Promise<void> {
    if (target.protocol !== 'https:' || target.username !== '' || target.password !== '') {
      throw new SpspError('REDIRECT', `${from.host} redirects to a URL that is not plain https`);
    }
    if (from.host !== target.host && !(await this.#confirmRedirect(from.host, target.host))) {
      throw new SpspError(
        'REDIRECT',
        `the redirect from ${from.host} to ${target.host} was refused`,
      );
    }
  }

  async #read(response: Response): Promise<SpspDetails> {
    const { status } = response;
    if (status !== 200) {
      await response.body?.cancel();
      if (status === 404)
        throw new SpspError('NOT_FOUND', 'nobody has this payment pointer', { status });
      throw new SpspError(
        status >= 500 ? 'SERVER_ERROR' : 'REFUSED',
        `the SPSP server answered with status ${status}`,
        { status },
      );
    }
    if (!isSpspMediaType(response.headers.get('content-type'))) {
      await response.body?.cancel();
      throw new SpspError('BAD_RESPONSE', `the answer is not of the type ${SPSP_MEDIA_TYPE}`, {
        status,
      });
    }
    return decodeSpspDetails(await readText(response, this.#maxResponseBytes));
  }
}

/** The URL that a query goes to. */
function endpointUrl(endpoint: string): string {
  if (endpoint.startsWith('$')) return parsePaymentPointer(endpoint).url;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:') {
    throw new SpspError(
      'BAD_ENDPOINT',
      'expected a payment pointer such as $wallet.example/bob, or an https URL',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new SpspError('BAD_ENDPOINT', 'the URL of an SPSP endpoint has no user name or password');
  }
  return url.href;
}

function requestHeaders({ receipts }: SpspQueryOptions): Record<string, string> {
  return {
    accept: `${SPSP_MEDIA_TYPE}, ${SPSP_LEGACY_MEDIA_TYPE}`,
    ...(receipts === undefined
      ? {}
      : { 'receipt-nonce': receipts.nonce, 'receipt-secret': receipts.secret }),
  };
}

/** The body as text, as long as it is no longer than it may be. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    length += chunk.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new SpspError('BAD_RESPONSE', `the answer is longer than ${maxBytes} bytes`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  return reason instanceof Error ? reason.message : String(reason);
}
