/**
 * Why a query brought no payment details:
 * - `BAD_ENDPOINT`: what was given is neither a payment pointer nor an https URL;
 * - `NOT_FOUND`: the server knows nobody by this pointer (404);
 * - `GONE`: whoever had it takes no more money, a paid invoice for example (410);
 * - `REFUSED`: it answered with another 4xx: asking again will not help;
 * - `BUSY`: it has been asked too often, or was too slow to take the query (429, 408): asking later may help;
 * - `SERVER_ERROR`: it answered with 5xx: asking later may help;
 * - `UNREACHABLE`: no connection, or none with a valid certificate;
 * - `FORBIDDEN_ADDRESS`: its name leads into a private network, where this client does not go;
 * - `TIMEOUT`: no complete answer in time;
 * - `REDIRECT`: it leads to somewhere that is not followed;
 * - `BAD_RESPONSE`: its answer is no SPSP response;
 * - `ABORTED`: the caller's signal.
 */
export type SpspErrorCode =
  | 'BAD_ENDPOINT'
  | 'NOT_FOUND'
  | 'GONE'
  | 'REFUSED'
  | 'BUSY'
  | 'SERVER_ERROR'
  | 'UNREACHABLE'
  | 'FORBIDDEN_ADDRESS'
  | 'TIMEOUT'
  | 'REDIRECT'
  | 'BAD_RESPONSE'
  | 'ABORTED';

const RETRYABLE: ReadonlySet<SpspErrorCode> = new Set([
  'BUSY',
  'SERVER_ERROR',
  'UNREACHABLE',
  'TIMEOUT',
]);

/** A query that brought no payment details. */
export class SpspError extends Error {
  override readonly name = 'SpspError';
  readonly code: SpspErrorCode;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** How long the server asks to wait before the next query, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: SpspErrorCode,
    message: string,
    options: ErrorOptions & { status?: number | undefined; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same query may succeed later. */
  get isRetryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
