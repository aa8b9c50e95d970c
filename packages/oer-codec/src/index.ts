/**
 * Canonical OER (ITU-T X.696 as profiled by RFC 0030), the encoding of every Interledger protocol.
 *
 * {@link OerReader} and {@link OerWriter} are cursors over a `Uint8Array`: they read and write one value after the
 * other. Reading is lenient by default (non-canonical lengths pass, as RFC 0027 allows) or strict; writing is always
 * canonical and never writes another value than it was given.
 *
 * Schemas read like the ASN.1 that they stand for, and infer the TypeScript type of their values ({@link Infer}):
 *
 *     const amounts = sequence({ received: integer(0n, 2n ** 64n - 1n), note: optional(utf8String()) });
 *     amounts.encode({ received: 5n });
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
  type TimeProblem,
} from './timestamp.js';
export {
  formatGeneralizedTime,
  parseGeneralizedTime,
  type GeneralizedTime,
} from './generalized-time.js';
export { asciiSlice, isAscii, utf8Length, utf8Slice } from './text.js';
export { allocateBytes } from './allocate.js';
export { getCanonicalLength, getUInt64, putInt64, putLength, viewOf } from './raw.js';

export { Schema, type AnySchema, type Infer, type SchemaDefinition } from './schema/schema.js';
export { boolean } from './schema/boolean.js';
export { nullType } from './schema/null.js';
export { integer } from './schema/integer.js';
export { enumerated, extensibleEnumerated } from './schema/enumerated.js';
export { real32, real64 } from './schema/real.js';
export { bitString, type BitString, type BitStringOptions } from './schema/bit-string.js';
export { octetString } from './schema/octet-string.js';
export type { Size } from './schema/size.js';
export {
  ia5String,
  numericString,
  printableString,
  utf8String,
  visibleString,
  type StringConstraints,
} from './schema/strings.js';
export { bmpString, universalString } from './schema/wide-strings.js';
export { generalizedTime, ilpTimestamp, utcTime } from './schema/time.js';
export { objectIdentifier, relativeOid } from './schema/object-identifier.js';
export {
  additionGroup,
  optional,
  sequence,
  set,
  withDefault,
  type AdditionGroup,
  type Additions,
  type AdditionValue,
  type Component,
  type Components,
  type DefaultComponent,
  type OptionalComponent,
  type SequenceValue,
} from './schema/sequence.js';
export { sequenceOf, setOf } from './schema/sequence-of.js';
export {
  choice,
  extensibleChoice,
  type Alternative,
  type ChoiceValue,
  type Tag,
  type UnknownAlternative,
} from './schema/choice.js';
export { openType } from './schema/open-type.js';
export {
  sequenceByOpenTable,
  sequenceByTable,
  type Table,
  type TableOptions,
  type TableValue,
  type UnknownValue,
} from './schema/table.js';
export { lazy } from './schema/lazy.js';
