/** One table per type: each value, its bytes, and what strict and lenient reading refuse. */
import { describe, expect, test } from 'vitest';
import {
  bmpString,
  universalString,
  utcTime,
  bitString,
  boolean,
  enumerated,
  extensibleEnumerated,
  generalizedTime,
  ia5String,
  ilpTimestamp,
  integer,
  nullType,
  numericString,
  objectIdentifier,
  octetString,
  OerDecodeError,
  OerEncodeError,
  openType,
  printableString,
  real32,
  real64,
  relativeOid,
  utf8String,
  visibleString,
  type Schema,
} from '../src/index.js';
import { growth } from './growth.js';
import { hex, toHex } from './hex.js';

/** Runs a value through every path of a schema. */
function holds<T>(schema: Schema<T>, value: T, text: string): void {
  const bytes = hex(text);
  expect(toHex(schema.encode(value))).toBe(toHex(bytes));
  expect(schema.size(value)).toBe(bytes.length);
  expect(schema.minSize).toBeLessThanOrEqual(bytes.length);
  expect(schema.decodeStrict(bytes)).toEqual(value);
  expect(schema.decode(Uint8Array.of(...bytes, 0xff))).toEqual(value);
  expect(() => schema.decodeStrict(Uint8Array.of(...bytes, 0xff))).toThrow(OerDecodeError);
  const into = new Uint8Array(bytes.length + 2).fill(0xee);
  expect(schema.encodeInto(value, into, 1)).toBe(1 + bytes.length);
  expect(toHex(into)).toBe(`ee${toHex(bytes)}ee`);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => schema.decode(bytes.slice(0, length))).toThrow(OerDecodeError);
  }
}

function refusal(work: () => unknown): string {
  try {
    return `no error but ${String(work())}`;
  } catch (error) {
    if (error instanceof OerDecodeError || error instanceof OerEncodeError) return error.code;
    throw error;
  }
}

test('BOOLEAN (X.696 9)', () => {
  holds(boolean(), true, 'ff');
  holds(boolean(), false, '00');
  expect(boolean().decode(hex('01'))).toBe(true);
  expect(refusal(() => boolean().decodeStrict(hex('01')))).toBe('NON_CANONICAL');
});

test('NULL (X.696 15)', () => {
  holds(nullType(), null, '');
});

describe('INTEGER (X.696 10)', () => {
  test.each([
    [0, 255, 255, 'ff'],
    [0, 256, 256, '0100'],
    [0, 65_535, 65_535, 'ffff'],
    [0, 65_536, 65_536, '00010000'],
    [0, 4_294_967_295, 4_294_967_295, 'ffffffff'],
    [0, 4_294_967_296, 4_294_967_296, '0000000100000000'],
    [3, 7, 3, '03'],
    [-128, 127, -128, '80'],
    [-1, 128, 128, '0080'],
    [-129, 0, -129, 'ff7f'],
    [-32_768, 32_767, 32_767, '7fff'],
    [-32_769, 0, -1, 'ffffffff'],
    [-2_147_483_648, 2_147_483_647, -2, 'fffffffe'],
    [-2_147_483_649, 0, -1, 'ffffffffffffffff'],
  ])('(%i..%i) holds %i as %s', (min, max, value, bytes) => {
    holds(integer(min, max), value, bytes);
    holds(integer(BigInt(min), BigInt(max)), BigInt(value), bytes);
    for (const outside of [min - 1, max + 1]) {
      expect(refusal(() => integer(min, max).encode(outside))).toBe('OUT_OF_RANGE');
      expect(refusal(() => integer(BigInt(min), BigInt(max)).encode(BigInt(outside)))).toBe(
        'OUT_OF_RANGE',
      );
    }
  });

  test('of 64 bits, without an upper bound and without any', () => {
    holds(integer(0n, 2n ** 64n - 1n), 2n ** 64n - 1n, 'ffffffffffffffff');
    holds(integer(-(2n ** 63n), 2n ** 63n - 1n), -1n, 'ffffffffffffffff');
    holds(integer(0n, 2n ** 64n), 2n ** 64n, '09010000000000000000');
    holds(integer(0n), 128n, '0180');
    holds(integer(5n), 5n, '0105');
    holds(integer(-(2n ** 63n), 2n ** 63n), 128n, '020080');
    holds(integer(), 128n, '020080');
    holds(integer(), -129n, '02ff7f');
    holds(integer(undefined, 5n), 5n, '0105');
    expect(refusal(() => integer(5n).decode(hex('0104')))).toBe('OUT_OF_RANGE');
    expect(refusal(() => integer(undefined, 5n).decode(hex('0106')))).toBe('OUT_OF_RANGE');
    expect(refusal(() => integer(3, 7).decode(hex('08')))).toBe('OUT_OF_RANGE');
    expect(refusal(() => integer(3, 7).decode(hex('02')))).toBe('OUT_OF_RANGE');
    expect(refusal(() => integer(0, 7).encode(1.5))).toBe('OUT_OF_RANGE');
    expect(refusal(() => integer(0, 7).encode(NaN))).toBe('OUT_OF_RANGE');
  });

  test('with bounds that no value fits is a mistake of the program', () => {
    expect(() => integer(2, 1)).toThrow(RangeError);
  });

  test('says its constraint', () => {
    expect(integer(0, 7).name).toBe('INTEGER (0..7)');
    expect(integer(0n).name).toBe('INTEGER (0..MAX)');
    expect(integer().name).toBe('INTEGER');
    expect(() => integer(0, 255).encode(256)).toThrow('256 is no integer from 0 to 255');
    expect(() => integer(0, 7).encode(8)).toThrow('8 is no INTEGER (0..7) (OUT_OF_RANGE)');
  });
});

