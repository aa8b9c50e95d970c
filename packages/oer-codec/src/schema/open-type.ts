import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { Schema } from './schema.js';

/** An open type (X.696 30): a length determinant and the encoding of the type that it holds. */
export function openType<T>(inner: Schema<T>): Schema<T> {
  return new Schema<T>({
    name: inner.name,
    minSize: 1 + inner.minSize,
    size: (value) => sizeOfVarOctets(inner.size(value)),
    write: (writer, value) => writeOpen(writer, inner, value),
    read: (reader) => readOpen(reader, inner),
  });
}

/** Writes a value as an open type. */
export function writeOpen<T>(writer: OerWriter, inner: Schema<T>, value: T): void {
  writer.writeLength(inner.size(value));
  inner.write(writer, value);
}

/** Reads an open type; bytes behind the value within it are an error in strict mode only. */
export function readOpen<T>(reader: OerReader, inner: Schema<T>): T {
  const start = reader.offset;
  const nested = reader.readNested();
  try {
    const value = inner.read(nested);
    if (reader.strict) nested.expectEnd();
    return value;
  } catch (error) {
    reader.offset = start;
    throw error;
  }
}
