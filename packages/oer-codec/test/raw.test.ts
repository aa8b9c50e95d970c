import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocateBytes,
  getCanonicalLength,
  getUInt64,
  lengthOfLength,
  OerReader,
  OerWriter,
  putInt64,
  putLength,
  tryDecodeTimestamp,
} from '../src/index.js';
import { hex, toHex } from './hex.js';

describe('allocateBytes', () => {
  test('hands out zeroed bytes of any length, none of them twice', () => {
    const given = Array.from({ length: 500 }, (_, i) => allocateBytes(i % 2100));
    for (const [i, bytes] of given.entries()) {
      expect(bytes).toHaveLength(i % 2100);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
      bytes.fill(i);
    }
    for (const [i, bytes] of given.entries()) {
      expect(bytes.every((byte) => byte === (i & 0xff))).toBe(true);
    }
  });

  test('gives the small and the large a buffer of their own', () => {
    for (const [length, own] of [
      [64, true],
      [65, false],
      [2048, false],
      [2049, true],
    ] as const) {
      expect(allocateBytes(length).buffer.byteLength === length).toBe(own);
    }
  });

  test('goes on after somebody transferred its buffer away', () => {
    const bytes = allocateBytes(100);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(bytes).toHaveLength(0);
    expect(allocateBytes(100)).toHaveLength(100);
  });
});

test('integers of 64 bits are put and got at any offset', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(9), (value, at) => {
      const bytes = new Uint8Array(18);
      putInt64(bytes, at, value);
      expect(getUInt64(bytes, at)).toBe(value);
      expect(new DataView(bytes.buffer).getBigUint64(at)).toBe(value);
    }),
  );
});

describe('a canonical length', () => {
  test('is put as the writer puts it, and got again', () => {
    for (const length of [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff]) {
      const writer = new OerWriter();
      writer.writeLength(length);
      const bytes = new Uint8Array(5);
      expect(putLength(bytes, 1, length)).toBe(1 + lengthOfLength(length));
      expect(toHex(bytes.subarray(1, 1 + writer.length))).toBe(toHex(writer.finish()));
      expect(getCanonicalLength(bytes, 1)).toBe(length);
    }
  });

  test.each(['', '80', '817f', '8200ff', '83010000', 'ff', '81', '8201', '820080'])(
    'is not what %j has: -1, or one that ends beyond the bytes',
    (text) => {
      const bytes = hex(text);
      const length = getCanonicalLength(bytes, 0);
      expect(length === -1 || lengthOfLength(length) > bytes.length).toBe(true);
    },
  );
});

test('a timestamp that is none is NaN to who is in a hurry', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(tryDecodeTimestamp(bytes('x19700101000000000'), 1)).toBe(0);
  expect(tryDecodeTimestamp(bytes('19701301000000000'), 0)).toBeNaN();
  expect(tryDecodeTimestamp(bytes('1970010100000000x'), 0)).toBeNaN();
  expect(tryDecodeTimestamp(bytes('1970'), 0)).toBeNaN();
  expect(new OerReader(bytes('19700101000000000')).readTimestamp()).toBe(0);
});
