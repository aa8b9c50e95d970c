import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfInt, bytesOfUInt, OerReader, sizeOfVarUInt } from '../src/index.js';
import { read, refused, unwritable, written } from './hex.js';

const unsigned = (reader: OerReader): bigint => reader.readVarUInt();
const number = (reader: OerReader): number => reader.readVarUIntNumber();
const signed = (reader: OerReader): bigint => reader.readVarInt();
const strict = { strict: true };

describe('variable-length unsigned integers (X.696 10.3 e, RFC 0030)', () => {
  test.each([
    [0n, '0100'],
    [1n, '0101'],
    [127n, '017f'],
    [128n, '0180'],
    [255n, '01ff'],
    [256n, '020100'],
    [65_535n, '02ffff'],
    [65_536n, '03010000'],
    [2n ** 32n - 1n, '04ffffffff'],
    [2n ** 32n, '050100000000'],
    [2n ** 53n - 1n, '071fffffffffffff'],
    [2n ** 53n, '0720000000000000'],
    [2n ** 56n - 1n, '07ffffffffffffff'],
    [2n ** 63n, '088000000000000000'],
    [2n ** 64n - 1n, '08ffffffffffffffff'],
    [2n ** 64n, '09010000000000000000'],
    [2n ** 72n - 1n, '09ffffffffffffffffff'],
  ])('%s is %s', (value, bytes) => {
    expect(written((writer) => writer.writeVarUInt(value))).toBe(bytes);
    expect(read(bytes, unsigned, strict)).toBe(value);
    expect(bytesOfUInt(value)).toBe(bytes.length / 2 - 1);
    expect(sizeOfVarUInt(value)).toBe(bytes.length / 2);
    if (value <= Number.MAX_SAFE_INTEGER) {
      expect(written((writer) => writer.writeVarUInt(Number(value)))).toBe(bytes);
      expect(read(bytes, number, strict)).toBe(Number(value));
      expect(bytesOfUInt(Number(value))).toBe(bytes.length / 2 - 1);
    } else {
      expect(refused(bytes, number)).toBe('OUT_OF_RANGE');
    }
    if (value < 2n ** 64n) {
      expect(written((writer) => writer.writeVarUInt64(value))).toBe(bytes);
    } else {
      expect(unwritable((writer) => writer.writeVarUInt64(value))).toBe('OUT_OF_RANGE');
    }
  });

  test('of any size read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 1100n }), (value) => {
        const bytes = written((writer) => writer.writeVarUInt(value));
        expect(read(bytes, unsigned, strict)).toBe(value);
        expect(sizeOfVarUInt(value)).toBe(bytes.length / 2);
      }),
    );
  });

  test('with leading zeros pass, but not when strict (RFC 0030: they MUST NOT be used)', () => {
    for (const bytes of ['020005', `0a${'00'.repeat(9)}05`, '820002 0005']) {
      expect(read(bytes, unsigned)).toBe(5n);
      expect(read(bytes, number)).toBe(5);
      expect(refused(bytes, unsigned, strict)).toBe('NON_CANONICAL');
      expect(refused(bytes, number, strict)).toBe('NON_CANONICAL');
    }
    expect(read('0100', unsigned, strict)).toBe(0n);
  });

  test('have at least one byte', () => {
    expect(refused('00', unsigned)).toBe('LENGTH_INVALID');
    expect(refused('00', number)).toBe('LENGTH_INVALID');
    expect(refused('', unsigned)).toBe('TRUNCATED');
    expect(refused('0201', unsigned)).toBe('TRUNCATED');
  });

  test('can be bounded: at the limit and one over', () => {
    expect(read('010a', (reader) => reader.readVarUIntNumber(10))).toBe(10);
    expect(refused('010b', (reader) => reader.readVarUIntNumber(10))).toBe('OUT_OF_RANGE');
    expect(read('08ffffffffffffffff', (reader) => reader.readVarUInt64())).toBe(2n ** 64n - 1n);
    expect(refused('09010000000000000000', (reader) => reader.readVarUInt64())).toBe(
      'OUT_OF_RANGE',
    );
  });

  test('saturate at 2^64 - 1 where the caller asks for it (RFC 0029 5.1.4)', () => {
    const saturated = (reader: OerReader): bigint => reader.readVarUIntSaturated();
    expect(read('08fffffffffffffffe', saturated)).toBe(2n ** 64n - 2n);
    expect(read('09010000000000000000', saturated)).toBe(2n ** 64n - 1n);
    expect(read(`20${'ff'.repeat(32)}`, saturated)).toBe(2n ** 64n - 1n);
  });

  test('that are no unsigned integer are not written', () => {
    for (const value of [-1, -1n, 1.5, NaN, Infinity, 2 ** 53]) {
      expect(unwritable((writer) => writer.writeVarUInt(value))).toBe('OUT_OF_RANGE');
    }
    expect(unwritable((writer) => writer.writeVarUInt64(-1n))).toBe('OUT_OF_RANGE');
  });

  test('of 2^20 bytes are read, longer ones refused: engines bound a bigint too', () => {
    const bytes = (length: number): Uint8Array => {
      const all = new Uint8Array(4 + length);
      all.set([0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);
      all[4] = 1;
      return all;
    };
    expect(new OerReader(bytes(0x10_0000)).readVarUInt()).toBe(1n << (8n * 0xf_ffffn));
    const reader = new OerReader(bytes(0x10_0001));
    expect(() => reader.readVarUInt()).toThrow(expect.objectContaining({ code: 'TOO_LONG' }));
    expect(() => reader.readVarInt()).toThrow(expect.objectContaining({ code: 'TOO_LONG' }));
    expect(() => reader.readVarUIntNumber()).toThrow(expect.objectContaining({ code: 'TOO_LONG' }));
    expect(reader.offset).toBe(0);
  });
});

