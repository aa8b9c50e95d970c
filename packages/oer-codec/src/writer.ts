import { allocateBytes } from './allocate.js';
import { OerEncodeError, type OerErrorCode } from './errors.js';
import { formatGeneralizedTime, type GeneralizedTime } from './generalized-time.js';
import { bytesOfInt, bytesOfUInt, lengthOfLength } from './length.js';
import { putFloat32, putFloat64, putInt64, putUInt32 } from './raw.js';
import { utf8Length } from './text.js';
import { encodeTimestamp, TIMESTAMP_LENGTH } from './timestamp.js';

let utf8: TextEncoder | undefined;

/**
 * A cursor that writes OER values one after the other, always in canonical form.
 *
 * Give it the final size and it allocates once; without one it grows. Every value is checked against the range of its
 * type: an amount of 2^64 is an {@link OerEncodeError}, never another number; after one the writer stands where it stood.
 */
export class OerWriter {
  #bytes: Uint8Array;
  #offset = 0;

  /**
   * @param space the expected number of bytes (the exact one makes {@link finish} return the buffer without a copy), or
   * bytes to write into; a writer that needs more takes others.
   */
  constructor(space: number | Uint8Array = 64) {
    this.#bytes = typeof space === 'number' ? allocateBytes(space) : space;
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#offset;
  }

  /**
   * What was written, as a view of the writer's buffer; writing on afterwards may change it. Like Node's `Buffer`, its
   * `buffer` may hold more than these bytes ({@link allocateBytes}).
   */
  finish(): Uint8Array {
    return this.#offset === this.#bytes.length
      ? this.#bytes
      : this.#bytes.subarray(0, this.#offset);
  }

