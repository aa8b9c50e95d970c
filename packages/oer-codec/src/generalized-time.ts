import { OerEncodeError } from './errors.js';
import { BAD_TIMESTAMP, tryDecodeTimestamp, type TimeProblem } from './timestamp.js';

/**
 * A GeneralizedTime as RFC 0030 profiles it for BTP: UTC, up to milliseconds, leap seconds kept. A `Date` cannot hold
 * second 60, hence a type of its own.
 */
export interface GeneralizedTime {
  /** Milliseconds since 1970. Within a leap second: those of the second 59 before it. */
  readonly epochMs: number;
  /** True for a time whose seconds field is 60. */
  readonly leapSecond: boolean;
}

/** All but the seconds, the seconds, up to three decimals. */
const FORM = /^(\d{12})(\d\d)(?:\.(\d{1,3}))?Z$/;

/**
 * Parses the text of a GeneralizedTime (RFC 0030 "Variable-length Timestamps"), or says what is wrong with it.
 * @param allowTrailingZeros accepts `.200Z` and `.000Z`, which deployed BTP peers write although the RFC forbids it.
 */
export function parseGeneralizedTime(
  text: string,
  allowTrailingZeros = false,
): GeneralizedTime | TimeProblem {
  const [, head = '', seconds = '', decimals = ''] = FORM.exec(text) ?? [];
  const leapSecond = seconds === '60';
  // The rest is what an ILP timestamp says, which has no leap seconds.
  const digits = head + (leapSecond ? '59' : seconds) + decimals.padEnd(3, '0');
  const epochMs = tryDecodeTimestamp(
    Uint8Array.from(digits, (digit) => digit.charCodeAt(0)),
    0,
  );
  return Number.isNaN(epochMs) ||
    (leapSecond && !head.endsWith('2359')) ||
    (decimals.endsWith('0') && !allowTrailingZeros)
    ? BAD_TIMESTAMP
    : { epochMs, leapSecond };
}

/**
 * Formats a GeneralizedTime in its canonical form (RFC 0030): no trailing zeros, no period without decimals.
 * @throws {@link OerEncodeError} `BAD_TIME` for an instant outside the years 0000 to 9999, or a leap second that does
 * not follow 23:59:59.
 */
export function formatGeneralizedTime({ epochMs, leapSecond }: GeneralizedTime): string {
  // Years before 0000 and after 9999 have more digits or a sign, and what is no date is null.
  const iso = new Date(Math.floor(epochMs)).toJSON() as string | null;
  const text = iso?.replace(/[-:T]/g, '') ?? '';
  if (!(leapSecond ? /^\d{8}235959\./ : /^\d{14}\./).test(text)) {
    throw new OerEncodeError('BAD_TIME', BAD_TIMESTAMP.reason);
  }
  const short = text.replace(/\.?0*Z/, 'Z');
  return leapSecond ? short.replace(/59(?=\D)/, '60') : short;
}