describe('ENUMERATED (X.696 11)', () => {
  const colour = enumerated({
    red: 0,
    green: 127,
    blue: 128,
    dark: -1,
    bright: 1000,
    far: 2 ** 40,
  });

  test('takes one byte from 0 to 127, otherwise a length and the number', () => {
    holds(colour, 'red', '00');
    holds(colour, 'green', '7f');
    holds(colour, 'blue', '82 0080');
    holds(colour, 'dark', '81 ff');
    holds(colour, 'bright', '82 03e8');
    holds(colour, 'far', '86 010000000000');
  });

  test('refuses what has no name', () => {
    expect(refusal(() => colour.decode(hex('01')))).toBe('BAD_VALUE');
    expect(refusal(() => colour.encode('pink' as 'red'))).toBe('BAD_VALUE');
  });

  test('in a longer form than it needs is not canonical', () => {
    expect(colour.decode(hex('81 00'))).toBe('red');
    expect(refusal(() => colour.decodeStrict(hex('81 00')))).toBe('NON_CANONICAL');
    expect(refusal(() => colour.decodeStrict(hex('83 000080')))).toBe('NON_CANONICAL');
    expect(refusal(() => colour.decode(hex('80')))).toBe('LENGTH_INVALID');
    expect(refusal(() => colour.decode(hex(`88${'00'.repeat(8)}`)))).toBe('LENGTH_INVALID');
    expect(refusal(() => colour.decode(hex('87 7fffffffffffff')))).toBe('OUT_OF_RANGE');
  });

  test('with an extension marker keeps numbers that have no name', () => {
    const open = extensibleEnumerated({ red: 0 });
    holds(open, 'red', '00');
    holds(open, 5, '05');
    holds(open, 200, '82 00c8');
    expect(refusal(() => open.encode(1.5))).toBe('BAD_VALUE');
  });

  test('has each number once', () => {
    expect(() => enumerated({ a: 1, b: 1 })).toThrow(RangeError);
    expect(() => enumerated({ a: 0.5 })).toThrow(RangeError);
  });
});

