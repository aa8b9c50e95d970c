import { sizeOfVarUInt } from '../length.js';
import { OerWriter } from '../writer.js';
import { Schema, within } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange, type Size } from './size.js';

/** SEQUENCE OF (X.696 17): the number of elements, as a variable-length unsigned integer, and the elements. */
export function sequenceOf<T>(element: Schema<T>, size?: Size): Schema<T[]> {
  const range = sizeRange(size);
  const name = `SEQUENCE${range.text} OF ${element.name}`;
  return new Schema<T[]>({
    name,
    minSize: 2,
    size: (values) =>
      values.reduce((sum, value) => sum + element.size(value), sizeOfVarUInt(values.length)),
    write: (writer, values) => {
      checkWrittenSize(range, values.length, name);
      writer.writeCount(values.length);
      let i = 0;
      try {
        for (const value of values) {
          element.write(writer, value);
          i += 1;
        }
      } catch (error) {
        throw within(error, `[${i}]`);
      }
    },
    read: (reader) => {
      const start = reader.offset;
      // An element without bytes (NULL) would let a few bytes announce any number of elements.
      const count = reader.readCount(Math.max(1, element.minSize));
      checkReadSize(range, count, name, reader, start);
      const values: T[] = [];
      try {
        while (values.length < count) values.push(element.read(reader));
      } catch (error) {
        throw within(error, `[${values.length}]`);
      }
      return values;
    },
  });
}

/**
 * SET OF (X.696 19): as SEQUENCE OF; the canonical order is that of the elements' encodings. They may be given in any
 * order; strict reading refuses any other than the canonical one.
 */
export function setOf<T>(element: Schema<T>, size?: Size): Schema<T[]> {
  const list = sequenceOf(element, size);
  const range = sizeRange(size);
  const name = `SET${range.text} OF ${element.name}`;
  const write = (writer: OerWriter, values: readonly T[]): void => {
    checkWrittenSize(range, values.length, name);
    const encodings = values.map((value, i) => encodeElement(element, value, i));
    writer.writeCount(values.length);
    for (const octets of encodings.sort(compareOctets)) writer.writeOctets(octets);
  };
  return new Schema<T[]>({
    name,
    minSize: list.minSize,
    size: list.size,
    write,
    read: (reader) => {
      const start = reader.offset;
      const values = list.read(reader);
      if (reader.strict) {
        const sorted = new OerWriter();
        write(sorted, values);
        if (sorted.finish().some((octet, i) => octet !== reader.bytes[start + i])) {
          reader.offset = start;
          throw reader.error('NON_CANONICAL', 'a SET OF has its elements in ascending order');
        }
      }
      return values;
    },
  });
}

function encodeElement<T>(element: Schema<T>, value: T, index: number): Uint8Array {
  try {
    return element.encode(value);
  } catch (error) {
    throw within(error, `[${index}]`);
  }
}

/** Ascending, a shorter one as if padded with zeros (X.696 19.3). */
function compareOctets(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