describe('variable-length signed integers (X.696 10.4 e, RFC 0030)', () => {
  test.each([
    [0n, '0100'],
    [1n, '0101'],
    [-1n, '01ff'],
    [127n, '017f'],
    [128n, '020080'],
    [-128n, '0180'],
    [-129n, '02ff7f'],
    [255n, '0200ff'],
    [256n, '020100'],
    [32_767n, '027fff'],
    [32_768n, '03008000'],
    [-32_768n, '028000'],
    [2n ** 63n - 1n, '087fffffffffffffff'],
    [2n ** 63n, '09008000000000000000'],
    [-(2n ** 63n), '088000000000000000'],
    [-(2n ** 63n) - 1n, '09ff7fffffffffffffff'],
  ])('%s is %s', (value, bytes) => {
    expect(written((writer) => writer.writeVarInt(value))).toBe(bytes);
    expect(read(bytes, signed, strict)).toBe(value);
    expect(bytesOfInt(value)).toBe(bytes.length / 2 - 1);
    if (BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) {
      expect(written((writer) => writer.writeVarInt(Number(value)))).toBe(bytes);
    }
  });

  test('of any size read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 1100n), max: 2n ** 1100n }), (value) => {
        const bytes = written((writer) => writer.writeVarInt(value));
        expect(read(bytes, signed, strict)).toBe(value);
      }),
    );
  });

  test('with bytes to spare pass, but not when strict', () => {
    for (const [bytes, value] of [
      ['020005', 5n],
      ['02ff80', -128n],
      ['03000080', 128n],
    ] as const) {
      expect(read(bytes, signed)).toBe(value);
      expect(refused(bytes, signed, strict)).toBe('NON_CANONICAL');
    }
    expect(read('020080', signed, strict)).toBe(128n);
    expect(read('02ff7f', signed, strict)).toBe(-129n);
  });

  test('have at least one byte', () => {
    expect(refused('00', signed)).toBe('LENGTH_INVALID');
  });

  test('that are no integer are not written', () => {
    for (const value of [1.5, NaN, 2 ** 53, -(2 ** 53)]) {
      expect(unwritable((writer) => writer.writeVarInt(value))).toBe('OUT_OF_RANGE');
    }
  });
});

describe('the count of a SEQUENCE OF (X.696 17.2)', () => {
  test('is a variable-length unsigned integer', () => {
    expect(written((writer) => writer.writeCount(3))).toBe('0103');
    expect(new OerReader(Uint8Array.of(1, 3, 0, 0, 0)).readCount()).toBe(3);
    expect(read('0100', (reader) => reader.readCount())).toBe(0);
  });

  test('is refused when that many elements cannot follow', () => {
    expect(refused('0103 0000', (reader) => reader.readCount())).toBe('TRUNCATED');
    expect(refused('0103 0000000000', (reader) => reader.readCount(2))).toBe('TRUNCATED');
    expect(refused('08ffffffffffffffff', (reader) => reader.readCount())).toBe('OUT_OF_RANGE');
    expect(new OerReader(Uint8Array.of(1, 3, 0, 0, 0, 0, 0, 0)).readCount(2)).toBe(3);
  });
});
