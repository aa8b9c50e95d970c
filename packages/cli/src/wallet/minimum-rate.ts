import { quotePayment, type Prices, type Quote, type QuoteOptions } from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** What makes a quote hold a minimum rate. */
type RateOptions = Required<Pick<QuoteOptions, 'prices' | 'slippage'>>;

/**
 * A quote whose minimum rate a person gave, in whole units of the receiver's asset for one whole unit of the sender's.
 * The receiver's asset is not known before it was asked, hence two quotes: one to ask, one to hold the path to the rate.
 * @param rate a decimal above 0.
 * @throws PaymentError as `quotePayment` does; {@link CommandFailure} where the rate means nothing.
 */
export async function quoteAtRate(options: QuoteOptions, rate: string): Promise<Quote> {
  const first = await quotePayment(options);
  await first.close();
  const { sourceAsset, destinationAsset } = first;
  if (destinationAsset === undefined) {
    throw new CommandFailure(
      ExitCode.rate,
      '--min-rate: the receiver does not say which asset it counts in. Nothing was sent.',
    );
  }
  return quotePayment({
    ...options,
    ...rateOptions(sourceAsset.code, destinationAsset.code, rate),
  });
}

function rateOptions(source: string, destination: string, rate: string): RateOptions {
  if (source !== destination) {
    const prices: Prices = { [source]: rate, [destination]: '1' };
    return { prices, slippage: '0' };
  }
  // One asset: nothing is converted, what may be lost on the way is all that the rate says.
  const [whole = '', decimals = ''] = rate.split('.');
  const denominator = 10n ** BigInt(decimals.length);
  const loss = denominator - BigInt(whole + decimals);
  if (loss < 0n) {
    throw new CommandFailure(
      ExitCode.rate,
      `--min-rate: both sides count in ${source}, so that no rate is above 1. Nothing was sent.`,
    );
  }
  return { prices: {}, slippage: { numerator: loss, denominator } };
}
