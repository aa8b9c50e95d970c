/**
 * Whatever the bytes, every read returns a value or throws an {@link OerDecodeError}, stays in place when it throws,
 * takes linear time and allocates no more than the input allows.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OerDecodeError, OerReader, OerWriter } from '../src/index.js';
import { growth } from './growth.js';
import { hex } from './hex.js';

const READS: Record<string, (reader: OerReader) => unknown> = {
  peekUInt8: (reader) => reader.peekUInt8(),
  skip: (reader) => reader.skip(3),
  readUInt8: (reader) => reader.readUInt8(),
  readUInt16: (reader) => reader.readUInt16(),
  readUInt32: (reader) => reader.readUInt32(),
  readUInt64: (reader) => reader.readUInt64(),
  readInt8: (reader) => reader.readInt8(),
  readInt16: (reader) => reader.readInt16(),
  readInt32: (reader) => reader.readInt32(),
  readInt64: (reader) => reader.readInt64(),
  readFloat32: (reader) => reader.readFloat32(),
  readFloat64: (reader) => reader.readFloat64(),
  readLength: (reader) => reader.readLength(),
  readOctets: (reader) => reader.readOctets(5),
  readVarOctets: (reader) => reader.readVarOctets(),
  readVarOctetsBounded: (reader) => reader.readVarOctets(4),
  skipVarOctets: (reader) => reader.skipVarOctets(),
  readNested: (reader) => reader.readNested(),
  readVarUInt: (reader) => reader.readVarUInt(),
  readVarUIntNumber: (reader) => reader.readVarUIntNumber(),
  readVarUIntSaturated: (reader) => reader.readVarUIntSaturated(),
  readVarUInt64: (reader) => reader.readVarUInt64(),
  readVarInt: (reader) => reader.readVarInt(),
  readVarUtf8: (reader) => reader.readVarUtf8(),
  readVarAscii: (reader) => reader.readVarAscii(),
  readAscii: (reader) => reader.readAscii(3),
  readTimestamp: (reader) => reader.readTimestamp(),
  readGeneralizedTime: (reader) => reader.readGeneralizedTime(),
  readCount: (reader) => reader.readCount(),
  expectEnd: (reader) => reader.expectEnd(),
};

/** Random bytes, and bytes that start like lengths and counts, which random ones rarely do. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc
    .tuple(
      fc.constantFrom(0, 1, 2, 8, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0x89, 0xff),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([first, rest]) => Uint8Array.of(first, ...rest)),
);

describe.each(Object.entries(READS))('%s', (_, read) => {
  test('returns or throws an OerDecodeError, and then has not moved', () => {
    fc.assert(
      fc.property(hostile, fc.boolean(), (bytes, strict) => {
        const reader = new OerReader(bytes, { strict });
        try {
          read(reader);
          expect(reader.offset).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          if (!(error instanceof OerDecodeError)) throw error;
          expect(reader.offset).toBe(0);
          expect(error.offset).toBe(0);
          expect(error.code).toMatch(/^[A-Z_]+$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('any sequence of reads over any bytes ends in values or one OerDecodeError within the bytes', () => {
  const names = Object.keys(READS);
  fc.assert(
    fc.property(hostile, fc.array(fc.constantFrom(...names), { maxLength: 12 }), (bytes, calls) => {
      const reader = new OerReader(bytes);
      for (const name of calls) {
        const before = reader.offset;
        try {
          READS[name]?.(reader);
          expect(reader.offset).toBeGreaterThanOrEqual(before);
        } catch (error) {
          if (!(error instanceof OerDecodeError)) throw error;
          expect(error.offset).toBe(before);
          return;
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('a count of 2^53 - 1 is refused without an allocation', () => {
  expect(() => new OerReader(hex('071fffffffffffff')).readCount()).toThrow('TRUNCATED');
});

/** Its length in the first five bytes, then as many of the letter a. */
function announced(size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(0x61);
  bytes.set([0x84, 0, ((size - 5) >> 16) & 0xff, ((size - 5) >> 8) & 0xff, (size - 5) & 0xff]);
  return bytes;
}

// Quadratic time would make it 32.
test.each(['readVarUInt', 'readVarInt', 'readVarUtf8', 'readVarAscii', 'readVarOctets'])(
  '%s takes no more than linear time',
  (name) => {
    const read = (bytes: Uint8Array) => () => READS[name]?.(new OerReader(bytes));
    const [small, large] = [read(announced(1 << 14)), read(announced(1 << 19))];
    expect(growth(32, 10, small, large)).toBeLessThan(10);
  },
);

test('what a writer wrote in any order of types, a strict reader reads back', () => {
  const values = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('UInt8' as const), value: fc.integer({ min: 0, max: 255 }) }),
      fc.record({
        type: fc.constant('UInt64' as const),
        value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
      fc.record({
        type: fc.constant('VarUInt' as const),
        value: fc.bigInt({ min: 0n, max: 2n ** 80n }),
      }),
      fc.record({
        type: fc.constant('VarInt' as const),
        value: fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
      }),
      fc.record({ type: fc.constant('VarUtf8' as const), value: fc.string({ unit: 'grapheme' }) }),
      fc.record({
        type: fc.constant('VarOctets' as const),
        value: fc.uint8Array({ maxLength: 300 }),
      }),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(values, (list) => {
      const writer = new OerWriter(1);
      for (const { type, value } of list)
        (writer[`write${type}`] as (value: unknown) => void)(value);
      const reader = new OerReader(writer.finish(), { strict: true });
      for (const { type, value } of list) expect(reader[`read${type}`]()).toEqual(value);
      reader.expectEnd();
    }),
  );
});
