import { OerEncodeError } from '../errors.js';
import type { OerReader } from '../reader.js';
import { Schema } from './schema.js';

/**
 * REAL with the constraints of IEEE 754 binary32 (X.696 12.2): 4 bytes. Other values are rounded to the nearest, finite
 * ones not to infinity. Not a number has one form that is written, 7FC00000; others pass when reading, though not when strict.
 */
export function real32(): Schema<number> {
  return new Schema<number>({
    name: 'REAL -- binary32',
    minSize: 4,
    fixedSize: 4,
    size: () => 4,
    write: (writer, value) => {
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
        throw new OerEncodeError('OUT_OF_RANGE', `${value} is too large for 32 bits`);
      }
      if (Number.isNaN(value)) writer.writeUInt32(0x7fc0_0000);
      else writer.writeFloat32(value);
    },
    read: (reader) => checkNaN(reader, reader.readFloat32(), 4),
  });
}

/** REAL with the constraints of IEEE 754 binary64 (X.696 12.3): 8 bytes. Not a number is 7FF8000000000000. */
export function real64(): Schema<number> {
  return new Schema<number>({
    name: 'REAL -- binary64',
    minSize: 8,
    fixedSize: 8,
    size: () => 8,
    write: (writer, value) => {
      if (Number.isNaN(value)) writer.writeUInt64(0x7ff8_0000_0000_0000n);
      else writer.writeFloat64(value);
    },
    read: (reader) => checkNaN(reader, reader.readFloat64(), 8),
  });
}

/** Refuses the other forms of not a number when strict; `value` was read from the last `size` bytes. */
function checkNaN(reader: OerReader, value: number, size: 4 | 8): number {
  if (!reader.strict || !Number.isNaN(value)) return value;
  const start = reader.offset - size;
  const octets = reader.bytes.subarray(start, reader.offset);
  const expected = size === 4 ? [0x7f, 0xc0] : [0x7f, 0xf8];
  if (octets.every((octet, i) => octet === (expected[i] ?? 0))) return value;
  reader.offset = start;
  throw reader.error('NON_CANONICAL', 'not a number has one canonical form');
}