test('REAL as binary32 and binary64 (X.696 12.2, 12.3; RFC 0030 "Fixed-length floating point numbers")', () => {
  holds(real32(), Math.fround(1.12345), '3F8FCD36');
  holds(real64(), 1.12345, '3FF1F9A6B50B0F28');
  for (const [value, single, double] of [
    [0, '00000000', '0000000000000000'],
    [-0, '80000000', '8000000000000000'],
    [Infinity, '7f800000', '7ff0000000000000'],
    [-Infinity, 'ff800000', 'fff0000000000000'],
    [NaN, '7fc00000', '7ff8000000000000'],
    [2 ** -149, '00000001', '36a0000000000000'],
    [2 ** -126, '00800000', '3810000000000000'],
    [-(2 ** 128 - 2 ** 104), 'ff7fffff', 'c7efffffe0000000'],
    [16_777_215, '4b7fffff', '416fffffe0000000'],
  ] as const) {
    holds(real32(), value, single);
    holds(real64(), value, double);
  }
  holds(real64(), Number.MAX_VALUE, '7fefffffffffffff');
  holds(real64(), Number.MIN_VALUE, '0000000000000001');
  holds(real64(), Number.MAX_SAFE_INTEGER, '433fffffffffffff');
  expect(toHex(real32().encode(2 ** -151))).toBe('00000000');
  expect(toHex(real32().encode(2 ** 24 + 1))).toBe('4b800000');
  expect(toHex(real32().encode(2 ** 128 - 2 ** 103 - 2 ** 75))).toBe('7f7fffff');
  for (const value of [2 ** 128, 2 ** 128 - 2 ** 103, -1e39]) {
    expect(refusal(() => real32().encode(value))).toBe('OUT_OF_RANGE');
  }
});

test('BIT STRING (X.696 13)', () => {
  holds(bitString(), { bytes: hex('a8'), length: 5 }, '02 03 a8');
  holds(bitString(), { bytes: hex(''), length: 0 }, '01 00');
  holds(bitString(12), { bytes: hex('abc0'), length: 12 }, 'abc0');
  holds(bitString(8), { bytes: hex('ab'), length: 8 }, 'ab');
  const some = bitString({ min: 4, max: 9 });
  holds(some, { bytes: hex('ff80'), length: 9 }, '03 07 ff80');
  expect(refusal(() => some.encode({ bytes: hex('e0'), length: 3 }))).toBe('TOO_LONG');
  expect(refusal(() => some.decode(hex('02 05 e0')))).toBe('TOO_LONG');
  expect(refusal(() => bitString().encode({ bytes: hex('ff'), length: 5 }))).toBe('BAD_VALUE');
  expect(refusal(() => bitString().encode({ bytes: hex('ff'), length: 9 }))).toBe('BAD_VALUE');
  expect(refusal(() => bitString().decode(hex('02 08 00')))).toBe('BAD_VALUE');
  expect(refusal(() => bitString().decode(hex('01 01')))).toBe('BAD_VALUE');
  expect(refusal(() => bitString().decode(hex('00')))).toBe('BAD_VALUE');
  // Bits behind the last are not for whoever reads, and could not be written.
  const sent = hex('02 03 af');
  expect(bitString().decode(sent)).toEqual({ bytes: hex('a8'), length: 5 });
  expect(sent).toEqual(hex('02 03 af'));
  expect(bitString(12).decode(hex('abcd'))).toEqual({ bytes: hex('abc0'), length: 12 });
  expect(refusal(() => bitString().decodeStrict(hex('02 03 af')))).toBe('NON_CANONICAL');
  expect(refusal(() => bitString(12).decodeStrict(hex('abcd')))).toBe('NON_CANONICAL');
});

