import { OerEncodeError } from './errors.js';
import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  joinDay,
  MAX_TIME,
  MIN_TIME,
  splitDay,
  type TimeProblem,
} from './time.js';

/** The size of an ILP timestamp in bytes: `YYYYMMDDHHmmSSfff` (RFC 0030 "Fixed-length Timestamps"). */
export const TIMESTAMP_LENGTH = 17;

const BAD_LENGTH: TimeProblem = { code: 'TRUNCATED', reason: 'an ILP timestamp has 17 digits' };
const NOT_DIGITS: TimeProblem = { code: 'BAD_TIME', reason: 'an ILP timestamp has digits only' };
const OUT_OF_CALENDAR: TimeProblem = {
  code: 'BAD_TIME',
  reason: 'an ILP timestamp names a day, hour, minute or second that does not exist in UTC-SLS',
};

/**
 * Reads an ILP timestamp out of `bytes` and returns milliseconds since 1970, or what is wrong with it.
 * Refuses what RFC 0030 refuses: month 13, 30 February, hour 24, second 60 (leap seconds are smeared), anything
 * that is not a digit.
 */
export function decodeTimestamp(bytes: Uint8Array, offset: number): number | TimeProblem {
  if (offset + TIMESTAMP_LENGTH > bytes.length) return BAD_LENGTH;
  // A byte that is no digit makes its term leave 0..9; the bitwise trick keeps the hot path free of branches.
  let bad = 0;
  const digit = (i: number): number => {
    const d = (bytes[offset + i] as number) - 48;
    bad |= d | (9 - d);
    return d;
  };
  const year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const month = digit(4) * 10 + digit(5);
  const day = digit(6) * 10 + digit(7);
  const hour = digit(8) * 10 + digit(9);
  const minute = digit(10) * 10 + digit(11);
  const second = digit(12) * 10 + digit(13);
  const ms = digit(14) * 100 + digit(15) * 10 + digit(16);
  if (bad < 0) return NOT_DIGITS;
  if (day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) {
    return OUT_OF_CALENDAR;
  }
  return joinDay(daysFromCivil(year, month, day), ((hour * 60 + minute) * 60 + second) * 1000 + ms);
}

/**
 * Writes `epochMs` (milliseconds since 1970, fractions cut off) as an ILP timestamp into 17 bytes of `bytes`.
 * @throws {@link OerEncodeError} `BAD_TIME` for an instant outside the years 0000 to 9999, or no number at all.
 */
export function encodeTimestamp(epochMs: number, bytes: Uint8Array, offset: number): void {
  if (!(epochMs >= MIN_TIME && epochMs <= MAX_TIME)) {
    throw new OerEncodeError(
      'BAD_TIME',
      `${epochMs} is not a time between the years 0000 and 9999`,
    );
  }
  const { days, msOfDay } = splitDay(Math.floor(epochMs));
  const { year, month, day } = civilFromDays(days);
  const seconds = Math.floor(msOfDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const hour = Math.floor(minutes / 60);
  const ms = msOfDay - seconds * 1000;
  const century = Math.floor(year / 100);
  twoDigits(century, bytes, offset);
  twoDigits(year - century * 100, bytes, offset + 2);
  twoDigits(month, bytes, offset + 4);
  twoDigits(day, bytes, offset + 6);
  twoDigits(hour, bytes, offset + 8);
  twoDigits(minutes - hour * 60, bytes, offset + 10);
  twoDigits(seconds - minutes * 60, bytes, offset + 12);
  const hundreds = Math.floor(ms / 100);
  bytes[offset + 14] = 48 + hundreds;
  twoDigits(ms - hundreds * 100, bytes, offset + 15);
}

function twoDigits(value: number, bytes: Uint8Array, offset: number): void {
  const tens = Math.floor(value / 10);
  bytes[offset] = 48 + tens;
  bytes[offset + 1] = 48 + value - tens * 10;
}
