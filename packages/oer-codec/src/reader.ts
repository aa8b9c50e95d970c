import { OerDecodeError, type OerErrorCode } from './errors.js';
import { parseGeneralizedTime, type GeneralizedTime } from './generalized-time.js';
import { getFloat32, getFloat64, getInt64, getUInt32, getUInt64, viewOf } from './raw.js';
import { asciiProblem, asciiSlice, utf8Slice } from './text.js';
import { decodeTimestamp, TIMESTAMP_LENGTH } from './timestamp.js';

/** How a reader treats what RFC 0030 forbids to write but RFC 0027 allows to accept. */
export interface OerReaderOptions {
  /**
   * Canonical OER only: lengths and integers with leading zeros, and long forms where the short one fits, are errors.
   * Default false: they pass, since deployed peers send them (RFC 0027 "Packet Format").
   */
  readonly strict?: boolean;
  /** First byte to read; default 0. */
  readonly start?: number;
  /** The byte behind the last one; default the end of the input. */
  readonly end?: number;
}

/** The longest integer that is read, in bytes: engines refuse to make a bigint without end. */
const MAX_INTEGER_LENGTH = 0x10_0000;
/** The longest text that is read, in bytes: engines refuse longer strings. */
const MAX_TEXT_LENGTH = 0x1000_0000;

/**
 * A cursor that reads OER values one after the other out of a `Uint8Array`.
 *
 * Every method either returns a value and moves on, or throws an {@link OerDecodeError} and stays where it was, at
 * the first byte of the field that could not be read. Octet strings come as views into the input, without a copy;
 * whoever keeps one beyond the call copies it (`slice()`). Nothing is allocated by a count or length that the input
 * itself announces before the bytes are known to be there.
 */
export class OerReader {
  readonly bytes: Uint8Array;
  /** The next byte to read. */
  offset: number;
  /** The byte behind the last one that may be read. */
  readonly end: number;
  /** Whether only canonical encodings are accepted. */
  readonly strict: boolean;

  constructor(bytes: Uint8Array, options?: OerReaderOptions) {
    this.bytes = bytes;
    this.offset = options?.start ?? 0;
    this.end = options?.end ?? bytes.length;
    this.strict = options?.strict ?? false;
    if (!(this.offset >= 0 && this.offset <= this.end && this.end <= bytes.length)) {
      throw new RangeError(
        `start ${this.offset} and end ${this.end} are not within ${bytes.length} bytes`,
      );
    }
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.end - this.offset;
  }

  /** An error that names the place of the field that starts at `offset`, by default the next byte. */
  error(code: OerErrorCode, reason: string, offset: number = this.offset): OerDecodeError {
    return new OerDecodeError(code, offset, reason);
  }

  /** Throws unless everything was read. For strict decoding: RFC 0030 lets lenient readers ignore extra bytes. */
  expectEnd(): void {
    if (this.offset !== this.end) {
      throw this.error(
        'TRAILING_BYTES',
        `${this.end - this.offset} bytes after the end of the value`,
      );
    }
  }

