import type { StreamCredentials } from '@pennyswitch/stream';
import { decodeBase64 } from './base64.js';
import { acceptsSpsp, SPSP_MEDIA_TYPE } from './media-types.js';
import { RateLimit, type RateLimitOptions } from './rate-limit.js';
import { encodeSpspDetails, type PushDetails } from './response.js';

const RECEIPT_NONCE_LENGTH = 16;
const RECEIPT_SECRET_LENGTH = 32;

/** A query as the application sees it. */
export interface SpspQuery {
  /** The path of the SPSP endpoint, for example `/bob` or `/.well-known/pay`. */
  readonly path: string;
  /** The host that was asked, in lower case, with its port where it has one; empty where the asker named none. */
  readonly host: string;
  /** What the asker wants receipts made with (RFC 0039), if it does. */
  readonly receipts: { readonly nonce: Uint8Array; readonly secret: Uint8Array } | undefined;
  /** The asker's address as the HTTP server knows it. */
  readonly clientAddress: string | undefined;
  /** A field of the request's header; null where it has none of that name. */
  readonly header: (name: string) => string | null;
}

/** What the application gives to one asker. */
export interface SpspAnswer {
  /** Fresh for each query: two askers with one secret could read each other's packets (RFC 0009 "Response Body"). */
  readonly credentials: StreamCredentials;
  /** Whether the receiver will send receipts; default false. */
  readonly receiptsEnabled?: boolean;
  /** What the asker is told of an invoice, in the fields of RFC 0037. */
  readonly push?: PushDetails;
}

/** The answer for a pointer that takes no more money, such as that of a paid invoice: status 410. */
export interface SpspGone {
  readonly gone: string;
}

/** Options of {@link createSpspHandler}. */
export interface SpspServerOptions {
  /** Gives credentials for the endpoint at a path; undefined where nobody has that pointer. */
  readonly answer: (
    query: SpspQuery,
  ) => SpspAnswer | SpspGone | undefined | Promise<SpspAnswer | SpspGone | undefined>;
  /**
   * For how many seconds clients may use the same details again, 1 or more; default: they may not (`no-cache`).
   */
  readonly maxAgeSeconds?: number;
  /** How often one address may ask; default: as often as it likes. */
  readonly rateLimit?: RateLimitOptions;
  /** Told what `answer` throws; the asker learns only that something failed. */
  readonly onError?: (error: unknown) => void;
}

/** A request without the platform's `Request` around it: what adapters to HTTP servers make. */
export interface PlainRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  readonly header: (name: string) => string | null;
  readonly clientAddress: string | undefined;
}

/** A response without the platform's `Response` around it. */
export interface PlainResponse {
  readonly status: number;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an HTTP server knows of a request beside the request. */
export interface ClientInfo {
  readonly clientAddress?: string | undefined;
}

/**
 * A function from `Request` to `Response`, and the same without these two classes for servers that do not have them: there the
 * server leaves the body out where the method is HEAD or the status 204.
 */
export interface SpspHandler {
  (request: Request, info?: ClientInfo): Promise<Response>;
  readonly plain: (request: PlainRequest) => Promise<PlainResponse>;
}

const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'web-monetization-id',
  // Cache-Control is shown to scripts anyway.
  'access-control-expose-headers': 'retry-after',
} as const;
/** What a page's preflight is told that is about to ask for receipts (RFC 0039). */
const ALLOWED_WITH_RECEIPTS = 'web-monetization-id, receipt-nonce, receipt-secret';
const METHODS = 'GET, HEAD, OPTIONS';

/**
 * An SPSP server (RFC 0009) as a function from `Request` to `Response`, which every JavaScript HTTP server can run.
 * @throws RangeError for a `maxAgeSeconds` that is no positive integer, or a `rateLimit` that limits nothing.
 */
export function createSpspHandler(options: SpspServerOptions): SpspHandler {
  const successHeaders = {
    ...CORS_HEADERS,
    'content-type': SPSP_MEDIA_TYPE,
    'cache-control': cacheControlOf(options.maxAgeSeconds),
  };
  const limit = options.rateLimit === undefined ? undefined : new RateLimit(options.rateLimit);
  const plain = (request: PlainRequest): Promise<PlainResponse> =>
    respond(request, options, successHeaders, limit);
  return Object.assign(
    async (request: Request, info: ClientInfo = {}) => {
      const { headers } = request;
      const { status, ...response } = await plain({
        method: request.method,
        path: new URL(request.url).pathname,
        header: (name) => headers.get(name) ?? (name === 'host' ? new URL(request.url).host : null),
        clientAddress: info.clientAddress,
      });
      const hasBody = status !== 204 && request.method !== 'HEAD';
      return new Response(hasBody ? response.body : null, { status, headers: response.headers });
    },
    { plain },
  );
}

