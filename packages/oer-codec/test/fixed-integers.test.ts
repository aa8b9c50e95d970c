import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OerReader, type OerWriter } from '../src/index.js';
import { hex, read, refused, toHex, unwritable, written } from './hex.js';

type Method = 'UInt8' | 'UInt16' | 'UInt32' | 'UInt64' | 'Int8' | 'Int16' | 'Int32' | 'Int64';

function get(method: Method): (reader: OerReader) => number | bigint {
  return (reader) => reader[`read${method}`]();
}

function put(method: Method, value: number | bigint): (writer: OerWriter) => void {
  return (writer) => (writer[`write${method}`] as (value: number | bigint) => void)(value);
}

describe('RFC 0030 "Fixed-length unsigned integers", Examples', () => {
  test.each<[Method, string, number | bigint]>([
    ['UInt8', '00', 0],
    ['UInt16', '1234', 4660],
    ['UInt32', 'ABABABAB', 2880154539],
    ['UInt64', 'AC01055A 1DEBAC1E', 12394193534107495454n],
  ])('%s %s is %s', (method, bytes, value) => {
    expect(read(bytes, get(method))).toBe(value);
    expect(written(put(method, value))).toBe(toHex(hex(bytes)));
  });

  test.each([
    [32, 'FF713A73 8B32F2D3 29898CD9 7A42D75A 86D9E59E B3928E7B 7BFAADF4 A4689459'],
    [
      64,
      '37DA42AC 9C322C80 E5D7FD75 112CBEAD B0B9FD10 E27A68FE 2DA16BE9 DB0BC10D' +
        '76EC90B0 BB136B13 EF033692 53119203 21B47236 C42FB4D1 A4DC52B6 DD0556E2',
    ],
  ])('an unsigned integer of %i bytes is read and written as octets', (length, bytes) => {
    expect(toHex(read(bytes, (reader) => reader.readOctets(length)))).toBe(toHex(hex(bytes)));
    expect(written((writer) => writer.writeOctets(hex(bytes)))).toBe(toHex(hex(bytes)));
  });
});

describe('RFC 0030 "Fixed-length signed integers", Examples', () => {
  test.each<[Method, string, number | bigint]>([
    ['Int8', '00', 0],
    ['Int8', '7F', 127],
    ['Int8', 'FF', -1],
    ['Int8', '80', -128],
    ['Int16', '0000', 0],
    ['Int16', '7FFF', 32767],
    ['Int16', 'FFFF', -1],
    ['Int16', '8000', -32768],
    ['Int16', 'FC00', -1024],
    ['Int16', 'CFC7', -12345],
    ['Int32', '00000000', 0],
    ['Int32', '7FFFFFFF', 2147483647],
    ['Int32', 'FFFFFFFF', -1],
    ['Int32', '80000000', -2147483648],
    ['Int32', '0C00F5C9', 201389513],
    ['Int32', 'F204BA10', -234571248],
    ['Int64', '00000000 00000000', 0n],
    ['Int64', '7FFFFFFF FFFFFFFF', 9223372036854775807n],
    ['Int64', 'FFFFFFFF FFFFFFFF', -1n],
    ['Int64', '80000000 00000000', -9223372036854775808n],
    ['Int64', '0C1B3391 3EFE4F1F', 872347651746451231n],
    ['Int64', 'EF68FE12 0BC51AD7', -1195426347606533417n],
    ['Int64', '909701ED F43AE528', -8027945689248242392n],
  ])('%s %s is %s', (method, bytes, value) => {
    expect(read(bytes, get(method))).toBe(value);
    expect(written(put(method, value))).toBe(toHex(hex(bytes)));
  });
});

describe('RFC 0030 "Fixed-length floating point numbers", Examples', () => {
  test('Float32 3F8FCD36 is about 1.12345', () => {
    expect(read('3F8FCD36', (reader) => reader.readFloat32())).toBe(Math.fround(1.12345));
    expect(written((writer) => writer.writeFloat32(1.12345))).toBe('3f8fcd36');
  });

  test('Float64 3FF1F9A6B50B0F28 is 1.12345', () => {
    expect(read('3FF1F9A6B50B0F28', (reader) => reader.readFloat64())).toBe(1.12345);
    expect(written((writer) => writer.writeFloat64(1.12345))).toBe('3ff1f9a6b50b0f28');
  });

  test('numbers that are cut off are TRUNCATED', () => {
    expect(refused('3F8FCD', (reader) => reader.readFloat32())).toBe('TRUNCATED');
    expect(refused('3F8FCD36000000', (reader) => reader.readFloat64())).toBe('TRUNCATED');
  });
});

const RANGES: [Method, number, bigint, bigint][] = [
  ['UInt8', 1, 0n, 2n ** 8n - 1n],
  ['UInt16', 2, 0n, 2n ** 16n - 1n],
  ['UInt32', 4, 0n, 2n ** 32n - 1n],
  ['UInt64', 8, 0n, 2n ** 64n - 1n],
  ['Int8', 1, -(2n ** 7n), 2n ** 7n - 1n],
  ['Int16', 2, -(2n ** 15n), 2n ** 15n - 1n],
  ['Int32', 4, -(2n ** 31n), 2n ** 31n - 1n],
  ['Int64', 8, -(2n ** 63n), 2n ** 63n - 1n],
];

describe.each(RANGES)('%s', (method, size, min, max) => {
  const own = (value: bigint): number | bigint => (size === 8 ? value : Number(value));

  test('reads back what was written, over its whole range', () => {
    fc.assert(
      fc.property(fc.bigInt({ min, max }), (value) => {
        const bytes = written(put(method, own(value)));
        expect(bytes).toHaveLength(size * 2);
        expect(read(bytes, get(method))).toBe(own(value));
      }),
    );
  });

  test('takes its smallest and largest value and refuses one beyond each', () => {
    for (const value of [min, max]) {
      expect(read(written(put(method, own(value))), get(method))).toBe(own(value));
    }
    expect(unwritable(put(method, own(min - 1n)))).toBe('OUT_OF_RANGE');
    expect(unwritable(put(method, own(max + 1n)))).toBe('OUT_OF_RANGE');
  });

  test('is TRUNCATED with one byte less', () => {
    expect(refused('ff'.repeat(size - 1), get(method))).toBe('TRUNCATED');
  });
});

test.each([1.5, NaN, Infinity, -Infinity])('%s is no integer of any size', (value) => {
  for (const method of ['UInt8', 'UInt16', 'UInt32', 'Int8', 'Int16', 'Int32'] as const) {
    expect(unwritable(put(method, value))).toBe('OUT_OF_RANGE');
  }
});

test.each([2n ** 64n, 2n ** 64n + 1n, 10n ** 30n, -1n])(
  'the amount %s is refused, where npm oer-utils writes another number',
  (value) => {
    expect(unwritable((writer) => writer.writeUInt64(value))).toBe('OUT_OF_RANGE');
  },
);

test('reads at an offset within a larger buffer', () => {
  const buffer = hex('00 00 12345678 9abcdef0 1122 ff');
  const reader = new OerReader(buffer.subarray(2), { end: 10 });
  expect(reader.peekUInt8()).toBe(0x12);
  expect(reader.readUInt64()).toBe(0x123456789abcdef0n);
  expect(reader.readUInt16()).toBe(0x1122);
  expect(reader.remaining).toBe(0);
  expect(() => reader.peekUInt8()).toThrow('needs 1 bytes, 0 are left (TRUNCATED at byte 10)');
});