  #need(length: number): number {
    const start = this.offset;
    if (length > this.end - start) {
      throw this.error('TRUNCATED', `needs ${length} bytes, ${this.end - start} are left`);
    }
    return start;
  }

  /** The next byte, without moving on. */
  peekUInt8(): number {
    return this.bytes[this.#need(1)] as number;
  }

  /** Moves on by `length` bytes. */
  skip(length: number): void {
    this.offset = this.#need(length) + length;
  }

  readUInt8(): number {
    const at = this.#need(1);
    this.offset = at + 1;
    return this.bytes[at] as number;
  }

  readUInt16(): number {
    const at = this.#need(2);
    this.offset = at + 2;
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  readUInt32(): number {
    const at = this.#need(4);
    this.offset = at + 4;
    return getUInt32(this.bytes, at);
  }

  readUInt64(): bigint {
    const at = this.#need(8);
    this.offset = at + 8;
    return getUInt64(this.bytes, at);
  }

  readInt8(): number {
    return (this.readUInt8() << 24) >> 24;
  }

  readInt16(): number {
    return (this.readUInt16() << 16) >> 16;
  }

  readInt32(): number {
    return this.readUInt32() | 0;
  }

  readInt64(): bigint {
    const at = this.#need(8);
    this.offset = at + 8;
    return getInt64(this.bytes, at);
  }

  /** An IEEE 754 number of 32 bits (RFC 0030 "Fixed-length floating point numbers"). */
  readFloat32(): number {
    const at = this.#need(4);
    this.offset = at + 4;
    return getFloat32(this.bytes, at);
  }

  /** An IEEE 754 number of 64 bits. */
  readFloat64(): number {
    const at = this.#need(8);
    this.offset = at + 8;
    return getFloat64(this.bytes, at);
  }

  /** A length determinant (X.696 8.6), checked against what is left: a larger one is `TRUNCATED`. */
  readLength(): number {
    const at = this.#need(1) + 1;
    const length = this.bytes[at - 1] as number;
    if (length >= 0x80) return this.#readLongLength(length & 0x7f);
    if (length > this.end - at) throw this.#beyondEnd(length, at);
    this.offset = at;
    return length;
  }

  /** A length determinant of `size` bytes behind the first one. */
  #readLongLength(size: number): number {
    let at = this.offset + 1;
    const first = at;
    if (size === 0 || size > 8) {
      throw this.error('LENGTH_INVALID', `${size} is no length of a length (1 to 8)`);
    }
    if (size > this.end - at) throw this.error('TRUNCATED', 'the length determinant is cut off');
    let length = 0;
    for (const last = at + size; at < last; at++)
      length = length * 256 + (this.bytes[at] as number);
    if (this.strict && (length < 0x80 || this.bytes[first] === 0)) {
      throw this.error('NON_CANONICAL', `the length ${length} is not in its shortest form`);
    }
    if (length > this.end - at) throw this.#beyondEnd(length, at);
    this.offset = at;
    return length;
  }

  #beyondEnd(length: number, at: number): OerDecodeError {
    return this.error('TRUNCATED', `announces ${length} bytes, ${this.end - at} are left`);
  }

  /** The next `length` bytes, as a view. */
  readOctets(length: number): Uint8Array {
    const at = this.#need(length);
    this.offset = at + length;
    return viewOf(this.bytes, at, at + length);
  }

  /**
   * An octet string with a length determinant before it, as a view.
   * @param maxLength the longest that is accepted, in bytes; longer ones are `TOO_LONG`.
   */
  readVarOctets(maxLength: number = Infinity): Uint8Array {
    const start = this.offset;
    const length = this.readLength();
    const at = this.offset;
    if (length > maxLength) {
      this.offset = start;
      throw this.error('TOO_LONG', `${length} bytes, at most ${maxLength} are allowed`);
    }
    this.offset = at + length;
    return viewOf(this.bytes, at, at + length);
  }

  /** Moves on past an octet string with a length determinant and returns its length. */
  skipVarOctets(): number {
    const length = this.readLength();
    this.offset += length;
    return length;
  }

  /** A reader of its own over the contents of a variable-length octet string (an open type); moves on past it. */
  readNested(): OerReader {
    const length = this.readLength();
    const start = this.offset;
    this.offset = start + length;
    return new OerReader(this.bytes, { strict: this.strict, start, end: start + length });
  }

  /**
   * A variable-length unsigned integer of any size (up to 2^20 bytes).
   * @throws `NON_CANONICAL` for leading zeros when strict; `LENGTH_INVALID` for one of no bytes.
   */
  readVarUInt(): bigint {
    const start = this.offset;
    const length = this.#integerLength();
    const at = this.offset;
    if (this.strict && length > 1 && this.bytes[at] === 0) throw this.#leadingZeros(start);
    this.offset = at + length;
    return length <= 6 ? BigInt(this.#uintNumber(at, length)) : this.#uintBig(at, length);
  }

  /**
   * A variable-length unsigned integer that fits a `number` exactly.
   * @param max the largest accepted value; default 2^53 - 1. Larger ones are `OUT_OF_RANGE`.
   */
  readVarUIntNumber(max: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.offset;
    const length = this.#integerLength();
    const at = this.offset;
    if (this.strict && length > 1 && this.bytes[at] === 0) throw this.#leadingZeros(start);
    let first = at;
    const last = at + length;
    while (first < last - 7 && this.bytes[first] === 0) first++; // Leading zeros pass when lenient.
    const value = last - first > 7 ? Infinity : this.#uintNumber(first, last - first);
    if (value > max) {
      this.offset = start;
      throw this.error('OUT_OF_RANGE', `the integer is larger than ${max}`);
    }
    this.offset = last;
    return value;
  }

  /** A variable-length unsigned integer; one above 2^64 - 1 becomes 2^64 - 1 (RFC 0029 5.1.4). */
  readVarUIntSaturated(): bigint {
    const value = this.readVarUInt();
    return value > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : value;
  }

  /** A variable-length unsigned integer of at most 64 bits; larger ones are `OUT_OF_RANGE`. */
  readVarUInt64(): bigint {
    const start = this.offset;
    const value = this.readVarUInt();
    if (value > 0xffff_ffff_ffff_ffffn) {
      this.offset = start;
      throw this.error('OUT_OF_RANGE', 'the integer is larger than 64 bits');
    }
    return value;
  }

  /** A variable-length signed integer of any size (up to 2^20 bytes), two's complement. */
  readVarInt(): bigint {
    const start = this.offset;
    const length = this.#integerLength();
    const at = this.offset;
    if (this.strict && length > 1) {
      const first = this.bytes[at] as number;
      const signOfNext = (this.bytes[at + 1] as number) & 0x80;
      if ((first === 0 && signOfNext === 0) || (first === 0xff && signOfNext !== 0)) {
        throw this.#leadingZeros(start);
      }
    }
    this.offset = at + length;
    return BigInt.asIntN(length * 8, this.#uintBig(at, length));
  }

  #leadingZeros(start: number): OerDecodeError {
    this.offset = start;
    return this.error('NON_CANONICAL', 'the integer is not in its shortest form');
  }

  /** The length of an integer; moves on to its first byte. */
  #integerLength(): number {
    const start = this.offset;
    const length = this.readLength();
    if (length !== 0 && length <= MAX_INTEGER_LENGTH) return length;
    this.offset = start;
    if (length === 0) throw this.error('LENGTH_INVALID', 'an integer has at least one byte');
    throw this.error('TOO_LONG', `an integer of ${length} bytes, at most 2^20 are read`);
  }

  #uintNumber(at: number, length: number): number {
    let value = 0;
    for (const last = at + length; at < last; at++)
      value = value * 256 + (this.bytes[at] as number);
    return value;
  }

  #uintBig(at: number, length: number): bigint {
    if (length === 8) return getUInt64(this.bytes, at);
    // BigInt() of a hexadecimal text takes linear time, shifting byte by byte quadratic.
    let hex = '0x';
    for (const last = at + length; at < last; at++) {
      hex += ((this.bytes[at] as number) | 0x100).toString(16).slice(1);
    }
    return BigInt(hex);
  }

  /** Text in UTF-8 with a length determinant. Overlong forms, lone surrogates and stray bytes are `BAD_TEXT`. */
  readVarUtf8(maxLength: number = MAX_TEXT_LENGTH): string {
    const start = this.offset;
    const octets = this.readVarOctets(Math.min(maxLength, MAX_TEXT_LENGTH));
    // Short texts, nearly always ASCII, are faster without the decoder.
    if (octets.length <= 32 && asciiProblem(octets, 0, octets.length) < 0) {
      return asciiSlice(octets, 0, octets.length);
    }
    try {
      return utf8Slice(octets, 0, octets.length);
    } catch {
      this.offset = start;
      throw this.error('BAD_TEXT', 'the text is not valid UTF-8');
    }
  }

  /** Text in ASCII (IA5String) with a length determinant. A byte above 7F is `BAD_TEXT`. */
  readVarAscii(maxLength: number = MAX_TEXT_LENGTH): string {
    const start = this.offset;
    const length = this.readLength();
    const at = this.offset;
    const limit = Math.min(maxLength, MAX_TEXT_LENGTH);
    const bad = length > limit ? at : asciiProblem(this.bytes, at, at + length);
    if (bad >= 0) {
      this.offset = start;
      throw length > limit
        ? this.error('TOO_LONG', `${length} bytes, at most ${limit} are allowed`)
        : this.error('BAD_TEXT', `the text has a byte outside ASCII at byte ${bad - at}`);
    }
    this.offset = at + length;
    return asciiSlice(this.bytes, at, at + length);
  }

  /** Text in ASCII of exactly `length` characters, without a length determinant. */
  readAscii(length: number): string {
    const at = this.#need(length);
    if (length > MAX_TEXT_LENGTH) throw this.error('TOO_LONG', `a text of ${length} characters`);
    const bad = asciiProblem(this.bytes, at, at + length);
    if (bad >= 0) {
      throw this.error('BAD_TEXT', `the text has a byte outside ASCII at byte ${bad - at}`);
    }
    this.offset = at + length;
    return asciiSlice(this.bytes, at, at + length);
  }

  /** An ILP timestamp (17 digits), as milliseconds since 1970. */
  readTimestamp(): number {
    const at = this.#need(TIMESTAMP_LENGTH);
    const time = decodeTimestamp(this.bytes, at);
    if (typeof time !== 'number') throw this.error(time.code, time.reason);
    this.offset = at + TIMESTAMP_LENGTH;
    return time;
  }

  /**
   * A GeneralizedTime (RFC 0030 "Variable-length Timestamps").
   * @param allowTrailingZeros accepts `.200Z`, which deployed BTP peers write.
   */
  readGeneralizedTime(allowTrailingZeros = false): GeneralizedTime {
    const start = this.offset;
    const time = parseGeneralizedTime(this.readVarAscii(32), allowTrailingZeros);
    if ('code' in time) {
      this.offset = start;
      throw this.error(time.code, time.reason);
    }
    return time;
  }

  /**
   * The number of elements of a SEQUENCE OF (X.696 17.2).
   * @param minimumSize the fewest bytes that one element can take, at least 1: a count that cannot fit into what is
   * left is refused before anything is allocated for it.
   */
  readCount(minimumSize = 1): number {
    const start = this.offset;
    const count = this.readVarUIntNumber();
    if (count > (this.end - this.offset) / minimumSize) {
      const left = this.end - this.offset;
      this.offset = start;
      throw this.error('TRUNCATED', `announces ${count} elements, ${left} bytes are left`);
    }
    return count;
  }
}
