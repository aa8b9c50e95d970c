import { OerEncodeError } from '../errors.js';
import { formatGeneralizedTime, type GeneralizedTime } from '../generalized-time.js';
import { BAD_TIMESTAMP, TIMESTAMP_LENGTH, tryDecodeTimestamp } from '../timestamp.js';
import { Schema } from './schema.js';

/** GeneralizedTime in the form of RFC 0030 ("Variable-length Timestamps"): UTC, up to milliseconds. */
export function generalizedTime(): Schema<GeneralizedTime> {
  return new Schema<GeneralizedTime>({
    name: 'GeneralizedTime',
    minSize: 16,
    size: (value) => 1 + formatGeneralizedTime(value).length,
    write: (writer, value) => writer.writeGeneralizedTime(value),
    read: (reader) => reader.readGeneralizedTime(),
  });
}

/**
 * An ILP timestamp (RFC 0030 "Fixed-length Timestamps"), in milliseconds since 1970. In ASN.1 it is no more than
 * `PrintableString (SIZE (17))`; this schema checks that the digits are a time.
 */
export function ilpTimestamp(): Schema<number> {
  return new Schema<number>({
    name: 'Timestamp',
    minSize: TIMESTAMP_LENGTH,
    fixedSize: TIMESTAMP_LENGTH,
    size: () => TIMESTAMP_LENGTH,
    write: (writer, value) => writer.writeTimestamp(value),
    read: (reader) => reader.readTimestamp(),
  });
}

const UTC_TIME = /^\d{12}Z$/;

/**
 * UTCTime (X.696 31) in its canonical form, as the text `YYMMDDHHmmSSZ`. Which century is meant the type does not say:
 * that is for whoever uses it.
 */
export function utcTime(): Schema<string> {
  return new Schema<string>({
    name: 'UTCTime',
    minSize: 14,
    fixedSize: 14,
    size: () => 14,
    write: (writer, value) => {
      if (!isUtcTime(value)) throw new OerEncodeError('BAD_TIME', BAD_TIMESTAMP.reason);
      writer.writeVarAscii(value);
    },
    read: (reader) => {
      const start = reader.offset;
      const text = reader.readVarAscii(32);
      if (isUtcTime(text)) return text;
      reader.offset = start;
      throw reader.error('BAD_TIME', BAD_TIMESTAMP.reason);
    },
  });
}

/** Whether a text is a time of some century: of the 21st, whose first year is a leap year. */
function isUtcTime(text: string): boolean {
  const digits = new TextEncoder().encode(`20${text.slice(0, 12)}000`);
  return UTC_TIME.test(text) && !Number.isNaN(tryDecodeTimestamp(digits, 0));
}
