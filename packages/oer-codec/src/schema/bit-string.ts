import { OerEncodeError, type OerDecodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import { Schema } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange, type Size } from './size.js';

/** Some bits, the first in the highest bit of the first byte. */
export interface BitString {
  readonly bytes: Uint8Array;
  /** How many bits there are; those behind them in the last byte are zero. */
  readonly length: number;
}

/** What else a BIT STRING may be. */
export interface BitStringOptions {
  /**
   * The bits have names (X.680 22.7): zero bits at the end say nothing. They are left off, down to the smallest size
   * that is allowed, and added up to it. Default false.
   */
  readonly named?: boolean;
}

/**
 * BIT STRING (X.696 13): of one size, the bits padded to whole bytes; otherwise a length determinant, the number of
 * unused bits in the last byte, and the bits. What is read is a view of the input, or a copy where the sender left unused
 * bits set.
 */
export function bitString(
  size?: Size,
  { named = false }: BitStringOptions = {},
): Schema<BitString> {
  const range = sizeRange(size);
  const name = `BIT STRING${range.text}`;
  const canonical = (value: BitString): BitString => (named ? trimmed(value, range.min) : value);
  return new Schema<BitString>({
    name,
    minSize: range.fixed ? bytesOf(range.min) : 2 + bytesOf(range.min),
    fixedSize: range.fixed ? bytesOf(range.min) : undefined,
    // What is no value is left as it is, for `write` to refuse.
    canonical: named ? (value) => (isBits(value) ? canonical(value) : value) : undefined,
    size: (value) => {
      const bytes = bytesOf(canonical(value).length);
      return range.fixed ? bytes : sizeOfVarOctets(1 + bytes);
    },
    write: (writer, value) => {
      checkBits(value);
      const { bytes, length } = canonical(value);
      checkWrittenSize(range, length, name);
      if (!range.fixed) {
        writer.writeLength(1 + bytes.length);
        writer.writeUInt8(bytes.length * 8 - length);
      }
      writer.writeOctets(bytes);
    },
    read: (reader) => {
      const start = reader.offset;
      const read = range.fixed
        ? { bytes: reader.readOctets(bytesOf(range.min)), length: range.min }
        : readVariable(reader);
      const refused = (reason: string): OerDecodeError => {
        reader.offset = start;
        return reader.error('NON_CANONICAL', reason);
      };
      if (reader.strict && unusedBits(read) !== 0) {
        throw refused('unused bits of a BIT STRING are zero');
      }
      const value = canonical(cleared(read));
      if (reader.strict && value.length !== read.length) {
        throw refused('zero bits at the end of a BIT STRING with names');
      }
      checkReadSize(range, value.length, name, reader, start);
      return value;
    },
  });
}

/** Refuses bytes that are not those of so many bits, and bits behind the last. */
function checkBits(value: BitString): void {
  if (isBits(value)) return;
  throw new OerEncodeError(
    'BAD_VALUE',
    `${value.bytes.length} bytes for ${value.length} bits, or unused bits set`,
  );
}

function isBits(value: BitString): boolean {
  return value.bytes.length === bytesOf(value.length) && unusedBits(value) === 0;
}

/** The same with zeros behind the last bit; a copy where they were none. */
function cleared(value: BitString): BitString {
  const unused = unusedBits(value);
  if (unused === 0) return value;
  const bytes = value.bytes.slice();
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ unused;
  return { bytes, length: value.length };
}

/** The same bits without zeros at the end, but at least `min`. */
function trimmed({ bytes, length }: BitString, min: number): BitString {
  let end = length;
  while (end > min && ((bytes[(end - 1) >> 3] as number) & (0x80 >> ((end - 1) & 7))) === 0) end--;
  if (end >= min) return { bytes: bytes.subarray(0, bytesOf(end)), length: end };
  const padded = new Uint8Array(bytesOf(min));
  padded.set(bytes);
  return { bytes: padded, length: min };
}

function readVariable(reader: OerReader): BitString {
  const start = reader.offset;
  const octets = reader.readVarOctets();
  const unused = octets[0] ?? 8;
  if (unused > 7 || (unused > 0 && octets.length === 1)) {
    reader.offset = start;
    throw reader.error('BAD_VALUE', 'a BIT STRING starts with its number of unused bits, 0 to 7');
  }
  return { bytes: octets.subarray(1), length: (octets.length - 1) * 8 - unused };
}

function bytesOf(bits: number): number {
  return Math.ceil(bits / 8);
}

/** The bits behind the last one, which are to be zero. */
function unusedBits({ bytes, length }: BitString): number {
  return length % 8 === 0 ? 0 : (bytes[bytes.length - 1] as number) & (0xff >> (length % 8));
}