test('BIT STRING whose bits have names does not end in zeros (X.680 22.7, X.696 13)', () => {
  const flags = bitString(undefined, { named: true });
  holds(flags, { bytes: hex('a0'), length: 3 }, '02 05 a0');
  holds(flags, { bytes: hex(''), length: 0 }, '01 00');
  holds(flags, { bytes: hex('0080'), length: 9 }, '03 07 0080');
  expect(toHex(flags.encode({ bytes: hex('a000'), length: 16 }))).toBe('0205a0');
  expect(flags.size({ bytes: hex('a000'), length: 16 })).toBe(3);
  expect(toHex(flags.encode({ bytes: hex('000000'), length: 20 }))).toBe('0100');
  expect(flags.decode(hex('03 00 a000'))).toEqual({ bytes: hex('a0'), length: 3 });
  for (const bytes of ['03 00 a000', '02 04 a0', '02 00 00', '02 07 00']) {
    expect(refusal(() => flags.decodeStrict(hex(bytes)))).toBe('NON_CANONICAL');
  }
  expect(flags.decodeStrict(hex('02 07 80'))).toEqual({ bytes: hex('80'), length: 1 });

  const some = bitString({ min: 4, max: 9 }, { named: true });
  holds(some, { bytes: hex('80'), length: 4 }, '02 04 80');
  expect(toHex(some.encode({ bytes: hex('80'), length: 1 }))).toBe('020480');
  expect(toHex(some.encode({ bytes: hex(''), length: 0 }))).toBe('020400');
  expect(toHex(some.encode({ bytes: hex('800000'), length: 24 }))).toBe('020480');
  expect(refusal(() => some.encode({ bytes: hex('0040'), length: 10 }))).toBe('TOO_LONG');
  expect(refusal(() => some.decode(hex('03 06 0040')))).toBe('TOO_LONG');
  expect(refusal(() => some.decodeStrict(hex('02 03 80')))).toBe('NON_CANONICAL');

  const fixed = bitString(12, { named: true });
  holds(fixed, { bytes: hex('8000'), length: 12 }, '8000');
  expect(toHex(fixed.encode({ bytes: hex('80'), length: 1 }))).toBe('8000');
  expect(toHex(fixed.encode({ bytes: hex('abc000'), length: 24 }))).toBe('abc0');
  expect(refusal(() => fixed.encode({ bytes: hex('000080'), length: 17 }))).toBe('TOO_LONG');
  expect(refusal(() => fixed.encode({ bytes: hex('80'), length: 9 }))).toBe('BAD_VALUE');
});

test('OCTET STRING (X.696 14)', () => {
  holds(octetString(), hex('aabb'), '02 aabb');
  holds(octetString(2), hex('aabb'), 'aabb');
  holds(octetString({ max: 3 }), hex(''), '00');
  holds(octetString({ min: 2, max: 2 }), hex('aabb'), 'aabb');
  expect(refusal(() => octetString({ min: 1, max: 2 }).encode(hex('')))).toBe('TOO_LONG');
  expect(refusal(() => octetString({ min: 1, max: 2 }).encode(hex('010203')))).toBe('TOO_LONG');
  expect(refusal(() => octetString({ min: 1, max: 2 }).decode(hex('00')))).toBe('TOO_LONG');
  expect(refusal(() => octetString({ min: 1, max: 2 }).decode(hex('03010203')))).toBe('TOO_LONG');
  expect(refusal(() => octetString(2).encode(hex('01')))).toBe('TOO_LONG');
  expect(octetString({ min: 1 }).name).toBe('OCTET STRING (SIZE (1..MAX))');
});

test('the restricted strings (X.696 27)', () => {
  holds(ia5String(), 'a\x7f\0', '03 617f00');
  holds(ia5String({ size: 3 }), 'F00', '463030');
  holds(printableString(), "A z'?", '05 41207a273f');
  holds(numericString({ size: { min: 1, max: 3 } }), '1 2', '03 312032');
  holds(visibleString(), ' ~', '02 207e');
  holds(ia5String({ from: 'ab' }), 'ba', '02 6261');
  expect(refusal(() => visibleString().encode('\x7f'))).toBe('BAD_TEXT');
  expect(refusal(() => printableString().decode(hex('01 40')))).toBe('BAD_TEXT');
  expect(refusal(() => numericString().decode(hex('01 61')))).toBe('BAD_TEXT');
  expect(refusal(() => ia5String({ from: 'ab' }).encode('c'))).toBe('BAD_TEXT');
  expect(refusal(() => ia5String().encode('é'))).toBe('BAD_TEXT');
  expect(refusal(() => ia5String().decode(hex('01 80')))).toBe('BAD_TEXT');
  expect(refusal(() => ia5String({ size: 2 }).encode('a'))).toBe('TOO_LONG');
  expect(refusal(() => numericString({ size: { max: 2 } }).decode(hex('03 313233')))).toBe(
    'TOO_LONG',
  );
});

