import { PaymentError } from '@pennyswitch/stream';
import type { SpspOutcome } from './outcome.js';
import { quote, type SpspPayOptions, type SpspQuote, type SpspQuoteOptions } from './quote.js';

/** What {@link pay} needs. */
export interface SpspPaymentOptions extends SpspQuoteOptions, SpspPayOptions {
  /** Asked with the quote before any money moves; where the answer is no, the payment fails with `CANCELLED`. */
  readonly confirm?: (quote: SpspQuote) => boolean | Promise<boolean>;
  // Both of its parents have one, and it is the same.
  readonly signal?: AbortSignal;
}

/**
 * Pays a pointer in one call: asks for details, quotes, pays.
 * @throws as {@link quote} does, before any money moves; after that it resolves, with `error` where not all was paid.
 */
export async function pay(options: SpspPaymentOptions): Promise<SpspOutcome> {
  const offer = await quote(options);
  let isConfirmed = false;
  try {
    isConfirmed = (await options.confirm?.(offer)) ?? true;
  } finally {
    if (!isConfirmed) await offer.close();
  }
  if (!isConfirmed) throw new PaymentError('CANCELLED', 'the quote was not confirmed');
  return offer.pay(options);
}
