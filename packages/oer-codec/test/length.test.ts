import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lengthOfLength, OerReader, OerWriter, sizeOfVarOctets } from '../src/index.js';
import { hex, read, refused, toHex, unwritable, written } from './hex.js';

const octets = (reader: OerReader): Uint8Array => reader.readVarOctets();

describe('RFC 0030 "Length determinant", Examples', () => {
  test.each([
    ['07', 7],
    ['8182', 130],
    ['821234', 4660],
    ['83ABCDEF', 11259375],
  ])('%s is %i', (bytes, length) => {
    const reader = new OerReader(new Uint8Array([...hex(bytes), ...new Uint8Array(length)]));
    expect(reader.readLength()).toBe(length);
    expect(reader.offset).toBe(bytes.length / 2);
    expect(written((writer) => writer.writeLength(length))).toBe(bytes.toLowerCase());
  });

  test('88AC01055A1DEBAC1E is 12394193534107495454, which is more than there can be', () => {
    expect(refused('88AC01055A1DEBAC1E', (reader) => reader.readLength())).toBe('TRUNCATED');
  });
});

// The RFC says "less than 127" once, but its short form goes up to 127, as X.696 8.6.4 has it.
test.each([
  [0, '00'],
  [126, '7e'],
  [127, '7f'],
  [128, '8180'],
  [255, '81ff'],
  [256, '820100'],
  [65_535, '82ffff'],
  [65_536, '83010000'],
  [0xff_ffff, '83ffffff'],
  [0x100_0000, '8401000000'],
  [0xffff_ffff, '84ffffffff'],
  [0x1_0000_0000, '850100000000'],
  [0x100_0000_0000, '86010000000000'],
  [0x1_0000_0000_0000, '8701000000000000'],
  [Number.MAX_SAFE_INTEGER, '871fffffffffffff'],
])('the length %i is written %s (X.696 8.6.4, 8.6.5)', (length, bytes) => {
  expect(written((writer) => writer.writeLength(length))).toBe(bytes);
  expect(lengthOfLength(length)).toBe(bytes.length / 2);
  expect(sizeOfVarOctets(length)).toBe(bytes.length / 2 + length);
});

test.each([-1, 0.5, NaN, 2 ** 53])('%s is no length', (length) => {
  expect(unwritable((writer) => writer.writeLength(length))).toBe('OUT_OF_RANGE');
});

test('a length of a length is 1 to 8 bytes', () => {
  expect(refused('80', octets)).toBe('LENGTH_INVALID');
  expect(refused(`89${'00'.repeat(9)}`, octets)).toBe('LENGTH_INVALID');
  expect(refused('ff', octets)).toBe('LENGTH_INVALID');
  expect(toHex(read('88 0000000000000001 aa', octets))).toBe('aa');
});

test('a length beyond the end is TRUNCATED, however large', () => {
  expect(refused('', octets)).toBe('TRUNCATED');
  expect(refused('01', octets)).toBe('TRUNCATED');
  expect(refused('81', octets)).toBe('TRUNCATED');
  expect(refused('8201', octets)).toBe('TRUNCATED');
  expect(refused('02 aa', octets)).toBe('TRUNCATED');
  expect(refused('88 ffffffffffffffff aa', octets)).toBe('TRUNCATED');
});

test('a length that is not in its shortest form passes, but not when strict (RFC 0027 "Packet Format")', () => {
  for (const bytes of [
    '8101aa',
    '820001aa',
    `817f${'aa'.repeat(127)}`,
    `820080${'aa'.repeat(128)}`,
  ]) {
    expect(read(bytes, octets).every((byte) => byte === 0xaa)).toBe(true);
    expect(refused(bytes, octets, { strict: true })).toBe('NON_CANONICAL');
  }
  expect(read(`8180${'aa'.repeat(128)}`, octets, { strict: true })).toHaveLength(128);
});