test('UTF8String counts characters, not bytes (X.696 27)', () => {
  holds(utf8String(), 'é€𝄞', '09 c3a9 e282ac f09d849e');
  holds(utf8String({ size: { max: 3 } }), 'é€𝄞', '09 c3a9 e282ac f09d849e');
  holds(utf8String({ from: 'é' }), 'éé', '04 c3a9c3a9');
  expect(refusal(() => utf8String({ size: { max: 2 } }).encode('é€𝄞'))).toBe('TOO_LONG');
  expect(refusal(() => utf8String({ size: { max: 1 } }).decode(hex('02 6161')))).toBe('TOO_LONG');
  expect(refusal(() => utf8String({ size: { min: 1 } }).decode(hex('00')))).toBe('TOO_LONG');
  expect(refusal(() => utf8String({ from: 'é' }).decode(hex('01 61')))).toBe('BAD_TEXT');
  expect(refusal(() => utf8String().encode('\ud800'))).toBe('BAD_TEXT');
});

describe('BMPString and UniversalString (X.696 27)', () => {
  test('take two and four bytes to a character', () => {
    holds(bmpString(), 'aé€', '06 0061 00e9 20ac');
    holds(bmpString({ size: 2 }), 'a\uffff', '0061 ffff');
    holds(bmpString({ size: { min: 1, max: 2 } }), '\ud7ff\ue000', '04 d7ff e000');
    holds(universalString(), 'a𝄞', '08 00000061 0001d11e');
    holds(universalString({ size: 1, from: '𝄞' }), '𝄞', '0001d11e');
    holds(universalString(), '\u{10ffff}', '04 0010ffff');
    holds(universalString(), '', '00');
  });

  test('refuse what is no character, too many, and one that is not allowed', () => {
    for (const bytes of ['0101', '02d800', '02dfff', '03006100']) {
      expect(refusal(() => bmpString().decode(hex(bytes)))).toBe('BAD_TEXT');
    }
    for (const bytes of ['03000061', '040000d800', '0400110000', '04ffffffff']) {
      expect(refusal(() => universalString().decode(hex(bytes)))).toBe('BAD_TEXT');
    }
    expect(refusal(() => bmpString().encode('𝄞'))).toBe('BAD_TEXT');
    expect(refusal(() => bmpString().encode('\ud800'))).toBe('BAD_TEXT');
    expect(refusal(() => universalString().encode('\udfff'))).toBe('BAD_TEXT');
    expect(refusal(() => bmpString({ size: 1 }).encode('ab'))).toBe('TOO_LONG');
    expect(refusal(() => bmpString({ size: { max: 1 } }).decode(hex('0400610062')))).toBe(
      'TOO_LONG',
    );
    expect(refusal(() => bmpString({ from: 'a' }).encode('b'))).toBe('BAD_TEXT');
    expect(refusal(() => bmpString({ from: 'a' }).decode(hex('020062')))).toBe('BAD_TEXT');
  });
});

test('UTCTime is a text of a time in its canonical form (X.696 31)', () => {
  const octets = (text: string): string => toHex(new TextEncoder().encode(text));
  holds(utcTime(), '160229235959Z', `0d${octets('160229235959Z')}`);
  holds(utcTime(), '000229000000Z', `0d${octets('000229000000Z')}`);
  for (const text of [
    '150229000000Z',
    '161329000000Z',
    '160229240000Z',
    '1602292359Z',
    '160229235960Z',
    '160229235959+0100',
    '160229235959z',
    ' 60229235959Z',
    '',
  ]) {
    expect(refusal(() => utcTime().encode(text))).toBe('BAD_TIME');
    expect(refusal(() => utcTime().decode(ia5String().encode(text)))).toBe('BAD_TIME');
  }
  expect(refusal(() => utcTime().decode(ia5String().encode('1'.repeat(33))))).toBe('TOO_LONG');
});

