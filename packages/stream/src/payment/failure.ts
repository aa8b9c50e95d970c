import { ilpErrorName, type IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { Asset } from '../asset.js';
import { streamErrorName } from '../error-codes.js';
import type { Remote } from '../connection/remote.js';
import type { CancelReason, Outcome, RejectedOutcome } from '../connection/task.js';
import { PaymentError, type PaymentErrorCode } from './payment-error.js';

/** What a packet came to that did not get through. */
export type Failure = Exclude<Outcome, { type: 'fulfilled' }>;

const CODES: Readonly<Partial<Record<IlpErrorCode, PaymentErrorCode>>> = {
  F02: 'NO_ROUTE',
  F06: 'RECEIVER_REFUSED',
  F07: 'RECEIVER_REFUSED',
  F99: 'RECEIVER_REFUSED',
  F04: 'RATE_TOO_LOW',
  T01: 'RECEIVER_UNREACHABLE',
  T04: 'INSUFFICIENT_LIQUIDITY',
  R01: 'AMOUNT_TOO_SMALL',
};

const SENTENCES: Readonly<Partial<Record<PaymentErrorCode, string>>> = {
  NO_ROUTE: 'no route leads to the receiver',
  RECEIVER_REFUSED: 'the receiver refuses the payment',
  RECEIVER_UNREACHABLE: 'the receiver cannot be reached now',
  RATE_TOO_LOW: 'less arrives than the minimum',
  INSUFFICIENT_LIQUIDITY: 'an account on the way has not enough balance or liquidity',
  AMOUNT_TOO_SMALL: 'the amount rounds to nothing on the way',
  TIMED_OUT: 'the payment made no progress in time',
  REJECTED: 'a node on the way rejects the payment',
};

/** The error that the last failure of a payment stands for; `fallback` where none was met. */
export function explainFailure(
  failure: Failure | undefined,
  fallback: PaymentErrorCode = 'NO_ANSWER',
): PaymentError {
  if (failure === undefined || failure.type === 'unknown') {
    return new PaymentError(fallback, 'packets were not answered', { cause: failure?.cause });
  }
  return explainReject(failure);
}

function explainReject(reject: RejectedOutcome): PaymentError {
  const { code: ilpCode, triggeredBy, isLocal } = reject;
  const code = isLocal
    ? 'TIMED_OUT'
    : (CODES[ilpCode] ?? (ilpCode.startsWith('F') ? 'REJECTED' : 'TIMED_OUT'));
  const from = triggeredBy === '' ? '' : ` from ${triggeredBy}`;
  const said = reject.message === '' ? '' : `: ${printable(reject.message)}`;
  const sentence = SENTENCES[code] ?? SENTENCES.REJECTED ?? '';
  return new PaymentError(code, `${sentence} (${ilpCode} ${ilpErrorName(ilpCode)}${from}${said})`, {
    ilpCode: isLocal ? undefined : ilpCode,
    triggeredBy: triggeredBy === '' ? undefined : triggeredBy,
  });
}

/** The error for a task that was told to stop. */
export function explainCancel(reason: CancelReason): PaymentError {
  return reason.type === 'aborted'
    ? new PaymentError('CANCELLED', 'the payment was cancelled', { cause: reason.reason })
    : new PaymentError(
        'CONNECTION_EXHAUSTED',
        'the connection has sent its 2^31 packets (RFC 0029 5.1.3)',
      );
}

/** The error for what the receiver has said of itself; undefined where nothing is wrong with that. */
export function findRemoteFault(remote: Remote): PaymentError | undefined {
  const { close, contradiction, asset } = remote;
  if (close !== undefined) {
    const said = close.errorMessage === '' ? '' : `: ${printable(close.errorMessage)}`;
    return new PaymentError(
      'RECEIVER_CLOSED',
      `the receiver closed the ${close.scope} (${streamErrorName(close.errorCode)}${said})`,
    );
  }
  if (contradiction !== undefined && asset !== undefined) {
    return new PaymentError(
      'ASSET_CONFLICT',
      `the receiver counts in ${nameOf(asset)} and in ${nameOf(contradiction)} (RFC 0029 5.3.14)`,
    );
  }
  return undefined;
}

/** An asset for people. */
export function nameOf({ code, scale }: Asset): string {
  return `${printable(code)} at scale ${scale}`;
}

/** Text of others, without what could move a terminal's cursor, and not too much of it. */
function printable(text: string): string {
  return text.replace(/[^\P{C} ]/gu, '?').slice(0, 200);
}