async function respond(
  request: PlainRequest,
  options: SpspServerOptions,
  successHeaders: PlainResponse['headers'],
  limit: RateLimit | undefined,
): Promise<PlainResponse> {
  const { method, path, header, clientAddress } = request;
  const waitMs = clientAddress === undefined ? 0 : (limit?.take(clientAddress) ?? 0);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1000).toString();
    return failure(429, 'TooManyRequestsError', `Ask again in ${seconds} seconds`, {
      'retry-after': seconds,
    });
  }
  if (method === 'OPTIONS') {
    const wants = header('access-control-request-headers') ?? '';
    const headers = {
      ...CORS_HEADERS,
      ...(/receipt-/i.test(wants) ? { 'access-control-allow-headers': ALLOWED_WITH_RECEIPTS } : {}),
      vary: 'access-control-request-headers',
      'access-control-allow-methods': METHODS,
      'access-control-max-age': '86400',
    };
    return { status: 204, headers, body: '' };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    const allow = { allow: METHODS };
    return failure(405, 'MethodNotAllowedError', `Only ${METHODS} are served`, allow);
  }
  if (!acceptsSpsp(header('accept'))) {
    return failure(406, 'NotAcceptableError', `This endpoint answers with ${SPSP_MEDIA_TYPE} only`);
  }
  const receipts = readReceiptHeaders(header);
  if (receipts === 'invalid') {
    return failure(
      400,
      'InvalidReceiptRequestError',
      'Receipt-Nonce (16 bytes) and Receipt-Secret (32 bytes) come together, in base64',
    );
  }
  const host = (header('host') ?? '').toLowerCase();
  try {
    const answer = await options.answer({ path, host, receipts, clientAddress, header });
    // The text is RFC 0009's own ("receiver Does Not Exist").
    if (answer === undefined) return failure(404, 'InvalidReceiverError', 'Invalid receiver ID');
    if ('gone' in answer) return failure(410, 'ReceiverGoneError', answer.gone);
    return success(answer, successHeaders);
  } catch (error) {
    options.onError?.(error);
    return failure(500, 'InternalServerError', 'The receiver cannot be reached at the moment');
  }
}

function success(
  { credentials, receiptsEnabled = false, push }: SpspAnswer,
  headers: PlainResponse['headers'],
): PlainResponse {
  return {
    status: 200,
    headers,
    body: encodeSpspDetails({ ...credentials, receiptsEnabled, push }),
  };
}

/** Errors as RFC 0009 shows them ("Errors"): an `id` for programs and a `message` for people. */
function failure(
  status: number,
  id: string,
  message: string,
  headers: Record<string, string> = {},
): PlainResponse {
  return {
    status,
    headers: {
      ...CORS_HEADERS,
      'content-type': SPSP_MEDIA_TYPE,
      'cache-control': 'no-cache',
      ...headers,
    },
    body: JSON.stringify({ id, message }),
  };
}

function cacheControlOf(maxAge: number | undefined): string {
  if (maxAge === undefined) return 'no-cache';
  if (!Number.isSafeInteger(maxAge) || maxAge < 1) {
    throw new RangeError(`maxAgeSeconds is ${maxAge} and must be a positive integer (RFC 0009)`);
  }
  // Never in a shared cache: the answer holds a secret for this asker alone.
  return `private, max-age=${maxAge}`;
}

function readReceiptHeaders(header: SpspQuery['header']): SpspQuery['receipts'] | 'invalid' {
  const nonceText = header('receipt-nonce');
  const secretText = header('receipt-secret');
  if (nonceText === null && secretText === null) return undefined;
  const nonce = nonceText === null ? undefined : decodeBase64(nonceText);
  const secret = secretText === null ? undefined : decodeBase64(secretText);
  return nonce?.length === RECEIPT_NONCE_LENGTH && secret?.length === RECEIPT_SECRET_LENGTH
    ? { nonce, secret }
    : 'invalid';
}
