/** An amount of an account's asset as RFC 0038 writes it: a whole number of units of 10^-scale. */
export interface Quantity {
  readonly amount: bigint;
  readonly scale: number;
}

/** At most this many digits: no ledger has amounts beyond, and conversion time stays bounded. */
const AMOUNT = /^(0|[1-9][0-9]{0,99})$/;

/** The JSON of a quantity (RFC 0038 "Quantity object"). */
export function writeQuantity(quantity: Quantity): { amount: string; scale: number } {
  return { amount: String(quantity.amount), scale: quantity.scale };
}

/** Reads the JSON of a quantity; undefined for anything else. */
export function readQuantity(value: unknown): Quantity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { amount, scale } = value as Record<string, unknown>;
  if (typeof amount !== 'string' || !AMOUNT.test(amount)) return undefined;
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > 255) {
    return undefined;
  }
  return { amount: BigInt(amount), scale };
}
