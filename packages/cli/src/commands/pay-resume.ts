import type { SpspClient, SpspResult } from '@pennyswitch/spsp';
import {
  PaymentError,
  payQuote,
  resumeQuote,
  type PaymentOutcome,
  type PayOptions,
  type Quote,
  type ResumeOptions,
} from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import type { PaymentFile } from '../wallet/payment-file.js';

/** What is to be paid, whether it begins now or goes on. */
export interface Offer {
  readonly offer: Quote;
  /** Who answered for the pointer. */
  readonly details: SpspResult;
  pay(options: PayOptions): Promise<PaymentOutcome>;
  close(): Promise<void>;
}

/** These say that the connection of the saved payment is no more, not that its receiver is. */
const CONNECTION_IS_OVER: ReadonlySet<string> = new Set([
  'BAD_STATE',
  'RECEIVER_CLOSED',
  'RECEIVER_REFUSED',
]);

/**
 * Goes on with the payment that a file holds: over its connection, or where that is over, over another one to the same pointer.
 * @throws {@link CommandFailure} with exit code 0 where it is complete; otherwise as a quote.
 */
export async function resumeOffer(
  file: PaymentFile,
  client: SpspClient,
  pointer: string,
  options: Omit<ResumeOptions, 'credentials' | 'save'>,
): Promise<Offer> {
  const { signal } = options;
  const details = await client.query(pointer, {
    fresh: true,
    ...(signal === undefined ? {} : { signal }),
  });
  const { destination, sharedSecret } = details;
  const offer = await resume(file, options).catch((error: unknown) => {
    if (!(error instanceof PaymentError && CONNECTION_IS_OVER.has(error.code))) throw error;
    return resume(file, { ...options, credentials: { destination, sharedSecret } });
  });
  return {
    offer,
    details,
    pay: (payOptions) => payQuote(offer, payOptions),
    close: () => offer.close(),
  };
}

async function resume(
  { payment, save }: PaymentFile,
  options: Omit<ResumeOptions, 'save'>,
): Promise<Quote> {
  try {
    return await resumeQuote(payment ?? '', { ...options, save });
  } catch (cause) {
    if (!(cause instanceof PaymentError && cause.code === 'ALREADY_PAID')) throw cause;
    throw new CommandFailure(ExitCode.ok, 'paid already. Nothing more was sent.', { cause });
  }
}
