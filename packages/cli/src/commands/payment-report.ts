import type { PaymentError, PaymentErrorCode, PaymentOutcome, Quote } from '@pennyswitch/stream';
import { BigNumber } from 'bignumber.js';
import { ExitCode } from '../exit-codes.js';
import { jsonAmount, showAmount, type AssetLike, type JsonAmount } from './output.js';

const EXIT_CODES: Partial<Record<PaymentErrorCode, ExitCode>> = {
  NO_ROUTE: ExitCode.noRoute,
  RECEIVER_UNREACHABLE: ExitCode.receiverOffline,
  NO_ANSWER: ExitCode.receiverOffline,
  RATE_TOO_LOW: ExitCode.rate,
  RATE_UNKNOWN: ExitCode.rate,
  ASSET_UNKNOWN: ExitCode.rate,
  INSUFFICIENT_LIQUIDITY: ExitCode.insufficientBalance,
  CANCELLED: ExitCode.ok,
};

/** The exit code for a payment that did not come to its end. */
export function exitCodeOf({ code }: Pick<PaymentError, 'code'>): ExitCode {
  return EXIT_CODES[code] ?? ExitCode.paymentFailed;
}

/** A receiver that does not say what it counts in: its amounts are shown as they are. */
const UNKNOWN_ASSET: AssetLike = { code: 'units', scale: 0 };

/** How many digits of a rate a person is shown. */
const RATE_DIGITS = 8;

/** Whole units of the receiver's asset for one whole unit of the sender's; undefined where nothing was sent. */
function effectiveRate(quote: Quote, { effectiveRate: rate }: PaymentOutcome): string | undefined {
  if (rate === undefined) return undefined;
  const destination = quote.destinationAsset ?? UNKNOWN_ASSET;
  return new BigNumber(rate.numerator.toString())
    .shiftedBy(quote.sourceAsset.scale - destination.scale)
    .div(rate.denominator.toString())
    .precision(RATE_DIGITS)
    .toFixed();
}

function receiptOf({ receipt }: PaymentOutcome): string | undefined {
  return receipt === undefined ? undefined : Buffer.from(receipt).toString('base64');
}

/** A quote for programs. */
export function jsonQuote(quote: Quote): object {
  const destination = quote.destinationAsset ?? UNKNOWN_ASSET;
  return {
    maxSource: jsonAmount(quote.maxSource, quote.sourceAsset),
    minDelivery: jsonAmount(quote.minDelivery, destination),
    expectedDelivery: jsonAmount(quote.expectedDelivery, destination),
    maxPacketAmount: quote.maxPacketAmount?.toString() ?? null,
  };
}

/** The result of a payment for programs. */
export interface JsonOutcome {
  readonly pointer: string;
  readonly sent: JsonAmount;
  readonly delivered: JsonAmount;
  /** What was sent in packets that nobody answered: it may have been delivered or not. */
  readonly unknownOutcome: JsonAmount & { readonly packets: number };
  readonly packets: {
    readonly fulfilled: number;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly durationMs: number;
  readonly effectiveRate: string | null;
  /** What the receiver signed for the largest total, in base64, where it gives receipts (RFC 0039). */
  readonly receipt: string | null;
  readonly error: { readonly code: PaymentErrorCode; readonly message: string } | null;
}

export function jsonOutcome(pointer: string, quote: Quote, outcome: PaymentOutcome): JsonOutcome {
  const { packets, amount } = outcome.unknownOutcome;
  const { error } = outcome;
  return {
    pointer,
    sent: jsonAmount(outcome.sent, quote.sourceAsset),
    delivered: jsonAmount(outcome.delivered, quote.destinationAsset ?? UNKNOWN_ASSET),
    unknownOutcome: { ...jsonAmount(amount, quote.sourceAsset), packets },
    packets: { fulfilled: outcome.packets.fulfilled, rejected: outcome.packets.rejected },
    durationMs: outcome.durationMs,
    effectiveRate: effectiveRate(quote, outcome) ?? null,
    receipt: receiptOf(outcome) ?? null,
    error: error === undefined ? null : { code: error.code, message: error.message },
  };
}

/** For example `5 rejected (F08 4, T04 1)`. */
export function describeRejected(rejected: Readonly<Record<string, number>>): string {
  const counts = Object.entries(rejected);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const codes = counts.map(([code, count]) => `${code} ${count}`).join(', ');
  return total === 0 ? '0 rejected' : `${total} rejected (${codes})`;
}

/** The result of a payment for a person. */
export function describeOutcome(pointer: string, quote: Quote, outcome: PaymentOutcome): string {
  const destination = quote.destinationAsset ?? UNKNOWN_ASSET;
  const { packets, unknownOutcome, durationMs } = outcome;
  const rate = effectiveRate(quote, outcome);
  const lines = [
    `${outcome.error === undefined ? 'Paid' : 'Not paid in full:'} ${pointer}`,
    `  sent       ${showAmount(outcome.sent, quote.sourceAsset)}`,
    `  delivered  ${showAmount(outcome.delivered, destination)}`,
  ];
  if (unknownOutcome.packets > 0) {
    const amount = showAmount(unknownOutcome.amount, quote.sourceAsset);
    lines.push(`  unknown    ${amount} in ${unknownOutcome.packets} packets that nobody answered`);
  }
  if (rate !== undefined) {
    lines.push(`  rate       ${rate} ${destination.code} for 1 ${quote.sourceAsset.code}`);
  }
  lines.push(
    `  packets    ${packets.fulfilled} fulfilled, ${describeRejected(packets.rejected)}`,
    `  time       ${(durationMs / 1000).toFixed(2)} s`,
  );
  const receipt = receiptOf(outcome);
  if (receipt !== undefined) lines.push(`  receipt    ${receipt}`);
  return lines.join('\n');
}
