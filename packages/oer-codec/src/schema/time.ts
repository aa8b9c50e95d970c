import { formatGeneralizedTime, type GeneralizedTime } from '../generalized-time.js';
import { TIMESTAMP_LENGTH } from '../timestamp.js';
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
    size: () => TIMESTAMP_LENGTH,
    write: (writer, value) => writer.writeTimestamp(value),
    read: (reader) => reader.readTimestamp(),
  });
}
