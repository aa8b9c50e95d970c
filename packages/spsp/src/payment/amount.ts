import type { Asset, PaymentAmount } from '@pennyswitch/stream';
import { AmountError, parseAmount } from '../amount.js';
import type { SpspResult } from '../client.js';

/**
 * How much is paid, as people say it:
 * - `{ send: '12.50' }` spends so much, in whole units of the sender's asset;
 * - `{ deliver: '12.50' }` lets so much arrive, in whole units of the receiver's asset;
 * - `{ due: true }` lets arrive what is still missing from the invoice behind the pointer.
 *
 * `asset` is a code such as `EUR`: where it is given, nothing is paid unless that side counts in it.
 */
export type SpspAmount =
  | { readonly send: string; readonly asset?: string | undefined }
  | { readonly deliver: string; readonly asset?: string | undefined }
  | { readonly due: true };

/** Whether the receiver's asset must be known before the amount is. */
export function needsDestination(amount: SpspAmount): boolean {
  return 'deliver' in amount;
}

/**
 * The amount in units.
 * @param destination the receiver's asset where {@link needsDestination}.
 * @throws {@link AmountError}
 */
export function unitsOf(
  amount: SpspAmount,
  source: Asset,
  destination: Asset | undefined,
  { push }: SpspResult,
): PaymentAmount {
  if ('send' in amount) {
    checkAsset(amount.asset, source, 'the sender');
    return { type: 'fixed-source', amount: parseAmount(amount.send, source) };
  }
  if ('deliver' in amount) {
    if (destination === undefined) {
      throw new AmountError('ASSET_UNKNOWN', 'the receiver does not say what it counts in');
    }
    checkAsset(amount.asset, destination, 'the receiver');
    return { type: 'fixed-delivery', amount: parseAmount(amount.deliver, destination) };
  }
  const due = push === undefined ? 0n : push.invoice.amount - push.balance;
  if (due <= 0n) throw new AmountError('NOTHING_DUE', 'the receiver asks for no certain amount');
  return { type: 'fixed-delivery', amount: due };
}

function checkAsset(wanted: string | undefined, { code }: Asset, who: string): void {
  if (wanted === undefined || wanted === code) return;
  throw new AmountError('WRONG_ASSET', `the amount is in ${wanted}, but ${who} counts in ${code}`);
}