test('not a number has one canonical form', () => {
  holds(real32(), NaN, '7fc00000');
  holds(real64(), NaN, '7ff8000000000000');
  for (const [type, bytes] of [
    [real32(), '7fc00001'],
    [real32(), 'ffc00000'],
    [real32(), '7f800001'],
    [real64(), '7ff8000000000001'],
    [real64(), 'fff8000000000000'],
  ] as const) {
    expect(type.decode(hex(bytes))).toBe(NaN);
    expect(() => type.decodeStrict(hex(bytes))).toThrow('NON_CANONICAL at byte 0');
  }
});

test('an integer beyond its bounds is not printed in more than linear time', () => {
  const type = integer(0n, 2n ** 70n);
  const refuse = (size: number): (() => void) => {
    const octets = new Uint8Array(4 + size).fill(0xff);
    octets.set([0x83, size >> 16, (size >> 8) & 0xff, size & 0xff]);
    return () => {
      expect(() => type.decode(octets)).toThrow(
        'an integer above 256 bits is no INTEGER (0..1180591620717411303424) (OUT_OF_RANGE at byte 0)',
      );
    };
  };
  expect(growth(32, 12, refuse(1 << 13), refuse(1 << 18))).toBeLessThan(12);
  expect(() => type.encode(2n ** 255n - 1n)).toThrow(`${2n ** 255n - 1n} is no`);
});

test('times (RFC 0030)', () => {
  holds(
    generalizedTime(),
    { epochMs: 1514132072200, leapSecond: false },
    '11323031 37313232 34313631 3433322E 325A',
  );
  holds(ilpTimestamp(), 1514132072279, '32303137 31323234 31363134 33323237 39');
  expect(refusal(() => ilpTimestamp().decode(hex('30'.repeat(17))))).toBe('BAD_TIME');
  expect(refusal(() => generalizedTime().encode({ epochMs: NaN, leapSecond: false }))).toBe(
    'BAD_TIME',
  );
});

test('OBJECT IDENTIFIER and RELATIVE-OID (X.696 21, 22; the example is that of X.690 8.19.5)', () => {
  holds(objectIdentifier(), '2.100.3', '03 813403');
  holds(relativeOid(), '8571.3.2', '04 c27b0302');
  holds(objectIdentifier(), '1.2.840.113549', '06 2a864886f70d');
  holds(objectIdentifier(), '0.39', '01 27');
  holds(objectIdentifier(), '1.39.1', '02 4f01');
  holds(objectIdentifier(), '2.0', '01 50');
  holds(relativeOid(), '0', '01 00');
  for (const text of ['', '3.1', '1.40', '0.40', '1..2', '01.2', 'a', '1.-2']) {
    expect(refusal(() => objectIdentifier().encode(text))).toBe('BAD_VALUE');
  }
  const long = `2.${2n ** 448n - 1n}`; // 64 times seven bits
  expect(relativeOid().decodeStrict(relativeOid().encode(long))).toBe(long);
  expect(refusal(() => relativeOid().encode(`2.${2n ** 448n}`))).toBe('BAD_VALUE');
  for (const bytes of ['00', '0180', '028001', '022a80', `42${'ff'.repeat(65)}7f`]) {
    expect(refusal(() => relativeOid().decode(hex(bytes)))).toBe('BAD_VALUE');
  }
});

test('an open type (X.696 30)', () => {
  const open = openType(integer(0, 65_535));
  holds(open, 258, '02 0102');
  expect(open.decode(hex('03 0102ff'))).toBe(258);
  expect(refusal(() => open.decodeStrict(hex('03 0102ff')))).toBe('TRAILING_BYTES');
  expect(refusal(() => open.decode(hex('01 01')))).toBe('TRUNCATED');
});

test('encodeInto writes nothing where there is no room', () => {
  const bytes = new Uint8Array(3);
  expect(refusal(() => integer(0, 65_535).encodeInto(258, bytes, 2))).toBe('TOO_LONG');
  expect(toHex(bytes)).toBe('000000');
});
