/** What is too little for a whole unit of the account yet: `amount` units of 10^-scale (RFC 0038 "Scale conversions"). */
export interface Leftover {
  readonly amount: bigint;
  readonly scale: number;
}

/**
 * Turns a quantity into whole units of an account, adding what was left over before and keeping what is left over now.
 * Nothing is lost: units and the new leftover are worth exactly the quantity and the old leftover.
 */
export function creditToUnits(
  quantity: { readonly amount: bigint; readonly scale: number },
  accountScale: number,
  before: Leftover | undefined,
): { readonly units: bigint; readonly leftover: Leftover | undefined } {
  const scale = Math.max(quantity.scale, accountScale, before?.scale ?? 0);
  const total =
    quantity.amount * tenTo(scale - quantity.scale) +
    (before === undefined ? 0n : before.amount * tenTo(scale - before.scale));
  const unit = tenTo(scale - accountScale);
  const rest = total % unit;
  return { units: total / unit, leftover: rest === 0n ? undefined : { amount: rest, scale } };
}

function tenTo(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}
