import { OerEncodeError } from './errors.js';
import { dayStart, MAX_TIME, MIN_TIME, type TimeProblem } from './time.js';

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

const FORM = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,3}))?Z$/;

function problem(reason: string): TimeProblem {
  return { code: 'BAD_TIME', reason };
}

/**
 * Parses the text of a GeneralizedTime (RFC 0030 "Variable-length Timestamps"), or says what is wrong with it.
 * @param allowTrailingZeros accepts `.200Z` and `.000Z`, which deployed BTP peers write although the RFC forbids it.
 */
export function parseGeneralizedTime(
  text: string,
  allowTrailingZeros = false,
): GeneralizedTime | TimeProblem {
  const match = FORM.exec(text);
  if (match === null)
    return problem(
      'a GeneralizedTime reads YYYYMMDDHHmmSS, up to three decimals after a period, and Z',
    );
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = match[7];
  if (fraction?.endsWith('0') === true && !allowTrailingZeros) {
    return problem('the decimals of a GeneralizedTime have no trailing zeros');
  }
  const start = dayStart(year, month, day);
  if (Number.isNaN(start)) return problem('the day does not exist');
  const leapSecond = second === 60;
  if (hour > 23 || minute > 59 || second > 60)
    return problem('hour, minute or second out of range');
  if (leapSecond && !(hour === 23 && minute === 59)) {
    return problem('a leap second is the last second of a day (UTC)');
  }
  const ms = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0'));
  const wholeSecond = leapSecond ? 59 : second;
  return {
    epochMs: start + ((hour * 60 + minute) * 60 + wholeSecond) * 1000 + ms,
    leapSecond,
  };
}

/**
 * Formats a GeneralizedTime in its canonical form (RFC 0030): no trailing zeros, no period without decimals.
 * @throws {@link OerEncodeError} `BAD_TIME` for an instant outside the years 0000 to 9999, or a leap second that does
 * not follow 23:59:59.
 */
export function formatGeneralizedTime(time: GeneralizedTime): string {
  const { epochMs, leapSecond } = time;
  if (!(epochMs >= MIN_TIME && epochMs <= MAX_TIME)) {
    throw new OerEncodeError(
      'BAD_TIME',
      `${epochMs} is not a time between the years 0000 and 9999`,
    );
  }
  const iso = new Date(Math.floor(epochMs)).toISOString();
  if (leapSecond && iso.slice(11, 19) !== '23:59:59') {
    throw new OerEncodeError('BAD_TIME', 'a leap second is the last second of a day (UTC)');
  }
  const digits = iso.replace(/[-:T]/g, '').replace(/\.?0*Z$/, 'Z');
  return leapSecond ? `${digits.slice(0, 12)}60${digits.slice(14)}` : digits;
}
