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

/**
 * Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Arithmetic on numbers: `Date.UTC` maps years
 * below 100 to the twentieth century and normalises wrong dates instead of refusing them.
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A date of the proleptic Gregorian calendar. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date that is `days` after 1970-01-01; the inverse of {@link daysFromCivil}. */
export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * mp + 2) / 5) + 1,
  };
}

/** Days in a month of the Gregorian calendar; 0 for a month that does not exist. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  if (month === 4 || month === 6 || month === 9 || month === 11) return 30;
  return month >= 1 && month <= 12 ? 31 : 0;
}

/** Splits an instant into its days since 1970 and the milliseconds within that day. */
export function splitDay(epochMs: number): { readonly days: number; readonly msOfDay: number } {
  const days = Math.floor(epochMs / DAY_MS);
  return { days, msOfDay: epochMs - days * DAY_MS };
}

/** Joins days since 1970 and milliseconds within the day. */
export function joinDay(days: number, msOfDay: number): number {
  return days * DAY_MS + msOfDay;
}
