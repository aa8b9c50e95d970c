/**
 * Why a request has no reply.
 *
 * | code | sent | meaning |
 * | --- | --- | --- |
 * | `NO_URL` | no | the peer has no URL: it can be answered, not asked |
 * | `CLOSING` | no or unknown | the link is closing and takes no new requests, or did not wait longer for this one |
 * | `TOO_LARGE` | no | the packet is above the size limit |
 * | `TOO_MANY_REQUESTS` | no | the limit of requests in flight is reached |
 * | `NO_CREDENTIALS` | no | our own token could not be had |
 * | `UNREACHABLE` | no | no connection: name, network, TLS or certificate |
 * | `DEADLINE_PASSED` | no or unknown | no reply before the deadline |
 * | `ABORTED` | no or unknown | the caller's signal |
 * | `CONNECTION_LOST` | unknown | the connection ended with the request in flight |
 * | `PEER_STATUS` | yes | the peer, or a proxy before it, answered with an HTTP error, see `status` |
 * | `BAD_REPLY` | unknown | the answer is no reply: wrong status, type or size |
 */
export type IlpHttpErrorCode =
  | 'NO_URL'
  | 'CLOSING'
  | 'TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'NO_CREDENTIALS'
  | 'UNREACHABLE'
  | 'DEADLINE_PASSED'
  | 'ABORTED'
  | 'CONNECTION_LOST'
  | 'PEER_STATUS'
  | 'BAD_REPLY';

/**
 * Whether the peer got a request that has no reply: `no` (it never left, another path may be tried), `yes` (it was
 * answered with an HTTP error), or `unknown` (it left, and no reply came back: the peer may have acted on it).
 */
export type IlpHttpSent = 'yes' | 'no' | 'unknown';

/** A request that has no reply. */
export class IlpHttpError extends Error {
  override readonly name = 'IlpHttpError';
  /** Stable, for programs. */
  readonly code: IlpHttpErrorCode;
  readonly sent: IlpHttpSent;
  /** The HTTP status of the answer, where there is one. RFC 0035 asks for a T00 Reject where it is 500 or above. */
  readonly status: number | undefined;

  constructor(
    code: IlpHttpErrorCode,
    sent: IlpHttpSent,
    message: string,
    options: ErrorOptions & { readonly status?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.sent = sent;
    this.status = options.status;
  }
}

/** A setting that cannot be used. The message never holds a secret. */
export class IlpHttpConfigError extends Error {
  override readonly name = 'IlpHttpConfigError';
  /** Stable, for programs. */
  readonly code = 'BAD_CONFIG';
}
