import { quotePayment, type Asset, type QuoteOptions } from '@pennyswitch/stream';

/**
 * Asks the receiver what it counts in, by a quote for the least that can arrive, which is not paid.
 * @throws PaymentError as `quotePayment` does.
 */
export async function askDestinationAsset(
  options: Omit<QuoteOptions, 'amount' | 'prices' | 'slippage'>,
): Promise<Asset | undefined> {
  const quote = await quotePayment({
    ...options,
    amount: { type: 'fixed-delivery', amount: 1n },
    slippage: '0.5',
  });
  await quote.close();
  return quote.destinationAsset;
}
