import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import { Schema } from './schema.js';

/** OBJECT IDENTIFIER (X.696 21): a length determinant and the arcs as in BER. `1.3.6.1` as a string. */
export function objectIdentifier(): Schema<string> {
  return identifier(
    'OBJECT IDENTIFIER',
    (text) => {
      const [first, second, ...rest] = arcs(text);
      // The first two arcs share a number; only below 2 is there any number of second arcs.
      if (
        first === undefined ||
        second === undefined ||
        first > 2n ||
        (first < 2n && second > 39n)
      ) {
        throw new OerEncodeError('BAD_VALUE', `${JSON.stringify(text)} is no OBJECT IDENTIFIER`);
      }
      return [first * 40n + second, ...rest];
    },
    (numbers) => {
      const joined = numbers[0] as bigint;
      const first = joined < 40n ? 0n : joined < 80n ? 1n : 2n;
      return [first, joined - first * 40n, ...numbers.slice(1)];
    },
  );
}

/** RELATIVE-OID (X.696 22): the arcs behind an identifier that both sides know. `6.1` as a string. */
export function relativeOid(): Schema<string> {
  return identifier('RELATIVE-OID', arcs, (numbers) => numbers);
}

function identifier(
  name: string,
  toNumbers: (text: string) => bigint[],
  toArcs: (numbers: bigint[]) => bigint[],
): Schema<string> {
  const octetsOf = (text: string): number[] => toNumbers(text).flatMap(base128);
  return new Schema<string>({
    name,
    minSize: 2,
    size: (value) => sizeOfVarOctets(octetsOf(value).length),
    write: (writer, value) => writer.writeVarOctets(Uint8Array.from(octetsOf(value))),
    read: (reader) => toArcs(readNumbers(reader, name)).join('.'),
  });
}

function arcs(text: string): bigint[] {
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/.test(text)) {
    throw new OerEncodeError('BAD_VALUE', `${JSON.stringify(text)} has no arcs like 1.3.6`);
  }
  return text.split('.').map(BigInt);
}

/** Arcs longer than this (UUIDs take 19 bytes) are refused: their time would grow with the square of it. */
const MAX_ARC_BYTES = 64;

/** Seven bits to a byte, the highest bit set on all but the last. */
function base128(value: bigint): number[] {
  if (BigInt.asUintN(7 * MAX_ARC_BYTES, value) !== value) {
    throw new OerEncodeError('BAD_VALUE', `an arc takes more than ${MAX_ARC_BYTES} bytes`);
  }
  const octets = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return octets;
}

function readNumbers(reader: OerReader, name: string): bigint[] {
  const start = reader.offset;
  const octets = reader.readVarOctets();
  const numbers: bigint[] = [];
  let value = 0n;
  let size = 0;
  for (const octet of octets) {
    if ((size === 0 && octet === 0x80) || ++size > MAX_ARC_BYTES) {
      reader.offset = start;
      throw reader.error('BAD_VALUE', `an arc of the ${name} has leading zeros or is too long`);
    }
    value = (value << 7n) | BigInt(octet & 0x7f);
    if (octet < 0x80) {
      numbers.push(value);
      value = 0n;
      size = 0;
    }
  }
  if (size > 0 || numbers.length === 0) {
    reader.offset = start;
    throw reader.error('BAD_VALUE', `the ${name} ends within an arc or has none`);
  }
  return numbers;
}
