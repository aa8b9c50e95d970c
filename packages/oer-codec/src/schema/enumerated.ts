import { OerEncodeError } from '../errors.js';
import { bytesOfInt } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { Schema } from './schema.js';

/**
 * ENUMERATED (X.696 11): names for integers. 0 to 127 take one byte; others a byte with the number of bytes, and those.
 * `enumerated({ low: 0, high: 1 })` is a schema of `'low' | 'high'`.
 */
export function enumerated<const N extends Readonly<Record<string, number>>>(
  names: N,
): Schema<keyof N & string> {
  return define<keyof N & string>(names, false);
}

/** ENUMERATED with an extension marker: a number that has no name (yet) is read, and written, as the number. */
export function extensibleEnumerated<const N extends Readonly<Record<string, number>>>(
  names: N,
): Schema<(keyof N & string) | number> {
  return define<(keyof N & string) | number>(names, true);
}

function define<T extends string | number>(
  names: Readonly<Record<string, number>>,
  extensible: boolean,
): Schema<T> {
  const numbers = new Map<string | number, number>(Object.entries(names));
  const byNumber = new Map<number, string>();
  for (const [name, number] of Object.entries(names)) {
    if (!Number.isSafeInteger(number) || byNumber.has(number)) {
      throw new RangeError(`the number ${number} of ${name} is no integer or used twice`);
    }
    byNumber.set(number, name);
  }
  const numberOf = (value: T): number => {
    const number = extensible && typeof value === 'number' ? value : numbers.get(value);
    if (number === undefined || !Number.isSafeInteger(number)) {
      throw new OerEncodeError(
        'BAD_VALUE',
        `${JSON.stringify(value)} is no name of the ENUMERATED`,
      );
    }
    return number;
  };
  return new Schema<T>({
    name: 'ENUMERATED',
    minSize: 1,
    size: (value) => {
      const number = numberOf(value);
      return isShort(number) ? 1 : 1 + bytesOfInt(BigInt(number));
    },
    write: (writer, value) => writeNumber(writer, numberOf(value)),
    read: (reader) => {
      const start = reader.offset;
      const number = readNumber(reader);
      const name = byNumber.get(number);
      if (name === undefined && !extensible) {
        reader.offset = start;
        throw reader.error('BAD_VALUE', `${number} is none of the numbers of the ENUMERATED`);
      }
      return (name ?? number) as T;
    },
  });
}

function isShort(number: number): boolean {
  return number >= 0 && number <= 127;
}

function writeNumber(writer: OerWriter, number: number): void {
  if (isShort(number)) {
    writer.writeUInt8(number);
    return;
  }
  const size = bytesOfInt(BigInt(number));
  writer.writeUInt8(0x80 | size);
  const octets = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, BigInt(number));
  for (let i = size - 1; i >= 0; i--, rest >>= 8n) octets[i] = Number(rest & 0xffn);
  writer.writeOctets(octets);
}

function readNumber(reader: OerReader): number {
  const start = reader.offset;
  const first = reader.readUInt8();
  if (first < 0x80) return first;
  const size = first & 0x7f;
  reader.offset = start;
  if (size === 0 || size > 7) {
    throw reader.error('LENGTH_INVALID', `an ENUMERATED of ${size} bytes (1 to 7 are read)`);
  }
  if (size >= reader.remaining) throw reader.error('TRUNCATED', 'the ENUMERATED is cut off');
  reader.skip(1);
  const octets = reader.readOctets(size);
  let number = octets.reduce((sum, byte) => sum * 256 + byte, 0);
  if ((octets[0] as number) >= 0x80) number -= 256 ** size;
  const tooLong = isShort(number) || size !== bytesOfInt(BigInt(number));
  if (!Number.isSafeInteger(number) || (reader.strict && tooLong)) {
    reader.offset = start;
    throw Number.isSafeInteger(number)
      ? reader.error('NON_CANONICAL', `the ENUMERATED ${number} is not in its shortest form`)
      : reader.error('OUT_OF_RANGE', 'the ENUMERATED is beyond 2^53');
  }
  return number;
}
