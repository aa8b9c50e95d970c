import type { Asset } from '@pennyswitch/stream';

/** A pointer that accepts up to an amount, and then no more. */
export interface Invoice {
  /** Unguessable unless the application chose it; the last part of the invoice's pointer. */
  readonly id: string;
  /** How much is asked for, in units of the asset. */
  readonly amount: bigint;
  readonly asset: Asset;
  readonly description: string | undefined;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** From then on it takes no more money; undefined where it is good for ever. */
  readonly expiresAt: number | undefined;
  /** How much has come in. Never above the amount. */
  readonly received: bigint;
  /** The application wants no more for it. */
  readonly isCancelled: boolean;
}

/** How an invoice stands. */
export type InvoiceStatus = 'open' | 'paid' | 'expired' | 'cancelled';

/** How an invoice stands at a moment. One that is paid stays so. */
export function statusOf(invoice: Invoice, now: number): InvoiceStatus {
  if (invoice.received >= invoice.amount) return 'paid';
  if (invoice.isCancelled) return 'cancelled';
  return invoice.expiresAt !== undefined && invoice.expiresAt <= now ? 'expired' : 'open';
}

/** Why an invoice cannot be made: its amount is not positive or its id is taken or cannot stand in a path. */
export class InvoiceError extends Error {
  override readonly name = 'InvoiceError';
  readonly code: 'BAD_AMOUNT' | 'BAD_ID' | 'ID_TAKEN' | 'UNKNOWN';

  constructor(code: InvoiceError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
