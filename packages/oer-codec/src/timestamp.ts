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

/** The date that was read last, as the number YYYYMMDD, and when it starts: neighbouring packets share their day. */
let readDate = -1;
let readDayMs = 0;

/** The day that was written last, in days since 1970, and its eight digits. */
let writtenDay = NaN;
const WRITTEN_DATE: Uint8Array = /* @__PURE__ */ new Uint8Array(8);

/**
 * Reads an ILP timestamp out of `bytes` and returns milliseconds since 1970, or what is wrong with it.
 * Refuses what RFC 0030 refuses: month 13, 30 February, hour 24, second 60 (leap seconds are smeared), anything
 * that is not a digit.
 */
export function decodeTimestamp(bytes: Uint8Array, offset: number): number | TimeProblem {
  if (offset + TIMESTAMP_LENGTH > bytes.length) return BAD_LENGTH;
  const time = tryDecodeTimestamp(bytes, offset);
  if (!Number.isNaN(time)) return time;
  for (let i = offset; i < offset + TIMESTAMP_LENGTH; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return NOT_DIGITS;
  }
  return OUT_OF_CALENDAR;
}

/**
 * The same for bytes whose bounds the caller has checked, with `NaN` for anything that is no timestamp: a codec that
 * is in a hurry asks {@link decodeTimestamp} afterwards what was wrong.
 */
export function tryDecodeTimestamp(bytes: Uint8Array, offset: number): number {
  // A byte that is no digit makes its term leave 0..9; the bitwise trick keeps the hot path free of branches.
  let bad = 0;
  const digit = (i: number): number => {
    const d = (bytes[offset + i] as number) - 48;
    bad |= d | (9 - d);
    return d;
  };
  const date =
    (digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3)) * 10_000 +
    (digit(4) * 1000 + digit(5) * 100 + digit(6) * 10 + digit(7));
  const hour = digit(8) * 10 + digit(9);
  const minute = digit(10) * 10 + digit(11);
  const second = digit(12) * 10 + digit(13);
  const ms = digit(14) * 100 + digit(15) * 10 + digit(16);
  if (bad < 0 || hour > 23 || minute > 59 || second > 59) return NaN;
  if (date !== readDate) {
    const dayMs = dayOf(date);
    if (Number.isNaN(dayMs)) return NaN;
    readDate = date;
    readDayMs = dayMs;
  }
  return readDayMs + (((hour * 60 + minute) * 60 + second) * 1000 + ms);
}

/** When the date YYYYMMDD starts, in milliseconds since 1970; `NaN` for a date that does not exist. */
function dayOf(date: number): number {
  const year = Math.floor(date / 10_000);
  const month = Math.floor(date / 100) % 100;
  const day = date % 100;
  if (day < 1 || day > daysInMonth(year, month)) return NaN;
  return joinDay(daysFromCivil(year, month, day), 0);
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
  if (days !== writtenDay) writeDate(days);
  for (let i = 0; i < 8; i++) bytes[offset + i] = WRITTEN_DATE[i] as number;
  // All of these are small integers, which the engine divides without going through floating point.
  const seconds = (msOfDay / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const hour = (minutes / 60) | 0;
  const ms = msOfDay - seconds * 1000;
  const hundreds = (ms / 100) | 0;
  twoDigits(hour, bytes, offset + 8);
  twoDigits(minutes - hour * 60, bytes, offset + 10);
  twoDigits(seconds - minutes * 60, bytes, offset + 12);
  bytes[offset + 14] = 48 + hundreds;
  twoDigits(ms - hundreds * 100, bytes, offset + 15);
}

function writeDate(days: number): void {
  const { year, month, day } = civilFromDays(days);
  const century = Math.floor(year / 100);
  twoDigits(century, WRITTEN_DATE, 0);
  twoDigits(year - century * 100, WRITTEN_DATE, 2);
  twoDigits(month, WRITTEN_DATE, 4);
  twoDigits(day, WRITTEN_DATE, 6);
  writtenDay = days;
}

function twoDigits(value: number, bytes: Uint8Array, offset: number): void {
  const tens = (value / 10) | 0;
  bytes[offset] = 48 + tens;
  bytes[offset + 1] = 48 + value - tens * 10;
}
