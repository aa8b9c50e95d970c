import { OerEncodeError, type OerErrorCode } from './errors.js';

/** Says why a text is no valid time; readers turn it into an {@link OerDecodeError} with an offset. */
export interface TimeProblem {
  readonly code: OerErrorCode;
  readonly reason: string;
}

const DAY_MS = 86_400_000;

/** The size of an ILP timestamp in bytes: `YYYYMMDDHHmmSSfff` (RFC 0030 "Fixed-length Timestamps"). */
export const TIMESTAMP_LENGTH = 17;

const TOO_SHORT: TimeProblem = { code: 'TRUNCATED', reason: 'an ILP timestamp has 17 digits' };
/** What is wrong with a text that is refused as a time. */
export const BAD_TIMESTAMP: TimeProblem = {
  code: 'BAD_TIME',
  reason: 'no time as RFC 0030 writes it',
};

/** The date that was read last, as the number YYYYMMDD, and when it starts: neighbouring packets share their day. */
let readDate = -1;
let readDayMs = 0;

/** When the day starts that was written last, in milliseconds since 1970, and its eight digits. */
let writtenDayMs = NaN;
const WRITTEN_DATE: Uint8Array = /* @__PURE__ */ new Uint8Array(8);

/**
 * Reads an ILP timestamp out of `bytes` and returns milliseconds since 1970, or what is wrong with it.
 * Refuses what RFC 0030 refuses: month 13, 30 February, hour 24, second 60 (leap seconds are smeared), anything
 * that is not a digit.
 */
export function decodeTimestamp(bytes: Uint8Array, offset: number): number | TimeProblem {
  if (offset + TIMESTAMP_LENGTH > bytes.length) return TOO_SHORT;
  const time = tryDecodeTimestamp(bytes, offset);
  return Number.isNaN(time) ? BAD_TIMESTAMP : time;
}

/**
 * The same for bytes whose bounds the caller has checked, with `NaN` for anything that is no timestamp: a codec that
 * is in a hurry asks {@link decodeTimestamp} afterwards what was wrong.
 */
export function tryDecodeTimestamp(bytes: Uint8Array, offset: number): number {
  // Two digits at a time, each number 0 to 99, or negative for bytes that are no digits; written out because a closure
  // per call costs as much as the rest.
  const century = getTwoDigits(bytes, offset);
  const year = getTwoDigits(bytes, offset + 2);
  const month = getTwoDigits(bytes, offset + 4);
  const day = getTwoDigits(bytes, offset + 6);
  const hour = getTwoDigits(bytes, offset + 8);
  const minute = getTwoDigits(bytes, offset + 10);
  const second = getTwoDigits(bytes, offset + 12);
  const hundreds = (bytes[offset + 14] as number) - 48;
  const rest = getTwoDigits(bytes, offset + 15);
  const bad =
    century | year | month | day | hour | minute | second | rest | hundreds | (9 - hundreds);
  const date = ((century * 100 + year) * 100 + month) * 100 + day;
  if (bad < 0 || hour > 23 || minute > 59 || second > 59) return NaN;
  if (date !== readDate) {
    const dayMs = dayStart(century * 100 + year, month, day);
    if (Number.isNaN(dayMs)) return NaN;
    readDate = date;
    readDayMs = dayMs;
  }
  return readDayMs + (((hour * 60 + minute) * 60 + second) * 1000 + hundreds * 100 + rest);
}

/**
 * Writes `epochMs` (milliseconds since 1970, fractions cut off) as an ILP timestamp into 17 bytes of `bytes`.
 * @throws {@link OerEncodeError} `BAD_TIME` for an instant outside the years 0000 to 9999, or no number at all.
 */
export function encodeTimestamp(epochMs: number, bytes: Uint8Array, offset: number): void {
  // Written so that NaN, too, is not within the day.
  if (!(epochMs >= writtenDayMs && epochMs < writtenDayMs + DAY_MS)) writeDate(epochMs);
  for (let i = 0; i < 8; i++) bytes[offset + i] = WRITTEN_DATE[i] as number;
  const msOfDay = (epochMs - writtenDayMs) | 0;
  // All of these are small integers, which the engine divides without going through floating point.
  const seconds = (msOfDay / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const hour = (minutes / 60) | 0;
  const ms = msOfDay - seconds * 1000;
  const hundreds = (ms / 100) | 0;
  putTwoDigits(hour, bytes, offset + 8);
  putTwoDigits(minutes - hour * 60, bytes, offset + 10);
  putTwoDigits(seconds - minutes * 60, bytes, offset + 12);
  bytes[offset + 14] = 48 + hundreds;
  putTwoDigits(ms - hundreds * 100, bytes, offset + 15);
}

function writeDate(epochMs: number): void {
  const dayMs = Math.floor(epochMs / DAY_MS) * DAY_MS;
  // Years before 0000 and after 9999 start with a sign, and what is no date is null.
  const iso = new Date(dayMs).toJSON() as string | null;
  const digits = iso?.replace(/[-:T]/g, '') ?? '';
  if (!/^\d{14}\./.test(digits)) {
    throw new OerEncodeError('BAD_TIME', `${epochMs} is ${BAD_TIMESTAMP.reason}`);
  }
  for (let i = 0; i < 8; i++) WRITTEN_DATE[i] = digits.charCodeAt(i);
  writtenDayMs = dayMs;
}

/** The number that two digits spell; negative if they are none. */
function getTwoDigits(bytes: Uint8Array, offset: number): number {
  const tens = (bytes[offset] as number) - 48;
  const ones = (bytes[offset + 1] as number) - 48;
  return (tens | (9 - tens) | ones | (9 - ones)) < 0 ? -1 : tens * 10 + ones;
}

function putTwoDigits(value: number, bytes: Uint8Array, offset: number): void {
  const tens = (value / 10) | 0;
  bytes[offset] = 48 + tens;
  bytes[offset + 1] = 48 + value - tens * 10;
}

/** When a date starts, in milliseconds since 1970; `NaN` for one that does not exist. */
function dayStart(year: number, month: number, day: number): number {
  // Not Date.UTC, which takes the year 50 for 1950. A date that does not exist comes out as another one.
  const date = new Date(0);
  const start = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? start : NaN;
}
