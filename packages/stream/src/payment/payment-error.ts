import type { IlpErrorCode } from '@pennyswitch/ilp-packet';

/**
 * Why a payment could not be quoted or did not come to its end:
 *
 * | code | what happened |
 * | --- | --- |
 * | `INVALID_AMOUNT` | the amount, slippage or a price is out of its range |
 * | `NO_ROUTE` | a connector knows no way to the receiver (F02) |
 * | `RECEIVER_UNREACHABLE` | the last node is not connected now (T01) |
 * | `RECEIVER_REFUSED` | the receiver does not know these credentials, or declines the money (F06, F07, F99) |
 * | `RECEIVER_CLOSED` | the receiver closed the connection or the stream |
 * | `RECEIVE_LIMIT` | the receiver takes no more than it has got, or less than the payment needs |
 * | `RATE_TOO_LOW` | less arrives than the minimum |
 * | `RATE_UNKNOWN` | no probe told what arrives |
 * | `PRICE_UNKNOWN` | prices were given, but none for one of the assets |
 * | `ASSET_UNKNOWN` | prices were given, but the receiver does not say what it counts in |
 * | `ASSET_CONFLICT` | the receiver named two different assets |
 * | `AMOUNT_TOO_SMALL` | it rounds to nothing on the way |
 * | `PACKET_LIMIT_TOO_SMALL` | a connector's largest packet rounds to nothing on the way |
 * | `INSUFFICIENT_LIQUIDITY` | an account on the way, perhaps the sender's own, has not enough (T04) |
 * | `TIMED_OUT` | temporary errors or expired packets until the time for progress was over |
 * | `NO_ANSWER` | packets were not answered at all |
 * | `OUTCOME_UNKNOWN` | what is missing is in packets whose fate nobody told; it is not sent again |
 * | `REJECTED` | another final error of the path |
 * | `CANCELLED` | the caller's AbortSignal |
 * | `CONNECTION_EXHAUSTED` | 2^31 packets were sent |
 * | `QUOTE_USED` | the quote was paid or closed before |
 * | `BAD_STATE` | the saved state of a payment cannot be read, or it belongs to a connection that is closed |
 * | `ALREADY_PAID` | the saved state is that of a payment that has come to its end |
 * | `STATE_NOT_SAVED` | what is about to be sent could not be saved, so it was not sent |
 */
export type PaymentErrorCode =
  | 'INVALID_AMOUNT'
  | 'NO_ROUTE'
  | 'RECEIVER_UNREACHABLE'
  | 'RECEIVER_REFUSED'
  | 'RECEIVER_CLOSED'
  | 'RECEIVE_LIMIT'
  | 'RATE_TOO_LOW'
  | 'RATE_UNKNOWN'
  | 'PRICE_UNKNOWN'
  | 'ASSET_UNKNOWN'
  | 'ASSET_CONFLICT'
  | 'AMOUNT_TOO_SMALL'
  | 'PACKET_LIMIT_TOO_SMALL'
  | 'INSUFFICIENT_LIQUIDITY'
  | 'TIMED_OUT'
  | 'NO_ANSWER'
  | 'OUTCOME_UNKNOWN'
  | 'REJECTED'
  | 'CANCELLED'
  | 'CONNECTION_EXHAUSTED'
  | 'QUOTE_USED'
  | 'BAD_STATE'
  | 'ALREADY_PAID'
  | 'STATE_NOT_SAVED';

/** What a {@link PaymentError} may carry beside code and message. */
export interface PaymentErrorOptions extends ErrorOptions {
  readonly ilpCode?: IlpErrorCode | undefined;
  readonly triggeredBy?: string | undefined;
  readonly leastAmount?: bigint | undefined;
}

/** A payment that could not be quoted, or did not come to its end. Its message is one line for a person. */
export class PaymentError extends Error {
  override readonly name = 'PaymentError';
  readonly code: PaymentErrorCode;
  /** The code of the Reject that decided. */
  readonly ilpCode: IlpErrorCode | undefined;
  /** The node that sent that Reject, as it says of itself; undefined where it does not say. */
  readonly triggeredBy: string | undefined;
  /** With `AMOUNT_TOO_SMALL`: the least source amount of which anything arrives. */
  readonly leastAmount: bigint | undefined;

  constructor(code: PaymentErrorCode, message: string, options: PaymentErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.ilpCode = options.ilpCode;
    this.triggeredBy = options.triggeredBy;
    this.leastAmount = options.leastAmount;
  }
}
