import { sizeOfVarOctets } from '../length.js';
import { Schema } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange, type Size } from './size.js';

/**
 * OCTET STRING (X.696 14): a length determinant and the bytes; without the determinant where the constraint allows one
 * size only. What is read is a view of the input.
 */
export function octetString(size?: Size): Schema<Uint8Array> {
  const range = sizeRange(size);
  const name = `OCTET STRING${range.text}`;
  return new Schema<Uint8Array>({
    name,
    minSize: range.fixed ? range.min : 1 + range.min,
    fixedSize: range.fixed ? range.min : undefined,
    size: (value) => (range.fixed ? value.length : sizeOfVarOctets(value.length)),
    write: (writer, value) => {
      checkWrittenSize(range, value.length, name);
      if (range.fixed) writer.writeOctets(value);
      else writer.writeVarOctets(value);
    },
    read: (reader) => {
      if (range.fixed) return reader.readOctets(range.min);
      const start = reader.offset;
      const value = reader.readVarOctets();
      checkReadSize(range, value.length, name, reader, start);
      return value;
    },
  });
}
