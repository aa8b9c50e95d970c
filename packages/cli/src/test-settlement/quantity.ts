import { z } from 'zod';

/** An amount and its scale as RFC 0038 writes it ("Quantity object"): the amount as a string of digits. */
export const quantity = z.object({
  amount: z.string().regex(/^(0|[1-9][0-9]{0,77})$/, 'expected a non-negative integer as a string'),
  scale: z.number().int().min(0).max(255),
});

export type Quantity = z.infer<typeof quantity>;

/** An amount in units of 10^-scale, with what is too small for such a unit kept apart. */
export interface Scaled {
  readonly amount: bigint;
  /** In units of 10^-255, which every Quantity can be written in exactly. */
  readonly leftover: bigint;
}

const FINEST = 255;

/**
 * Converts a Quantity, plus what earlier conversions left over, to a scale, rounding down (RFC 0038 "Scale
 * conversions": the leftover must be kept and settled later).
 */
export function toScale(given: Quantity, scale: number, leftover: bigint): Scaled {
  const finest = BigInt(given.amount) * 10n ** BigInt(FINEST - given.scale) + leftover;
  const unit = 10n ** BigInt(FINEST - scale);
  return { amount: finest / unit, leftover: finest % unit };
}
