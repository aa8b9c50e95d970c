/**
 * A decimal amount of an asset as a person reads it: 10000000 of scale 6 is `10.00`. At least `minimumDecimals` places
 * are shown, and as many as are needed for the exact value.
 */
export function formatAmount(amount: bigint, scale: number, minimumDecimals = 2): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const decimals = digits
    .slice(digits.length - scale)
    .replace(/0+$/, '')
    .padEnd(Math.min(scale, minimumDecimals), '0');
  return decimals === '' ? `${sign}${whole}` : `${sign}${whole}.${decimals}`;
}

/**
 * The amount that a person wrote, in units of the asset, exactly.
 * @returns why it is none, as a sentence, where it is not positive, not decimal, or finer than the asset.
 */
export function parseAmount(text: string, scale: number): bigint | string {
  const match = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) return `${JSON.stringify(text)} is no decimal amount such as 12.50`;
  const [, whole = '', written = ''] = match;
  const decimals = written.replace(/0+$/, '');
  if (decimals.length > scale) {
    return `${text} has more than the ${scale} decimal places that the asset has`;
  }
  const amount = BigInt(whole + decimals.padEnd(scale, '0'));
  return amount === 0n ? 'the amount is zero' : amount;
}
