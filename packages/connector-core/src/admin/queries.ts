import { z } from 'zod';

/** What a page of a long list is asked by. */
export interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** At most so many. */
export const pageLimit: z.ZodType<number> = z.coerce
  .number()
  .int()
  .min(1)
  .max(1000)
  .default(100)
  .meta({ type: 'integer', minimum: 1, maximum: 1000, description: 'At most so many.' });

/** `true` or `false`; default false. */
export const flag: z.ZodType<boolean> = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
