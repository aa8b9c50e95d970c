import { OerEncodeError } from '../errors.js';
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

/**
 * BIT STRING (X.696 13): of one size, the bits padded to whole bytes; otherwise a length determinant, the number of
 * unused bits in the last byte, and the bits. What is read is a view of the input.
 */
export function bitString(size?: Size): Schema<BitString> {
  const range = sizeRange(size);
  const name = `BIT STRING${range.text}`;
  return new Schema<BitString>({
    name,
    minSize: range.fixed ? bytesOf(range.min) : 2 + bytesOf(range.min),
    fixedSize: range.fixed ? bytesOf(range.min) : undefined,
    size: ({ length }) => (range.fixed ? bytesOf(length) : sizeOfVarOctets(1 + bytesOf(length))),
    write: (writer, value) => {
      checkWrittenSize(range, value.length, name);
      const { bytes, length } = value;
      if (bytes.length !== bytesOf(length) || unusedBits(value) !== 0) {
        throw new OerEncodeError(
          'BAD_VALUE',
          `${bytes.length} bytes for ${length} bits, or unused bits set`,
        );
      }
      if (!range.fixed) {
        writer.writeLength(1 + bytes.length);
        writer.writeUInt8(bytes.length * 8 - length);
      }
      writer.writeOctets(bytes);
    },
    read: (reader) => {
      const start = reader.offset;
      const value = range.fixed
        ? { bytes: reader.readOctets(bytesOf(range.min)), length: range.min }
        : readVariable(reader);
      checkReadSize(range, value.length, name, reader, start);
      if (reader.strict && unusedBits(value) !== 0) {
        reader.offset = start;
        throw reader.error('NON_CANONICAL', 'unused bits of a BIT STRING are zero');
      }
      return value;
    },
  });
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
