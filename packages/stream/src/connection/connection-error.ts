import type { IlpErrorCode } from '@pennyswitch/ilp-packet';

/** Why a connection, a stream, or something asked of them failed. */
export type StreamConnectionErrorCode =
  /** This end closed it. */
  | 'CLOSED'
  /** The other end closed it; `streamErrorCode` is its reason. */
  | 'REMOTE_CLOSED'
  /** The other end broke the protocol; `streamErrorCode` says how. */
  | 'PROTOCOL_VIOLATION'
  /** Nothing was heard of the other end for too long. */
  | 'IDLE'
  /** The connection has sent or received its 2^31 packets (RFC 0029 5.1.3). */
  | 'EXHAUSTED'
  /** A node on the path refuses packets for good; `ilpCode` says why. */
  | 'PATH_FAILED'
  /** No money got through for too long. */
  | 'NO_PROGRESS'
  /** Less arrives than the minimum rate allows. */
  | 'RATE_TOO_LOW'
  /** The amount rounds to nothing on the way. */
  | 'AMOUNT_TOO_SMALL'
  /** Nobody told what became of some packets: their money may have been paid. */
  | 'OUTCOME_UNKNOWN'
  /** The other end allows no further stream for now. */
  | 'TOO_MANY_STREAMS'
  /** What was asked for makes no sense: a limit that shrinks, a negative amount. */
  | 'INVALID'
  /** The caller's signal stopped it. */
  | 'ABORTED';

/** What an error may say beside code and message. */
export interface StreamConnectionErrorOptions extends ErrorOptions {
  readonly streamErrorCode?: number;
  readonly ilpCode?: IlpErrorCode;
}

/** A failure of a connection, of a stream, or of something that was asked of them. */
export class StreamConnectionError extends Error {
  override readonly name: string = 'StreamConnectionError';
  readonly code: StreamConnectionErrorCode;
  /** The code of RFC 0029 5.4 that went over the wire, where one did. */
  readonly streamErrorCode: number | undefined;
  /** The code of the last Reject, where one was the cause. */
  readonly ilpCode: IlpErrorCode | undefined;

  constructor(
    code: StreamConnectionErrorCode,
    message: string,
    options: StreamConnectionErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.streamErrorCode = options.streamErrorCode;
    this.ilpCode = options.ilpCode;
  }
}
