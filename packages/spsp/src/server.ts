import type { StreamCredentials } from '@pennyswitch/stream';
import { decodeBase64 } from './base64.js';
import { acceptsSpsp, SPSP_MEDIA_TYPE } from './media-types.js';
import { encodeSpspDetails } from './response.js';

const RECEIPT_NONCE_LENGTH = 16;
const RECEIPT_SECRET_LENGTH = 32;

/** A query as the application sees it. */
export interface SpspQuery {
  /** The path of the SPSP endpoint, for example `/bob` or `/.well-known/pay`. */
  readonly path: string;
  /** What the asker wants receipts made with (RFC 0039), if it does. */
  readonly receipts: { readonly nonce: Uint8Array; readonly secret: Uint8Array } | undefined;
  readonly request: Request;
}

/** What the application gives to one asker. */
export interface SpspAnswer {
  /** Fresh for each query: two askers with one secret could read each other's packets (RFC 0009 "Response Body"). */
  readonly credentials: StreamCredentials;
  /** Whether the receiver will send receipts; default false. */
  readonly receiptsEnabled?: boolean;
}

/** Options of {@link createSpspHandler}. */
export interface SpspServerOptions {
  /** Gives credentials for the endpoint at a path; undefined where nobody has that pointer. */
  readonly answer: (query: SpspQuery) => SpspAnswer | undefined | Promise<SpspAnswer | undefined>;
  /**
   * For how many seconds clients may use the same details again, 1 or more; default: they may not (`no-cache`).
   */
  readonly maxAgeSeconds?: number;
  /** Told what `answer` throws; the asker learns only that something failed. */
  readonly onError?: (error: unknown) => void;
}

const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'web-monetization-id, receipt-nonce, receipt-secret',
} as const;

/**
 * An SPSP server (RFC 0009) as a function from `Request` to `Response`, which every JavaScript HTTP server can run.
 * @throws RangeError for a `maxAgeSeconds` that is no positive integer.
 */
export function createSpspHandler(
  options: SpspServerOptions,
): (request: Request) => Promise<Response> {
  const cacheControl = cacheControlOf(options.maxAgeSeconds);
  return async (request) => {
    if (request.method === 'OPTIONS') {
      return new Response(null, {
        status: 204,
        headers: { ...CORS_HEADERS, 'access-control-allow-methods': 'GET, HEAD, OPTIONS' },
      });
    }
    const response = await answerQuery(request, options, cacheControl);
    return request.method === 'HEAD' ? new Response(null, response) : response;
  };
}

async function answerQuery(
  request: Request,
  options: SpspServerOptions,
  cacheControl: string,
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(405, 'MethodNotAllowedError', 'Only GET, HEAD and OPTIONS are served', {
      allow: 'GET, HEAD, OPTIONS',
    });
  }
  if (!acceptsSpsp(request.headers.get('accept'))) {
    return failure(406, 'NotAcceptableError', `This endpoint answers with ${SPSP_MEDIA_TYPE} only`);
  }
  const receipts = readReceiptHeaders(request.headers);
  if (receipts === 'invalid') {
    return failure(
      400,
      'InvalidReceiptRequestError',
      'Receipt-Nonce (16 bytes) and Receipt-Secret (32 bytes) come together, in base64',
    );
  }
  try {
    const path = new URL(request.url).pathname;
    const answer = await options.answer({ path, receipts, request });
    // The text is RFC 0009's own ("receiver Does Not Exist").
    if (answer === undefined) return failure(404, 'InvalidReceiverError', 'Invalid receiver ID');
    return success(answer, cacheControl);
  } catch (error) {
    options.onError?.(error);
    return failure(500, 'InternalServerError', 'The receiver cannot be reached at the moment');
  }
}

function success(
  { credentials, receiptsEnabled = false }: SpspAnswer,
  cacheControl: string,
): Response {
  return new Response(encodeSpspDetails({ ...credentials, receiptsEnabled }), {
    headers: { ...CORS_HEADERS, 'content-type': SPSP_MEDIA_TYPE, 'cache-control': cacheControl },
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

function cacheControlOf(maxAge: number | undefined): string {
  if (maxAge === undefined) return 'no-cache';
  if (!Number.isSafeInteger(maxAge) || maxAge < 1) {
    throw new RangeError(`maxAgeSeconds is ${maxAge} and must be a positive integer (RFC 0009)`);
  }
  // Never in a shared cache: the answer holds a secret for this asker alone.
  return `private, max-age=${maxAge}`;
}

function readReceiptHeaders(headers: Headers): SpspQuery['receipts'] | 'invalid' {
  const nonceText = headers.get('receipt-nonce');
  const secretText = headers.get('receipt-secret');
  if (nonceText === null && secretText === null) return undefined;
  const nonce = nonceText === null ? undefined : decodeBase64(nonceText);
  const secret = secretText === null ? undefined : decodeBase64(secretText);
  return nonce?.length === RECEIPT_NONCE_LENGTH && secret?.length === RECEIPT_SECRET_LENGTH
    ? { nonce, secret }
    : 'invalid';
}