  #error(code: OerErrorCode, reason: string): OerEncodeError {
    return new OerEncodeError(code, reason);
  }

  #reserve(length: number): number {
    const at = this.#offset;
    const end = at + length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#offset = end;
    return at;
  }

  #check(value: number, min: number, max: number): void {
    if (!(Number.isInteger(value) && value >= min && value <= max)) {
      throw this.#error('OUT_OF_RANGE', `${value} is not an integer from ${min} to ${max}`);
    }
  }

  writeUInt8(value: number): void {
    this.#check(value, 0, 0xff);
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  writeUInt16(value: number): void {
    this.#check(value, 0, 0xffff);
    const at = this.#reserve(2);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
  }

  writeUInt32(value: number): void {
    this.#check(value, 0, 0xffff_ffff);
    const at = this.#reserve(4);
    putUInt32(this.#bytes, at, value);
  }

  writeUInt64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) {
      throw this.#error('OUT_OF_RANGE', `${value} does not fit an unsigned integer of 64 bits`);
    }
    const at = this.#reserve(8);
    putInt64(this.#bytes, at, value);
  }

  writeInt8(value: number): void {
    this.#check(value, -0x80, 0x7f);
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  writeInt16(value: number): void {
    this.#check(value, -0x8000, 0x7fff);
    const at = this.#reserve(2);
    this.#bytes[at] = value >> 8;
    this.#bytes[at + 1] = value;
  }

  writeInt32(value: number): void {
    this.#check(value, -0x8000_0000, 0x7fff_ffff);
    const at = this.#reserve(4);
    putUInt32(this.#bytes, at, value);
  }

  writeInt64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw this.#error('OUT_OF_RANGE', `${value} does not fit a signed integer of 64 bits`);
    }
    const at = this.#reserve(8);
    putInt64(this.#bytes, at, value);
  }

  /** An IEEE 754 number of 32 bits; a value between two of them is rounded to the nearer one. */
  writeFloat32(value: number): void {
    const at = this.#reserve(4);
    putFloat32(this.#bytes, at, value);
  }

  /** An IEEE 754 number of 64 bits. */
  writeFloat64(value: number): void {
    const at = this.#reserve(8);
    putFloat64(this.#bytes, at, value);
  }

  /** A length determinant in its shortest form (X.696 8.6). */
  writeLength(length: number): void {
    this.#check(length, 0, Number.MAX_SAFE_INTEGER);
    if (length < 0x80) {
      const at = this.#reserve(1);
      this.#bytes[at] = length;
      return;
    }
    const size = lengthOfLength(length) - 1;
    const head = this.#reserve(1);
    this.#bytes[head] = 0x80 | size;
    this.#magnitude(length, size);
  }

  #magnitude(value: number, size: number): void {
    const at = this.#reserve(size);
    const bytes = this.#bytes;
    for (let i = at + size - 1; i >= at; i--) {
      const rest = Math.floor(value / 256);
      bytes[i] = value - rest * 256;
      value = rest;
    }
  }

  #bigMagnitude(value: bigint, size: number): void {
    const at = this.#reserve(size);
    const hex = value.toString(16).padStart(size * 2, '0');
    for (let i = 0; i < size; i++) this.#bytes[at + i] = parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  }

  /** Bytes as they are, without a length determinant. */
  writeOctets(octets: Uint8Array): void {
    const at = this.#reserve(octets.length);
    this.#bytes.set(octets, at);
  }

  /** A length determinant and the bytes. */
  writeVarOctets(octets: Uint8Array): void {
    this.writeLength(octets.length);
    this.writeOctets(octets);
  }

  /** A variable-length unsigned integer; a `number` must be a safe integer. */
  writeVarUInt(value: number | bigint): void {
    if (typeof value === 'number') {
      this.#check(value, 0, Number.MAX_SAFE_INTEGER);
    } else {
      if (value < 0n) throw this.#error('OUT_OF_RANGE', `${value} is negative`);
      if (value <= Number.MAX_SAFE_INTEGER) value = Number(value);
    }
    const size = bytesOfUInt(value);
    this.writeLength(size);
    if (typeof value === 'number') this.#magnitude(value, size);
    else this.#bigMagnitude(value, size);
  }

  /** A variable-length signed integer, two's complement. */
  writeVarInt(value: number | bigint): void {
    if (typeof value === 'number') {
      this.#check(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      value = BigInt(value);
    }
    const size = bytesOfInt(value);
    this.writeLength(size);
    this.#bigMagnitude(BigInt.asUintN(size * 8, value), size);
  }

  /** Text in UTF-8 with a length determinant. A lone surrogate has no UTF-8 form and is `BAD_TEXT`. */
  writeVarUtf8(text: string): void {
    const length = utf8Length(text);
    if (length < 0) throw this.#error('BAD_TEXT', 'the text has a lone surrogate');
    this.writeLength(length);
    const at = this.#reserve(length);
    if (length === text.length) this.#ascii(text, at);
    else (utf8 ??= new TextEncoder()).encodeInto(text, this.#bytes.subarray(at, at + length));
  }

  /** Text in ASCII (IA5String) with a length determinant. Any other character is `BAD_TEXT`. */
  writeVarAscii(text: string): void {
    const start = this.#offset;
    this.writeLength(text.length);
    const at = this.#reserve(text.length);
    if (!this.#ascii(text, at)) throw this.#notAscii(start);
  }

  /** Text in ASCII without a length determinant. */
  writeAscii(text: string): void {
    const at = this.#reserve(text.length);
    if (!this.#ascii(text, at)) throw this.#notAscii(at);
  }

  #notAscii(start: number): OerEncodeError {
    this.#offset = start;
    return this.#error('BAD_TEXT', 'the text has a character outside ASCII');
  }

  #ascii(text: string, at: number): boolean {
    const bytes = this.#bytes;
    let seen = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      seen |= unit;
      bytes[at + i] = unit;
    }
    return seen < 0x80;
  }

  /** An ILP timestamp (17 digits) of `epochMs`, milliseconds since 1970. */
  writeTimestamp(epochMs: number): void {
    const at = this.#reserve(TIMESTAMP_LENGTH);
    try {
      encodeTimestamp(epochMs, this.#bytes, at);
    } catch (error) {
      this.#offset = at;
      throw error;
    }
  }

  /** A GeneralizedTime in canonical form. */
  writeGeneralizedTime(time: GeneralizedTime): void {
    this.writeVarAscii(formatGeneralizedTime(time));
  }

  /** The number of elements of a SEQUENCE OF (X.696 17.2). */
  writeCount(count: number): void {
    this.writeVarUInt(count);
  }
}
