import { z } from 'zod';

const UNITS = 'expected a whole number of units, for example "1000000"';

/** A whole number of units: text, or a number where it is exact. */
export const units: z.ZodType<bigint, string | number> = z
  .union([z.string().regex(/^-?[0-9]{1,30}$/, UNITS), z.int(UNITS)], { error: UNITS })
  .transform((value) => BigInt(value));

/** The same above zero. */
export const positiveUnits: z.ZodType<bigint, string | number> = units.refine(
  (value) => value > 0n,
  'expected a number above 0',
);

const DECIMAL = 'expected a decimal in quotes, for example "0.92"';

/** Kept as text: a number of YAML or JSON is a float, and a rate must be exact. */
export const decimal: z.ZodType<string, string> = z
  .string({ error: DECIMAL })
  .regex(/^[0-9]+(\.[0-9]+)?$/, DECIMAL);
