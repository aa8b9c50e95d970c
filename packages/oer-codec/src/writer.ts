import { allocateBytes } from './allocate.js';
import { OerEncodeError } from './errors.js';
import { formatGeneralizedTime, type GeneralizedTime } from './generalized-time.js';
import { bytesOfInt, bytesOfUInt32 } from './length.js';
import { highHalf, lowHalf, float32Bits, putFloat64, putInt64 } from './raw.js';
import { encodeTimestamp, TIMESTAMP_LENGTH } from './timestamp.js';

/** With the flag `u`, the two halves of a pair are one character. */
const LONE_SURROGATE = /\p{Cs}/u;

let utf8: TextEncoder | undefined;

function doesNotFit(): OerEncodeError {
  return new OerEncodeError('OUT_OF_RANGE', 'no integer of 64 bits');
}

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
      throw new OerEncodeError('OUT_OF_RANGE', `${value} is no integer from ${min} to ${max}`);
    }
  }

  /** An integer of up to four bytes. */
  #fixed(value: number, size: number, min: number, max: number): void {
    this.#check(value, min, max);
    const at = this.#reserve(size);
    const bytes = this.#bytes;
    for (let i = at + size - 1; i >= at; i--, value >>= 8) bytes[i] = value;
  }

  writeUInt8(value: number): void {
    this.#check(value, 0, 0xff);
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  writeUInt16(value: number): void {
    this.#fixed(value, 2, 0, 0xffff);
  }

  writeUInt32(value: number): void {
    this.#fixed(value, 4, 0, 0xffff_ffff);
  }

  writeUInt64(value: bigint): void {
    this.#int64(value, BigInt.asUintN(64, value));
  }

  writeInt64(value: bigint): void {
    this.#int64(value, BigInt.asIntN(64, value));
  }

  /** @param wrapped what 64 bits can hold of the value. */
  #int64(value: bigint, wrapped: bigint): void {
    if (value !== wrapped) throw doesNotFit();
    const at = this.#reserve(8);
    putInt64(this.#bytes, at, value);
  }

  writeInt8(value: number): void {
    this.#fixed(value, 1, -0x80, 0x7f);
  }

  writeInt16(value: number): void {
    this.#fixed(value, 2, -0x8000, 0x7fff);
  }

  writeInt32(value: number): void {
    this.#fixed(value, 4, -0x8000_0000, 0x7fff_ffff);
  }

  /** An IEEE 754 number of 32 bits: what `Math.fround` makes of the value, which rounds and may be infinite. */
  writeFloat32(value: number): void {
    this.writeUInt32(float32Bits(value));
  }

  /** An IEEE 754 number of 64 bits. */
  writeFloat64(value: number): void {
    const at = this.#reserve(8);
    putFloat64(this.#bytes, at, value);
  }

  /** A length determinant in its shortest form (X.696 8.6). */
  writeLength(length: number): void {
    if (length < 0x80) this.writeUInt8(length);
    else this.#safe(0x80, length);
  }

  /** The same for a safe integer from 0 on. */
  #safe(bits: number, value: number): void {
    this.#check(value, 0, Number.MAX_SAFE_INTEGER);
    this.#halves(bits, value / 0x1_0000_0000, value);
  }

  /**
   * The number of bytes of an integer in two halves of 32 bits, with `bits` set beside it, and those bytes. Fractions do
   * not count.
   */
  #halves(bits: number, high: number, low: number): void {
    low >>>= 0;
    const size = high >= 1 ? 4 + bytesOfUInt32(high) : bytesOfUInt32(low);
    const head = this.#reserve(1 + size);
    const bytes = this.#bytes;
    bytes[head] = bits | size;
    for (let i = size; i > 0; i--) {
      bytes[head + i] = low;
      low = i === size - 3 ? high : low >>> 8;
    }
  }

  /** A length determinant and an unsigned integer of so many bytes, given as an even number of hexadecimal digits. */
  #hex(digits: string): void {
    const size = digits.length / 2;
    this.writeLength(size);
    const at = this.#reserve(size);
    for (let i = 0; i < size; i++) {
      this.#bytes[at + i] = parseInt(digits.slice(i * 2, i * 2 + 2), 16);
    }
  }

  /**
   * Begins an octet string whose contents are written by other methods, and whose length {@link endOctets} writes: for
   * contents that are faster written than measured.
   * @returns what {@link endOctets} takes.
   */
  beginOctets(): number {
    return this.#reserve(1) + 1;
  }

  /** Ends the octet string that began at `start`, with the length determinant before it. */
  endOctets(start: number): void {
    const length = this.#offset - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
    } else {
      const contents = this.#bytes.slice(start, this.#offset);
      this.#offset = start - 1;
      this.writeVarOctets(contents);
    }
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
    if (this.#varUInt64(value)) return;
    const digits = value.toString(16);
    this.#hex(digits.padStart((digits.length + 1) & -2, '0'));
  }

  /** A variable-length unsigned integer of at most 64 bits; larger ones are `OUT_OF_RANGE`. */
  writeVarUInt64(value: bigint): void {
    if (!this.#varUInt64(value)) throw doesNotFit();
  }

  /** Writes an unsigned integer unless it takes more than 64 bits, and says whether it did. */
  #varUInt64(value: number | bigint): boolean {
    // Nearly all are small, and what a bigint is otherwise takes longer to find out.
    const number = Number(value);
    if (typeof value === 'number' || number < 0x1_0000_0000) this.#safe(0, number);
    else if (BigInt.asUintN(64, value) === value) this.#halves(0, highHalf(value), lowHalf());
    else return false;
    return true;
  }

  /** A variable-length signed integer, two's complement. */
  writeVarInt(value: number | bigint): void {
    if (typeof value === 'number') {
      this.#check(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      value = BigInt(value);
    }
    const size = bytesOfInt(value);
    this.#hex(
      BigInt.asUintN(size * 8, value)
        .toString(16)
        .padStart(size * 2, '0'),
    );
  }

  /** Text in UTF-8 with a length determinant. A lone surrogate has no UTF-8 form and is `BAD_TEXT`. */
  writeVarUtf8(text: string): void {
    // Nearly all texts are ASCII, which shows while they are written.
    const start = this.#offset;
    this.writeLength(text.length);
    if (this.#ascii(text)) return;
    this.#offset = start;
    if (LONE_SURROGATE.test(text)) throw this.#badText('UTF-8', start);
    this.writeVarOctets((utf8 ??= new TextEncoder()).encode(text));
  }

  /** Text in ASCII (IA5String) with a length determinant. Any other character is `BAD_TEXT`. */
  writeVarAscii(text: string): void {
    const start = this.#offset;
    this.writeLength(text.length);
    this.#onlyAscii(text, start);
  }

  /** Text in ASCII without a length determinant. */
  writeAscii(text: string): void {
    this.#onlyAscii(text, this.#offset);
  }

  #onlyAscii(text: string, start: number): void {
    if (!this.#ascii(text)) throw this.#badText('ASCII', start);
  }

  #badText(encoding: string, start: number): OerEncodeError {
    this.#offset = start;
    return new OerEncodeError('BAD_TEXT', `the text is not ${encoding}`);
  }

  /** Writes a text, a byte for each character, and says whether it is ASCII. */
  #ascii(text: string): boolean {
    const at = this.#reserve(text.length);
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
    this.#offset = at; // There it stays if the time cannot be written.
    encodeTimestamp(epochMs, this.#bytes, at);
    this.#offset = at + TIMESTAMP_LENGTH;
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
