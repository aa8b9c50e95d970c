import { OerEncodeError } from '../errors.js';
import { bytesOfInt, sizeOfVarOctets, sizeOfVarUInt } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { Schema } from './schema.js';

/** How X.696 10 encodes an INTEGER with some bounds. */
interface Form {
  /** Bytes of the fixed forms; 0 for a form with a length determinant. */
  readonly fixed: 0 | 1 | 2 | 4 | 8;
  readonly write: (writer: OerWriter, value: bigint | number) => void;
  readonly read: (reader: OerReader) => bigint | number;
}

const UNSIGNED: readonly Form[] = [
  { fixed: 1, write: (w, v) => w.writeUInt8(Number(v)), read: (r) => r.readUInt8() },
  { fixed: 2, write: (w, v) => w.writeUInt16(Number(v)), read: (r) => r.readUInt16() },
  { fixed: 4, write: (w, v) => w.writeUInt32(Number(v)), read: (r) => r.readUInt32() },
  { fixed: 8, write: (w, v) => w.writeUInt64(toBig(v)), read: (r) => r.readUInt64() },
];
const SIGNED: readonly Form[] = [
  { fixed: 1, write: (w, v) => w.writeInt8(Number(v)), read: (r) => r.readInt8() },
  { fixed: 2, write: (w, v) => w.writeInt16(Number(v)), read: (r) => r.readInt16() },
  { fixed: 4, write: (w, v) => w.writeInt32(Number(v)), read: (r) => r.readInt32() },
  { fixed: 8, write: (w, v) => w.writeInt64(toBig(v)), read: (r) => r.readInt64() },
];
function toBig(value: bigint | number): bigint {
  return typeof value === 'bigint' ? value : BigInt(value);
}

const VARIABLE_UNSIGNED: Form = {
  fixed: 0,
  write: (w, v) => w.writeVarUInt(v),
  read: (r) => r.readVarUInt(),
};
const VARIABLE_SIGNED: Form = {
  fixed: 0,
  write: (w, v) => w.writeVarInt(v),
  read: (r) => r.readVarInt(),
};

/** The form that the bounds choose (X.696 10.3, 10.4): undefined stands for MIN or MAX. */
function formOf(min: bigint | undefined, max: bigint | undefined): Form {
  if (min !== undefined && min >= 0n) {
    const fits = UNSIGNED.find(({ fixed }) => max !== undefined && max < 1n << BigInt(fixed * 8));
    return fits ?? VARIABLE_UNSIGNED;
  }
  const fits = SIGNED.find(({ fixed }) => {
    const limit = 1n << BigInt(fixed * 8 - 1);
    return min !== undefined && max !== undefined && min >= -limit && max < limit;
  });
  return fits ?? VARIABLE_SIGNED;
}

/** Whether the bounds are exactly what a form can hold. */
function isWholeRange(form: Form, min: bigint | undefined, max: bigint | undefined): boolean {
  if (form === VARIABLE_SIGNED) return min === undefined && max === undefined;
  if (form === VARIABLE_UNSIGNED) return min === 0n && max === undefined;
  const count = 1n << BigInt(form.fixed * 8);
  const lowest = UNSIGNED.includes(form) ? 0n : -count / 2n;
  return min === lowest && max === lowest + count - 1n;
}

/**
 * INTEGER with the bounds of its constraint, which choose the encoding (X.696 10): 1, 2, 4 or 8 bytes where both
 * bounds fit, otherwise a length determinant and as many bytes as the value needs.
 *
 * Bounds given as `number`s make a schema of `number`s, bounds given as `bigint`s (or none) one of `bigint`s:
 * `integer(0, 255)`, `integer(0n, 2n ** 64n - 1n)`, `integer(0n)` for `(0..MAX)`, `integer()` without a constraint.
 * A value outside the bounds is `OUT_OF_RANGE`, both ways.
 */
export function integer(min: number, max: number): Schema<number>;
export function integer(min?: bigint, max?: bigint): Schema<bigint>;
export function integer(
  min?: number | bigint,
  max?: number | bigint,
): Schema<number> | Schema<bigint> {
  const asNumber = typeof min === 'number';
  const low = min === undefined ? undefined : BigInt(min);
  const high = max === undefined ? undefined : BigInt(max);
  if (low !== undefined && high !== undefined && low > high) {
    throw new RangeError(`an INTEGER from ${low} to ${high} has no values`);
  }
  const form = formOf(low, high);
  const range = `INTEGER (${low ?? 'MIN'}..${high ?? 'MAX'})`;
  // Where the form has just this range, writing and reading it check it.
  const checked = !isWholeRange(form, low, high);
  const outside = (value: bigint | number): boolean =>
    checked && ((min !== undefined && value < min) || (max !== undefined && value > max));
  const sizeOf = (value: bigint | number): number => {
    if (form === VARIABLE_UNSIGNED) return sizeOfVarUInt(value);
    return form.fixed === 0 ? sizeOfVarOctets(bytesOfInt(BigInt(value))) : form.fixed;
  };
  const schema = new Schema<bigint | number>({
    name: low === undefined && high === undefined ? 'INTEGER' : range,
    minSize: form.fixed === 0 ? 2 : form.fixed,
    fixedSize: form.fixed === 0 ? undefined : form.fixed,
    size: (value) => {
      if (asNumber && !Number.isSafeInteger(value)) {
        throw new OerEncodeError('OUT_OF_RANGE', outsideText(value, range));
      }
      return sizeOf(value);
    },
    write: (writer, value) => {
      if (outside(value)) throw new OerEncodeError('OUT_OF_RANGE', outsideText(value, range));
      form.write(writer, value);
    },
    read: (reader) => {
      const start = reader.offset;
      const value = form.read(reader);
      if (outside(value)) {
        reader.offset = start;
        throw reader.error('OUT_OF_RANGE', outsideText(value, range));
      }
      return asNumber
        ? Number(value)
        : form.fixed === 8 || form.fixed === 0
          ? value
          : BigInt(value);
    },
  });
  return schema as unknown as Schema<number> | Schema<bigint>;
}

/** Long integers are not printed: their decimals take more than linear time. */
function outsideText(value: bigint | number, range: string): string {
  const isLong = typeof value === 'bigint' && BigInt.asIntN(256, value) !== value;
  return `${isLong ? 'an integer above 256 bits' : value} is no ${range}`;
}
