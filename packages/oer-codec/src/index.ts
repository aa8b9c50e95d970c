/**
 * Canonical OER (ITU-T X.696 as profiled by RFC 0030), the encoding of every Interledger protocol.
 *
 * {@link OerReader} and {@link OerWriter} are cursors over a `Uint8Array`: they read and write one value after the
 * other. Reading is lenient by default (non-canonical lengths pass, as RFC 0027 allows) or strict; writing is always
 * canonical and never writes another value than it was given.
 *
 * @packageDocumentation
 */
export { OerDecodeError, OerEncodeError, type OerErrorCode } from './errors.js';
export { OerReader, type OerReaderOptions } from './reader.js';
export { OerWriter } from './writer.js';
export {
  bytesOfInt,
  bytesOfUInt,
  lengthOfLength,
  sizeOfVarOctets,
  sizeOfVarUInt,
} from './length.js';
export {
  decodeTimestamp,
  encodeTimestamp,
  TIMESTAMP_LENGTH,
  tryDecodeTimestamp,
} from './timestamp.js';
export {
  formatGeneralizedTime,
  parseGeneralizedTime,
  type GeneralizedTime,
} from './generalized-time.js';
export { asciiSlice, isAscii, utf8Length, utf8Slice } from './text.js';
export { allocateBytes } from './allocate.js';
export { getCanonicalLength, getUInt64, putInt64, putLength, viewOf } from './raw.js';
export type { TimeProblem } from './time.js';
