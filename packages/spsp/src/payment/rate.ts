import {
  PaymentError,
  toRatio,
  type Asset,
  type QuoteOptions,
  type RatioLike,
} from '@pennyswitch/stream';

/** What a quote derives its minimum rate from. */
export type RateOptions = Pick<QuoteOptions, 'prices' | 'slippage'>;

/**
 * The options that make a quote hold a minimum rate.
 * @param minRate whole units of the receiver's asset for one whole unit of the sender's.
 * @throws PaymentError `INVALID_AMOUNT` for a rate that is no number, 0, or above 1 where both count in one asset.
 */
export function atMinimumRate(
  minRate: RatioLike,
  source: Asset,
  destination: Asset,
): Required<RateOptions> {
  const rate = readRate(minRate);
  if (source.code !== destination.code) {
    return { prices: { [source.code]: rate, [destination.code]: '1' }, slippage: '0' };
  }
  // One asset: nothing is converted, what may be lost on the way is all that the rate says.
  const loss = rate.denominator - rate.numerator;
  if (loss < 0n) {
    throw new PaymentError(
      'INVALID_AMOUNT',
      `both sides count in ${source.code}, so that no minimum rate is above 1`,
    );
  }
  return { prices: {}, slippage: { numerator: loss, denominator: rate.denominator } };
}

function readRate(minRate: RatioLike): ReturnType<typeof toRatio> {
  try {
    const rate = toRatio(minRate);
    if (rate.numerator > 0n) return rate;
    throw new RangeError('it is 0');
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PaymentError('INVALID_AMOUNT', `the minimum rate: ${cause.message}`, { cause });
  }
}
