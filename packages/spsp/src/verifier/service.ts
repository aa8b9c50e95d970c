import {
  ReceiptVerifier,
  type Clock,
  type RandomBytes,
  type ReceiptSetup,
} from '@pennyswitch/stream';
import { decodeBase64, encodeBase64 } from '../base64.js';
import { SpspClient } from '../client.js';
import { SpspError, type SpspErrorCode } from '../errors.js';
import { acceptsSpsp, SPSP_MEDIA_TYPE } from '../media-types.js';
import { PaymentPointerError } from '../payment-pointer.js';
import { RateLimit, type RateLimitOptions } from '../rate-limit.js';
import type { ClientInfo } from '../server.js';
import type { ReceiptBook } from './receipt-book.js';

/** Options of {@link createReceiptVerifier}. */
export interface ReceiptVerifierServiceOptions {
  /** 32 random bytes of the verifier's own: all receipt secrets follow from it. */
  readonly secret: Uint8Array;
  readonly book: ReceiptBook;
  /**
   * The receiver behind a path: a payment pointer or the URL of an SPSP endpoint; undefined where there is none. Where paths
   * name receivers that anybody chose, give a `client` that stays out of private networks.
   */
  readonly receiverOf: (path: string) => string | undefined;
  /** Asks receivers; default: one with default options. */
  readonly client?: SpspClient;
  /** What may spend from balances: the token that its requests carry. Without one, nobody may. */
  readonly spendToken?: string;
  /** How long after a query its receipts are credited, in milliseconds; default one hour. */
  readonly maxAgeMs?: number;
  readonly rateLimit?: RateLimitOptions;
  readonly clock?: Pick<Clock, 'now'>;
  readonly randomBytes?: RandomBytes;
  /** Told of what fails here; the asker learns only that something did. */
  readonly onError?: (error: unknown) => void;
}

const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'web-monetization-id, content-type, authorization',
};
const METHODS = 'GET, HEAD, POST, OPTIONS';
/** The longest body that is read, in bytes. */
const MAX_BODY_LENGTH = 4_096;
const BALANCE_PATH = /^\/balances\/([A-Za-z0-9_-]{1,128})(\/receipts|\/spend)?$/;

/** Statuses for a receiver that gave no details. */
const STATUS_OF: Partial<Record<SpspErrorCode, number>> = {
  NOT_FOUND: 404,
  GONE: 410,
  BUSY: 503,
  TIMEOUT: 504,
};

/**
 * A receipt verifier (RFC 0039) as a service of its own:
 *
 * - `GET` of any other path is an SPSP query: it is passed on to the receiver with `Receipt-Nonce` and `Receipt-Secret` (and
 *   `Web-Monetization-Id`, where it has one), and answered with what the receiver says, or 409 where it does not enable
 *   receipts;
 * - `POST /receipts` with a receipt in base64 credits it, once: `{ credited, totalReceived, streamId }`;
 * - `POST /balances/ID/receipts` credits it to a balance, `GET /balances/ID` shows that, and `POST /balances/ID/spend` with
 *   `{ "amount": "100" }` and the bearer token takes from it, or answers 409.
 */
export function createReceiptVerifier(
  options: ReceiptVerifierServiceOptions,
): (request: Request, info?: ClientInfo) => Promise<Response> {
  const service = new Service(options);
  return async (request, info = {}) => {
    const response = await service.answer(request, info);
    const { status, headers } = response;
    return request.method === 'HEAD' ? new Response(null, { status, headers }) : response;
  };
}

class Service {
  readonly #options: ReceiptVerifierServiceOptions;
  readonly #client: SpspClient;
  readonly #limit: RateLimit | undefined;

  constructor(options: ReceiptVerifierServiceOptions) {
    this.#options = options;
    this.#client = options.client ?? new SpspClient();
    this.#limit = options.rateLimit === undefined ? undefined : new RateLimit(options.rateLimit);
    this.#verifier(undefined);
  }

  async answer(request: Request, { clientAddress }: ClientInfo): Promise<Response> {
    const waitMs = clientAddress === undefined ? 0 : (this.#limit?.take(clientAddress) ?? 0);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000).toString();
      const headers = { 'retry-after': seconds };
      return failure(429, 'TooManyRequestsError', `Ask again in ${seconds} seconds`, headers);
    }
    const { method } = request;
    const { pathname } = new URL(request.url);
    const [, balance, action] = BALANCE_PATH.exec(pathname) ?? [];
    try {
      if (method === 'OPTIONS') {
        const allow = { 'access-control-allow-methods': METHODS };
        return new Response(null, { status: 204, headers: { ...CORS_HEADERS, ...allow } });
      }
      if (method === 'POST' && pathname === '/receipts') return await this.#credit(request);
      if (method === 'POST' && balance !== undefined) {
        if (action === '/receipts') return await this.#credit(request, balance);
        if (action === '/spend') return await this.#spend(request, balance);
      }
      if (method !== 'GET' && method !== 'HEAD') {
        const allow = { allow: METHODS };
        return failure(405, 'MethodNotAllowedError', 'This cannot be done here', allow);
      }
      if (balance !== undefined && action === undefined) return this.#balance(balance);
      return await this.#query(request, pathname);
    } catch (error) {
      this.#options.onError?.(error);
      return failure(500, 'InternalServerError', 'The verifier cannot answer at the moment');
    }
  }

