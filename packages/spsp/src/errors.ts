/**
 * Why a query brought no payment details:
 * - `BAD_ENDPOINT`: what was given is neither a payment pointer nor an https URL;
 * - `NOT_FOUND`: the server knows nobody by this pointer (404);
 * - `REFUSED`: it answered with another 4xx: asking again will not help;
 * - `SERVER_ERROR`: it answered with 5xx: asking later may help;
 * - `UNREACHABLE`: no connection, or none with a valid certificate;
 * - `TIMEOUT`: no complete answer in time;
 * - `REDIRECT`: it leads to somewhere that is not followed;
 * - `BAD_RESPONSE`: its answer is no SPSP response;
 * - `ABORTED`: the caller's signal.
 */
export type SpspErrorCode =
  | 'BAD_ENDPOINT'
  | 'NOT_FOUND'
  | 'REFUSED'
  | 'SERVER_ERROR'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'REDIRECT'
  | 'BAD_RESPONSE'
  | 'ABORTED';

/** A query that brought no payment details. */
export class SpspError extends Error {
  override readonly name = 'SpspError';
  readonly code: SpspErrorCode;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    code: SpspErrorCode,
    message: string,
    options: ErrorOptions & { status?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
  }

  /** Whether the same query may succeed later. */
  get isRetryable(): boolean {
    return this.code === 'SERVER_ERROR' || this.code === 'UNREACHABLE' || this.code === 'TIMEOUT';
  }
}
