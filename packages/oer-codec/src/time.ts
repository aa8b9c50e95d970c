import type { OerErrorCode } from './errors.js';

/** Says why a text is no valid time; readers turn it into an {@link OerDecodeError} with an offset. */
export interface TimeProblem {
  readonly code: OerErrorCode;
  readonly reason: string;
}

/** The first and last instants that four year digits can name, in milliseconds since 1970. */
export const MIN_TIME = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
export const MAX_TIME = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

export const DAY_MS = 86_400_000;

/** When a date starts, in milliseconds since 1970; `NaN` for one that does not exist. */
export function dayStart(year: number, month: number, day: number): number {
  // Not Date.UTC, which takes the year 50 for 1950. A date that does not exist comes out as another one.
  const date = new Date(0);
  const start = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? start : NaN;
}
