import type { Asset } from '@pennyswitch/stream';

/**
 * Why an amount cannot be used:
 * - `NOT_DECIMAL`: the text is no decimal number such as `12.50`;
 * - `TOO_PRECISE`: it has more decimal places than the asset;
 * - `OUT_OF_RANGE`: it is zero, or above 2^64 - 1 units;
 * - `WRONG_ASSET`: it is meant in another asset than the one that is counted in;
 * - `ASSET_UNKNOWN`: the receiver does not say what it counts in, and a decimal amount means nothing without;
 * - `NOTHING_DUE`: what is due was to be paid, and the receiver says of no invoice, or of a paid one.
 */
export type AmountErrorCode =
  'NOT_DECIMAL' | 'TOO_PRECISE' | 'OUT_OF_RANGE' | 'WRONG_ASSET' | 'ASSET_UNKNOWN' | 'NOTHING_DUE';

/** An amount that cannot be used. Its message is one line for a person. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
  readonly code: AmountErrorCode;

  constructor(code: AmountErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_AMOUNT = 2n ** 64n - 1n;

/**
 * The amount that a person wrote, in units of the asset, exactly: `12.50` of scale 6 is 12500000n.
 * @throws {@link AmountError} `NOT_DECIMAL`, `TOO_PRECISE`, `OUT_OF_RANGE`
 */
export function parseAmount(text: string, { code, scale }: Asset): bigint {
  const match = /^([0-9]{1,60})(?:\.([0-9]{1,300}))?$/.exec(text);
  if (match === null) {
    const shown = JSON.stringify(text.slice(0, 100));
    throw new AmountError('NOT_DECIMAL', `${shown} is no decimal amount such as 12.50`);
  }
  const [, whole = '', written = ''] = match;
  const decimals = written.replace(/0+$/, '');
  if (decimals.length > scale) {
    throw new AmountError(
      'TOO_PRECISE',
      `${text} has more than the ${scale} decimal places that ${code} has here`,
    );
  }
  const amount = BigInt(whole + decimals.padEnd(scale, '0'));
  if (amount === 0n) throw new AmountError('OUT_OF_RANGE', 'the amount is zero');
  if (amount > MAX_AMOUNT) {
    throw new AmountError('OUT_OF_RANGE', `${text} ${code} is more than a payment can be`);
  }
  return amount;
}

/**
 * An amount as a person reads it, exactly: 12500000n of scale 6 is `12.50`.
 * @param minimumDecimals how many decimal places are shown at least, as far as the asset has them; default 2.
 */
export function formatAmount(amount: bigint, { scale }: Asset, minimumDecimals = 2): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const decimals = digits
    .slice(point)
    .replace(/0+$/, '')
    .padEnd(Math.min(scale, minimumDecimals), '0');
  return `${sign}${digits.slice(0, point)}${decimals === '' ? '' : '.'}${decimals}`;
}