describe('octet strings', () => {
  test('come as views: no copy', () => {
    const bytes = hex('02 aabb 03 010203');
    const reader = new OerReader(bytes);
    const view = reader.readVarOctets();
    expect(view.buffer).toBe(bytes.buffer);
    bytes[1] = 0xcc;
    expect(toHex(view)).toBe('ccbb');
    expect(reader.skipVarOctets()).toBe(3);
    expect(reader.remaining).toBe(0);
  });

  test('of a Node Buffer are no Buffers, whose slice() would not copy', () => {
    const buffer = Buffer.from('xx02aabb'.replace('xx', 'ff'), 'hex').subarray(1);
    const view = new OerReader(buffer).readVarOctets();
    const copy = view.slice();
    buffer.fill(0);
    expect(toHex(copy)).toBe('aabb');
    expect(toHex(view)).toBe('0000');
  });

  test('are bounded: at the limit and one over', () => {
    expect(toHex(read('02aabb', (reader) => reader.readVarOctets(2)))).toBe('aabb');
    expect(refused('02aabb', (reader) => reader.readVarOctets(1))).toBe('TOO_LONG');
  });

  test('of fixed length have nothing around them', () => {
    expect(toHex(read('aabb', (reader) => reader.readOctets(2)))).toBe('aabb');
    expect(refused('aabb', (reader) => reader.readOctets(3))).toBe('TRUNCATED');
    expect(refused('aabb', (reader) => reader.skip(3))).toBe('TRUNCATED');
    expect(refused('aabb', (reader) => reader.skip(2))).toBe('no error but undefined');
  });

  test('of every length read back, and predict their size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (value) => {
        const writer = new OerWriter(sizeOfVarOctets(value.length));
        writer.writeVarOctets(value);
        expect(writer.length).toBe(sizeOfVarOctets(value.length));
        expect(new OerReader(writer.finish(), { strict: true }).readVarOctets()).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a nested reader', () => {
  test('sees its own contents only, and inherits strictness', () => {
    const outer = new OerReader(hex('03 010203 04'), { strict: true });
    const inner = outer.readNested();
    expect(outer.readUInt8()).toBe(4);
    expect(inner.strict).toBe(true);
    expect(inner.readUInt16()).toBe(0x0102);
    expect(() => inner.readUInt16()).toThrow(
      expect.objectContaining({ code: 'TRUNCATED', offset: 3 }),
    );
    expect(() => inner.expectEnd()).toThrow(
      expect.objectContaining({ code: 'TRAILING_BYTES', offset: 3 }),
    );
  });
});

test('a reader refuses a range outside its bytes: that is a mistake of the program', () => {
  for (const range of [
    { start: 3 },
    { end: 3 },
    { start: -1 },
    { start: 2, end: 1 },
    { start: NaN },
  ]) {
    expect(() => new OerReader(hex('0102'), range)).toThrow(RangeError);
  }
  expect(new OerReader(hex('0102'), { start: 2 }).remaining).toBe(0);
});

test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])(
  'an octet string of %i bytes whose length is written last is the same as one whose length is known',
  (length) => {
    const contents = Uint8Array.from({ length }, (_byte, at) => at * 7);
    const expected = written((writer) => {
      writer.writeVarOctets(contents);
      writer.writeUInt8(0xee);
    });
    for (const space of [0, 64, 100_000]) {
      const writer = new OerWriter(space);
      const start = writer.beginOctets();
      writer.writeOctets(contents);
      writer.endOctets(start);
      writer.writeUInt8(0xee);
      expect(toHex(writer.finish())).toBe(expected);
    }
  },
);

test('octet strings whose length is written last stand within each other', () => {
  const writer = new OerWriter();
  writer.writeUInt8(0xaa);
  const outer = writer.beginOctets();
  const inner = writer.beginOctets();
  writer.writeOctets(new Uint8Array(200));
  writer.endOctets(inner);
  writer.writeUInt8(0xbb);
  writer.endOctets(outer);
  expect(toHex(writer.finish())).toBe(`aa81cb81c8${'00'.repeat(200)}bb`);
});
