import { OerDecodeError, type OerErrorCode } from './errors.js';
import { parseGeneralizedTime, type GeneralizedTime } from './generalized-time.js';
import { getUInt32, getUInt64, load64, viewOf } from './raw.js';
import { asciiSlice, isAsciiBytes, utf8Slice } from './text.js';
import { BAD_TIMESTAMP, TIMESTAMP_LENGTH, tryDecodeTimestamp } from './timestamp.js';

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

const NO_OPTIONS: OerReaderOptions = {};

/** The longest integer that is read, in bytes: engines refuse to make a bigint without end. */
const MAX_INTEGER_LENGTH = 0x10_0000;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
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

  constructor(
    bytes: Uint8Array,
    { start = 0, end = bytes.length, strict = false }: OerReaderOptions = NO_OPTIONS,
  ) {
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
    this.strict = strict;
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`${start} to ${end} of ${bytes.length} bytes`);
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

  /** Moves back to the start of the field that could not be read, for the error that says so. */
  #failed(start: number, code: OerErrorCode, reason: string): OerDecodeError {
    this.offset = start;
    return this.error(code, reason);
  }

  /** Throws unless everything was read. For strict decoding: RFC 0030 lets lenient readers ignore extra bytes. */
  expectEnd(): void {
    if (this.offset !== this.end) {
      throw this.error('TRAILING_BYTES', `${this.remaining} bytes are left`);
    }
  }

  /** Where the next `length` bytes are, which there have to be; moves on past them. */
  #take(length: number): number {
    const at = this.offset;
    this.offset = at + this.#checked(at, length);
    return at;
  }

  /** The next byte, without moving on. */
  peekUInt8(): number {
    return this.bytes[(this.offset = this.#take(1))] as number;
  }

  /** Moves on by `length` bytes. */
  skip(length: number): void {
    this.#take(length);
  }

  readUInt8(): number {
    return this.bytes[this.#take(1)] as number;
  }

  readUInt16(): number {
    const at = this.#take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  readUInt32(): number {
    return getUInt32(this.bytes, this.#take(4));
  }

  readUInt64(): bigint {
    return getUInt64(this.bytes, this.#take(8));
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
    return load64(this.bytes, this.#take(8)).getBigInt64(0);
  }

  /** An IEEE 754 number of 32 bits (RFC 0030 "Fixed-length floating point numbers"). */
  readFloat32(): number {
    return load64(this.bytes, this.#take(4)).getFloat32(0); // The other four bytes do not matter.
  }

  /** An IEEE 754 number of 64 bits. */
  readFloat64(): number {
    return load64(this.bytes, this.#take(8)).getFloat64(0);
  }

  /** A length determinant (X.696 8.6), checked against what is left: a larger one is `TRUNCATED`. */
  readLength(): number {
    const start = this.offset;
    const length = this.readUInt8();
    return length < 0x80 ? this.#checked(start, length) : this.#longLength(start, length & 0x7f);
  }

  /** The rest of a length determinant, of which one byte was read. */
  #longLength(start: number, size: number): number {
    let at = this.offset;
    if (size === 0 || size > 8) {
      throw this.#badLength(start, size);
    }
    this.#checked(start, size);
    const first = this.bytes[at];
    let length = 0;
    for (const end = (this.offset = at + size); at < end; at++) {
      length = length * 256 + (this.bytes[at] as number);
    }
    if (this.strict && (length < 0x80 || first === 0)) throw this.#notShortest(start);
    return this.#checked(start, length);
  }

  /** Returns `length` if so many bytes are left. */
  #checked(start: number, length: number): number {
    const left = this.remaining;
    if (length <= left) return length;
    throw this.#failed(start, 'TRUNCATED', `needs ${length} bytes, ${left} are left`);
  }

  /** A length determinant of at most `maxLength`. */
  #bounded(maxLength: number): number {
    const start = this.offset;
    const length = this.readLength();
    if (length <= maxLength) return length;
    throw this.#failed(start, 'TOO_LONG', `${length} bytes, at most ${maxLength}`);
  }

  /** The next `length` bytes, as a view. */
  readOctets(length: number): Uint8Array {
    const at = this.#take(length);
    return viewOf(this.bytes, at, at + length);
  }

  /**
   * An octet string with a length determinant before it, as a view.
   * @param maxLength the longest that is accepted, in bytes; longer ones are `TOO_LONG`.
   */
  readVarOctets(maxLength: number = Infinity): Uint8Array {
    return this.readOctets(this.#bounded(maxLength));
  }

  /** Moves on past an octet string with a length determinant and returns its length. */
  skipVarOctets(): number {
    const length = this.readLength();
    this.offset += length;
    return length;
  }

  /** A reader of its own over the contents of a variable-length octet string (an open type); moves on past it. */
  readNested(): OerReader {
    const start = this.#take(this.readLength());
    return new OerReader(this.bytes, { strict: this.strict, start, end: this.offset });
  }

  /**
   * A variable-length unsigned integer of any size (up to 2^20 bytes).
   * @throws `NON_CANONICAL` for leading zeros when strict; `LENGTH_INVALID` for one of no bytes.
   */
  readVarUInt(): bigint {
    const value = this.#smallUInt();
    return value < 0 ? this.#anyUInt() : BigInt(value);
  }

  /**
   * A variable-length unsigned integer that fits a `number` exactly.
   * @param max the largest accepted value; default (and sensible limit) 2^53 - 1. Larger ones are `OUT_OF_RANGE`.
   */
  readVarUIntNumber(max: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.offset;
    const small = this.#smallUInt();
    const value = small < 0 ? this.#anyUInt() : small;
    if (value <= max) return Number(value);
    throw this.#tooLarge(start, max);
  }

  #tooLarge(start: number, max: number | bigint): OerDecodeError {
    return this.#failed(start, 'OUT_OF_RANGE', `larger than ${max}`);
  }

  /** A variable-length unsigned integer; one above 2^64 - 1 becomes 2^64 - 1 (RFC 0029 5.1.4). */
  readVarUIntSaturated(): bigint {
    const value = this.readVarUInt();
    return value > MAX_UINT64 ? MAX_UINT64 : value;
  }

  /** A variable-length unsigned integer of at most 64 bits; larger ones are `OUT_OF_RANGE`. */
  readVarUInt64(): bigint {
    const start = this.offset;
    const value = this.readVarUInt();
    if (value <= MAX_UINT64) return value;
    throw this.#tooLarge(start, MAX_UINT64);
  }

  /**
   * The variable-length unsigned integer that comes next if it has up to six bytes and no leading zeros, as nearly all
   * have; otherwise -1, without moving on.
   */
  #smallUInt(): number {
    const bytes = this.bytes;
    const at = this.offset + 1;
    const length = bytes[at - 1] as number;
    const last = at + length;
    let value = bytes[at] as number;
    // Whatever is beyond the end reads as undefined, for which no comparison is true.
    if (!(length <= 6 && last <= this.end && (value > 0 ? length > 0 : length === 1))) return -1;
    for (let i = at + 1; i < last; i++) value = value * 256 + (bytes[i] as number);
    this.offset = last;
    return value;
  }

  /** A variable-length unsigned integer in whatever form. */
  #anyUInt(): bigint {
    const start = this.offset;
    const length = this.#integerLength();
    const at = this.offset;
    if (this.strict && length > 1 && this.bytes[at] === 0) throw this.#notShortest(start);
    this.offset = at + length;
    return this.#uintBig(at, length);
  }

  /** A variable-length signed integer of any size (up to 2^20 bytes), two's complement. */
  readVarInt(): bigint {
    const start = this.offset;
    const length = this.#integerLength();
    const at = this.offset;
    if (this.strict && length > 1) {
      // Nine bits that are all equal say no more than the last of them.
      const bits = ((this.bytes[at] as number) << 1) | ((this.bytes[at + 1] as number) >> 7);
      if (bits === 0 || bits === 0x1ff) throw this.#notShortest(start);
    }
    this.offset = at + length;
    return BigInt.asIntN(length * 8, this.#uintBig(at, length));
  }

  #notShortest(start: number): OerDecodeError {
    return this.#failed(start, 'NON_CANONICAL', 'not in its shortest form');
  }

  /** The length of an integer; moves on to its first byte. */
  #integerLength(): number {
    const start = this.offset;
    const length = this.#bounded(MAX_INTEGER_LENGTH);
    if (length > 0) return length;
    throw this.#badLength(start, length);
  }

  #badLength(start: number, size: number): OerDecodeError {
    return this.#failed(start, 'LENGTH_INVALID', `a length of ${size} bytes`);
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
    const length = this.#bounded(Math.min(maxLength, MAX_TEXT_LENGTH));
    const at = this.#take(length);
    // Short texts, nearly always ASCII, are faster without the decoder.
    if (length <= 32 && isAsciiBytes(this.bytes, at, this.offset)) {
      return asciiSlice(this.bytes, at, this.offset);
    }
    try {
      return utf8Slice(this.bytes, at, this.offset);
    } catch {
      throw this.#badText(start, 'UTF-8');
    }
  }

  /** Text in ASCII (IA5String) with a length determinant. A byte above 7F is `BAD_TEXT`. */
  readVarAscii(maxLength: number = MAX_TEXT_LENGTH): string {
    const start = this.offset;
    return this.#ascii(start, this.#bounded(Math.min(maxLength, MAX_TEXT_LENGTH)));
  }

  /** Text in ASCII of exactly `length` characters (at most 2^28), without a length determinant. */
  readAscii(length: number): string {
    return this.#ascii(this.offset, length);
  }

  /** The next `length` bytes as text; `start` is where the field starts. */
  #ascii(start: number, length: number): string {
    const at = this.#take(length);
    if (!isAsciiBytes(this.bytes, at, this.offset)) throw this.#badText(start, 'ASCII');
    return asciiSlice(this.bytes, at, this.offset);
  }

  #badText(start: number, encoding: string): OerDecodeError {
    return this.#failed(start, 'BAD_TEXT', `the text is not ${encoding}`);
  }

  /** An ILP timestamp (17 digits), as milliseconds since 1970. */
  readTimestamp(): number {
    const at = this.#take(TIMESTAMP_LENGTH);
    const time = tryDecodeTimestamp(this.bytes, at);
    if (Number.isNaN(time)) throw this.#failed(at, BAD_TIMESTAMP.code, BAD_TIMESTAMP.reason);
    return time;
  }

  /**
   * A GeneralizedTime (RFC 0030 "Variable-length Timestamps").
   * @param allowTrailingZeros accepts `.200Z`, which deployed BTP peers write.
   */
  readGeneralizedTime(allowTrailingZeros = false): GeneralizedTime {
    const start = this.offset;
    const time = parseGeneralizedTime(this.readVarAscii(32), allowTrailingZeros);
    if ('code' in time) throw this.#failed(start, time.code, time.reason);
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
    this.#checked(start, count * minimumSize);
    return count;
  }
}