  /** Passes an SPSP query on (RFC 0039 "SPSP"). */
  async #query(request: Request, path: string): Promise<Response> {
    if (!acceptsSpsp(request.headers.get('accept'))) {
      return failure(
        406,
        'NotAcceptableError',
        `Queries are answered with ${SPSP_MEDIA_TYPE} only`,
      );
    }
    const receiver = this.#options.receiverOf(path);
    if (receiver === undefined) return failure(404, 'InvalidReceiverError', 'Invalid receiver ID');
    const setup = this.#verifier(undefined).createSetup();
    const monetizationId = request.headers.get('web-monetization-id');
    try {
      const { result, body, cacheControl } = await this.#client.exchange(receiver, {
        receipts: headersOf(setup),
        ...(monetizationId === null ? {} : { monetizationId }),
        signal: request.signal,
      });
      if (!result.receiptsEnabled) {
        return failure(409, 'ReceiptsNotEnabledError', 'The receiver gives no receipts');
      }
      return new Response(body, {
        headers: {
          ...CORS_HEADERS,
          'content-type': SPSP_MEDIA_TYPE,
          'cache-control': cacheControl ?? 'no-cache',
        },
      });
    } catch (error) {
      if (!(error instanceof SpspError) && !(error instanceof PaymentPointerError)) throw error;
      const status = error instanceof SpspError ? (STATUS_OF[error.code] ?? 502) : 502;
      const id = status === 404 ? 'InvalidReceiverError' : 'ReceiverUnavailableError';
      return failure(status, id, status === 404 ? 'Invalid receiver ID' : error.message);
    }
  }

  async #credit(request: Request, balance?: string): Promise<Response> {
    const text = await readBody(request);
    const bytes = text === undefined ? undefined : decodeBase64(text.trim());
    const verdict = await this.#verifier(balance).credit(bytes ?? new Uint8Array(0));
    if (!verdict.valid) {
      const message = verdict.reason === 'stale' ? 'It is too old' : 'It is no receipt of ours';
      return failure(400, 'InvalidReceiptError', message);
    }
    const { credited, receipt } = verdict;
    return json(200, {
      credited: credited.toString(),
      totalReceived: receipt.totalReceived.toString(),
      streamId: receipt.streamId,
      ...(balance === undefined ? {} : { balance: this.#options.book.balance(balance).toString() }),
    });
  }

  #balance(id: string): Response {
    return json(200, { balance: this.#options.book.balance(id).toString() });
  }

  async #spend(request: Request, id: string): Promise<Response> {
    const { spendToken } = this.#options;
    const given = request.headers.get('authorization');
    if (spendToken === undefined || !isSameText(given ?? '', `Bearer ${spendToken}`)) {
      const headers = { 'www-authenticate': 'Bearer' };
      return failure(401, 'UnauthorizedError', 'Spending needs the bearer token', headers);
    }
    const amount = amountIn(await readBody(request));
    if (amount === undefined) {
      return failure(400, 'InvalidAmountError', 'Expected {"amount": "100"}, above 0');
    }
    const left = await this.#options.book.spend(id, amount);
    if (left === undefined) {
      return failure(409, 'InsufficientBalanceError', 'There is less in the balance');
    }
    return json(200, { balance: left.toString() });
  }

  /** Stateless but for its store, so one for each request costs nothing. */
  #verifier(balance: string | undefined): ReceiptVerifier {
    const { secret, book, maxAgeMs, clock, randomBytes } = this.#options;
    return new ReceiptVerifier({
      secret,
      store: book.storeFor(balance),
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
      ...(clock === undefined ? {} : { clock }),
      ...(randomBytes === undefined ? {} : { randomBytes }),
    });
  }
}

function headersOf({ nonce, secret }: ReceiptSetup): { nonce: string; secret: string } {
  return { nonce: encodeBase64(nonce), secret: encodeBase64(secret) };
}

/** The body as text; undefined for one that is longer than any that makes sense here. */
async function readBody({ body }: Request): Promise<string | undefined> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let length = 0; ;) {
    const chunk = await reader.read();
    if (chunk.done) return text + decoder.decode();
    length += chunk.value.length;
    if (length > MAX_BODY_LENGTH) {
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}

function amountIn(text: string | undefined): bigint | undefined {
  try {
    const body: unknown = JSON.parse(text ?? '');
    const amount = typeof body === 'object' && body !== null && 'amount' in body ? body.amount : '';
    return typeof amount === 'string' && /^[1-9][0-9]{0,19}$/.test(amount)
      ? BigInt(amount)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Looks at every character, so that the time taken does not tell how many are right. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...CORS_HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

function failure(
  status: number,
  id: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ id, message }), {
    status,
    headers: {
      ...CORS_HEADERS,
      'content-type': SPSP_MEDIA_TYPE,
      'cache-control': 'no-cache',
      ...headers,
    },
  });
}
