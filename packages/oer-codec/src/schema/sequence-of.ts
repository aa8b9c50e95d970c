import { OerEncodeError } from '../errors.js';
import { sizeOfVarUInt } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { Schema, within } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange, type Size } from './size.js';

/**
 * SEQUENCE OF (X.696 17): the number of elements, as a variable-length unsigned integer, and the elements. Of elements
 * that take no bytes (NULL) a list has at most 64, so that a few bytes cannot announce a list without end.
 */
export function sequenceOf<T>(element: Schema<T>, size?: Size): Schema<T[]> {
  return listOf('SEQUENCE', element, size);
}

/**
 * SET OF (X.696 19): as SEQUENCE OF; the canonical order is that of the elements' encodings. They may be given in any
 * order; strict reading refuses any other than the canonical one.
 */
export function setOf<T>(element: Schema<T>, size?: Size): Schema<T[]> {
  return listOf('SET', element, size);
}

const MAX_EMPTY_ELEMENTS = 64;

function listOf<T>(kind: 'SEQUENCE' | 'SET', element: Schema<T>, size?: Size): Schema<T[]> {
  const range = sizeRange(size);
  const name = `${kind}${range.text} OF ${element.name}`;
  const { fixedSize, minSize } = element;
  const checkCount = (count: number): OerEncodeError | undefined =>
    fixedSize === 0 && count > MAX_EMPTY_ELEMENTS
      ? new OerEncodeError('TOO_LONG', `${count} elements without bytes`)
      : undefined;
  return new Schema<T[]>({
    name,
    minSize: 2,
    size: (values) => {
      let sum = sizeOfVarUInt(values.length);
      if (fixedSize !== undefined) return sum + values.length * fixedSize;
      eachElement(values, (value) => (sum += element.size(value)));
      return sum;
    },
    write: (writer, values) => {
      checkWrittenSize(range, values.length, name);
      const problem = checkCount(values.length);
      if (problem !== undefined) throw problem;
      writer.writeCount(values.length);
      if (kind === 'SET') writeSorted(writer, element, values);
      else eachElement(values, (value) => element.write(writer, value));
    },
    read: (reader) => {
      const start = reader.offset;
      const count =
        fixedSize === 0 ? reader.readVarUIntNumber() : reader.readCount(Math.max(1, minSize));
      const problem = checkCount(count);
      if (problem !== undefined) {
        reader.offset = start;
        throw reader.error(problem.code, problem.reason);
      }
      checkReadSize(range, count, name, reader, start);
      if (kind === 'SET' && reader.strict) return readSorted(reader, element, count, start);
      const values: T[] = [];
      readElements(reader, element, count, values);
      return values;
    },
  });
}

function readElements<T>(
  reader: OerReader,
  element: Schema<T>,
  count: number,
  values: T[],
  each?: (start: number) => void,
): void {
  try {
    while (values.length < count) {
      const start = reader.offset;
      values.push(element.read(reader));
      each?.(start);
    }
  } catch (error) {
    throw within(error, `[${values.length}]`);
  }
}

/** Reads the elements of a SET OF, which have to be in the canonical order. */
function readSorted<T>(
  reader: OerReader,
  element: Schema<T>,
  count: number,
  listStart: number,
): T[] {
  const values: T[] = [];
  let previous: Uint8Array | undefined;
  let misplaced = 0;
  readElements(reader, element, count, values, (start) => {
    const octets = reader.bytes.subarray(start, reader.offset);
    if (previous !== undefined && compareOctets(previous, octets) > 0) misplaced += 1;
    previous = octets;
  });
  if (misplaced === 0) return values;
  reader.offset = listStart;
  throw reader.error('NON_CANONICAL', 'a SET OF has its elements in ascending order');
}

function writeSorted<T>(writer: OerWriter, element: Schema<T>, values: readonly T[]): void {
  const encodings: Uint8Array[] = [];
  eachElement(values, (value) => encodings.push(element.encode(value)));
  for (const octets of encodings.sort(compareOctets)) writer.writeOctets(octets);
}

/** Calls `work` for each element and says in errors which one it was. */
function eachElement<T>(values: readonly T[], work: (value: T) => unknown): void {
  let i = 0;
  try {
    for (const value of values) {
      work(value);
      i += 1;
    }
  } catch (error) {
    throw within(error, `[${i}]`);
  }
}

/** Ascending (X.696 19.3). No encoding is the start of another, so that lengths do not matter. */
function compareOctets(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
