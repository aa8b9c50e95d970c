/** Values on both sides of every boundary, mostly such as the mutation run (`npm run mutate`) asked for. */
import { describe, expect, test, vi } from 'vitest';
import {
  allocateBytes,
  bitString,
  bmpString,
  boolean,
  bytesOfInt,
  bytesOfUInt,
  choice,
  decodeTimestamp,
  enumerated,
  extensibleChoice,
  generalizedTime,
  getCanonicalLength,
  ia5String,
  ilpTimestamp,
  integer,
  lazy,
  lengthOfLength,
  nullType,
  objectIdentifier,
  octetString,
  type OerReader,
  OerWriter,
  openType,
  optional,
  real32,
  real64,
  relativeOid,
  sequence,
  sequenceByOpenTable,
  sequenceByTable,
  sequenceOf,
  setOf,
  universalString,
  utcTime,
  utf8Length,
  utf8String,
  visibleString,
  type AnySchema,
  type Schema,
} from '../src/index.js';
import { hex, refused, toHex } from './hex.js';

function holds<T>(schema: Schema<T>, value: T, text: string): void {
  const bytes = hex(text);
  expect(toHex(schema.encode(value))).toBe(toHex(bytes));
  expect(schema.size(value)).toBe(bytes.length);
  expect(schema.decodeStrict(bytes)).toEqual(value);
}

const byte = integer(0, 255);

test('allocated bytes are nobody else’s, whatever their number', () => {
  const all = Array.from({ length: 600 }, (_, i) => allocateBytes(65 + (i % 100)).fill(i));
  all.forEach((bytes, i) => {
    expect(bytes.every((octet) => octet === (i & 0xff))).toBe(true);
  });
});

test.each([1, 2, 3, 4, 5, 6])('the sizes of integers around 256^%i', (size) => {
  const next = 256 ** size;
  expect([next - 1, next].map(bytesOfUInt)).toEqual([size, size + 1]);
  expect([next - 1, next].map(BigInt).map(bytesOfUInt)).toEqual([size, size + 1]);
  expect([next - 1, next].map(lengthOfLength)).toEqual([size + 1, size + 2]);
  const half = BigInt(next / 2);
  expect([half - 1n, half, -half, -half - 1n].map(bytesOfInt)).toEqual([
    size,
    size + 1,
    size,
    size + 1,
  ]);
});

test('80 is no length', () => {
  expect(getCanonicalLength(Uint8Array.of(0x80), 0)).toBe(-1);
});

test('an integer of no bytes is none, whatever stands behind it', () => {
  for (const read of [
    (reader: OerReader) => reader.readVarUInt(),
    (reader: OerReader) => reader.readVarUInt64(),
    (reader: OerReader) => reader.readVarUIntNumber(),
    (reader: OerReader) => reader.readVarUIntSaturated(),
  ]) {
    for (const bytes of ['00', '0000', '0005']) expect(refused(bytes, read)).toBe('LENGTH_INVALID');
  }
});

test('a writer grows in few steps, and writes nothing behind what it announces', () => {
  const writer = new OerWriter(1);
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 10_000; i++) {
    writer.writeUInt8(1);
    buffers.add(writer.finish().buffer);
  }
  expect(buffers.size).toBeLessThan(20);

  for (const write of [
    (it: OerWriter) => it.writeVarUInt(2n ** 64n),
    (it: OerWriter) => it.writeVarInt(-5n),
    (it: OerWriter) => it.writeVarUtf8('abc'),
    (it: OerWriter) => it.writeAscii('abc'),
  ]) {
    const space = new Uint8Array(20).fill(0xee);
    const into = new OerWriter(space);
    write(into);
    expect(space.subarray(into.length).every((octet) => octet === 0xee)).toBe(true);
  }
});

test('the first time that is read may be none (RFC 0030 Fixed-length Timestamps)', async () => {
  vi.resetModules();
  const fresh = await import('../src/timestamp.js');
  const digits = new TextEncoder().encode('00000000000000000');
  expect(fresh.decodeTimestamp(digits, 0)).toEqual(fresh.BAD_TIMESTAMP);
});

test('up to 32 characters are looked at for a GeneralizedTime', () => {
  const time = (reader: OerReader): unknown => reader.readGeneralizedTime();
  expect(refused(`20${'30'.repeat(32)}`, time)).toBe('BAD_TIME');
  expect(refused(`21${'30'.repeat(33)}`, time)).toBe('TOO_LONG');
});

test('the last bit of a byte counts, unused ones do not (X.696 13)', () => {
  const named = bitString(undefined, { named: true });
  holds(named, { bytes: hex('01'), length: 8 }, '02 00 01');
  expect(named.decode(hex('02 07 01'))).toEqual({ bytes: hex(''), length: 0 });
});

test('a preamble of several bytes has a bit for each OPTIONAL, in their order (X.696 16.2)', () => {
  const letters = Array.from('abcdefghijklmnopq');
  const type = sequence(
    Object.fromEntries(letters.map((letter) => [letter, optional(nullType())])),
  ) as Schema<Readonly<Record<string, null>>>;
  const all = (names: string): Record<string, null> =>
    Object.fromEntries(Array.from(names, (letter) => [letter, null]));
  holds(type, all('aijpq'), '80 c1 80');
  holds(type, all('hi'), '01 80 00');
  holds(type, all('p'), '00 01 00');
});

test('a tag has at most four bytes behind its first', () => {
  const five = extensibleChoice({ a: { schema: byte, tag: { number: 5 } } });
  expect(five.decode(hex('bfffffff7f 012a'))).toEqual({
    type: null,
    tag: { number: 2 ** 28 - 1, class: 'context' },
    value: hex('2a'),
  });
  expect(() => five.decode(hex('bfffffffff7f 012a'))).toThrow('BAD_VALUE at byte 0');
  // Leading zeros (X.696 8.7.2.3).
  expect(() => five.decode(hex('bf80808005 2a'))).toThrow('BAD_VALUE at byte 0');
});

test('an alternative that is not known may be as short as a tag and a length (X.696 20)', () => {
  const type = extensibleChoice({ a: octetString(9) });
  expect(type.minSize).toBe(2);
  expect(sequenceOf(type).decode(hex('0102 8300 8400'))).toHaveLength(2);
});

test('elements of a recursive type are not taken for elements without bytes', () => {
  const list = sequenceOf(lazy(() => nullType()));
  expect(() => list.decode(hex('0203e8'))).toThrow('TRUNCATED at byte 0');
});

test('up to 32 characters are looked at for a UTCTime', () => {
  expect(() => utcTime().decode(hex(`20${'30'.repeat(32)}`))).toThrow('BAD_TIME');
  expect(() => utcTime().decode(hex(`21${'30'.repeat(33)}`))).toThrow('TOO_LONG');
});

describe('the fewest bytes of a value, and those of every value', () => {
  const table = { components: { id: byte }, id: 'id', data: 'data' } as const;
  const cases: readonly (readonly [string, AnySchema, number, number | undefined])[] = [
    ['BOOLEAN', boolean(), 1, 1],
    ['NULL', nullType(), 0, 0],
    ['INTEGER', integer(), 2, undefined],
    ['INTEGER (0..MAX)', integer(0n), 2, undefined],
    ['INTEGER (0..255)', byte, 1, 1],
    ['INTEGER of 64 bits', integer(0n, 2n ** 64n - 1n), 8, 8],
    ['ENUMERATED', enumerated({ a: 0 }), 1, undefined],
    ['REAL binary32', real32(), 4, 4],
    ['REAL binary64', real64(), 8, 8],
    ['BIT STRING', bitString(), 2, undefined],
    ['BIT STRING (SIZE (9))', bitString(9), 2, 2],
    ['OCTET STRING', octetString(), 1, undefined],
    ['OCTET STRING (SIZE (3..4))', octetString({ min: 3, max: 4 }), 4, undefined],
    ['OCTET STRING (SIZE (3))', octetString(3), 3, 3],
    ['OBJECT IDENTIFIER', objectIdentifier(), 2, undefined],
    ['RELATIVE-OID', relativeOid(), 2, undefined],
    ['UTF8String', utf8String(), 1, undefined],
    ['IA5String', ia5String(), 1, undefined],
    ['IA5String (SIZE (3))', ia5String({ size: 3 }), 3, 3],
    ['BMPString', bmpString(), 1, undefined],
    ['UniversalString (SIZE (2))', universalString({ size: 2 }), 8, 8],
    ['GeneralizedTime', generalizedTime(), 16, undefined],
    ['UTCTime', utcTime(), 14, 14],
    ['an ILP timestamp', ilpTimestamp(), 17, 17],
    ['SEQUENCE', sequence({ a: byte, b: real32() }), 5, 5],
    ['SEQUENCE with OPTIONAL', sequence({ a: byte, b: optional(byte) }), 2, undefined],
    ['SEQUENCE with a marker', sequence({ a: byte }, { additions: {} }), 2, undefined],
    ['SEQUENCE OF', sequenceOf(byte), 2, undefined],
    ['SET OF', setOf(byte), 2, undefined],
    ['CHOICE', choice({ a: real32(), b: byte }), 2, undefined],
    ['an open type', openType(byte), 2, undefined],
    ['a type chosen by an id', sequenceByTable(table, { 1: nullType() }), 2, undefined],
    ['one of an open set', sequenceByOpenTable(table, { 1: nullType() }), 2, undefined],
    ['a type that is defined later', lazy(() => byte), 0, undefined],
  ];
  test.each(cases)('of %s', (_, schema, minSize, fixedSize) => {
    expect([schema.minSize, schema.fixedSize]).toEqual([minSize, fixedSize]);
  });
});

describe('BIT STRING', () => {
  test.each(Array.from({ length: 17 }, (_, i) => i + 1))('of %i bits has no others', (length) => {
    const type = bitString(length);
    for (let bit = 0; bit < Math.ceil(length / 8) * 8; bit++) {
      const bytes = new Uint8Array(Math.ceil(length / 8));
      bytes[bit >> 3] = 0x80 >> (bit & 7);
      if (bit < length) holds(type, { bytes, length }, toHex(bytes));
      else expect(() => type.encode({ bytes, length })).toThrow('BAD_VALUE');
    }
  });
});

describe('the tag of an alternative (X.696 8.7)', () => {
  const tagged = (number: number, tagClass?: 'application'): Schema<unknown> =>
    choice({
      a: { schema: nullType(), tag: { number, ...(tagClass && { class: tagClass }) } },
    }) as unknown as Schema<unknown>;

  test.each([
    [0, '80'],
    [62, 'be'],
    [63, 'bf3f'],
    [127, 'bf7f'],
    [128, 'bf8100'],
    [255, 'bf817f'],
    [16_383, 'bfff7f'],
    [16_384, 'bf818000'],
    [2_097_152, 'bf81808000'],
    [2 ** 28 - 1, 'bfffffff7f'],
  ])('%i is %s', (number, text) => {
    holds(tagged(number), { type: 'a', value: null }, text);
  });

  test('of another class has other bits', () => {
    holds(tagged(0, 'application'), { type: 'a', value: null }, '40');
    holds(tagged(2, 'application'), { type: 'a', value: null }, '42');
  });

  test('has a number below 2^28', () => {
    expect(() => tagged(2 ** 28)).toThrow(RangeError);
    expect(() => tagged(-1)).toThrow(RangeError);
  });

  test.each([
    ['bf', 'TRUNCATED'],
    ['bf81', 'TRUNCATED'],
    ['bf818181', 'TRUNCATED'],
    ['bf81818181', 'BAD_VALUE'],
    ['bf8181818101', 'BAD_VALUE'],
    ['bf81818101', 'BAD_VALUE'],
    ['bf01', 'BAD_VALUE'],
  ])('%s is refused as %s', (text, code) => {
    expect(refused(text, (reader) => tagged(70).read(reader))).toBe(code);
  });
});

test('ENUMERATED with numbers whose highest bit is set', () => {
  const type = enumerated({ a: -128, b: -32_768, c: 32_767, d: -32_640, e: 255 });
  holds(type, 'a', '81 80');
  holds(type, 'b', '82 8000');
  holds(type, 'c', '82 7fff');
  holds(type, 'd', '82 8080');
  holds(type, 'e', '82 00ff');
  for (const cut of ['81', '8280', '82']) {
    expect(refused(cut, (reader) => type.read(reader))).toBe('TRUNCATED');
  }
});

test('INTEGER (1..MAX) has no 0', () => {
  expect(() => integer(1n).decode(hex('0100'))).toThrow('OUT_OF_RANGE');
  expect(() => integer(1n).encode(0n)).toThrow('OUT_OF_RANGE');
  expect(() => integer(0n, 2n ** 70n).encode(2n ** 255n)).toThrow('an integer above 256 bits');
});

describe('OBJECT IDENTIFIER', () => {
  test.each([
    ['0.0', '00'],
    ['0.39', '27'],
    ['1.0', '28'],
    ['1.39', '4f'],
    ['2.0', '50'],
    ['2.16384', '818050'],
    ['2.16304', '818000'],
  ])('%s is %s', (text, octets) => {
    holds(objectIdentifier(), text, `0${octets.length / 2}${octets}`);
  });

  test('has two arcs at least', () => {
    for (const text of ['0', '1', '2', '3']) {
      expect(() => objectIdentifier().encode(text)).toThrow('BAD_VALUE');
    }
  });

  test('does not end within an arc', () => {
    expect(() => relativeOid().decode(hex('0181'))).toThrow('BAD_VALUE');
    expect(() => relativeOid().decode(hex('020181'))).toThrow('BAD_VALUE');
  });
});

test('encodeInto fills bytes to the last one', () => {
  const bytes = new Uint8Array(3);
  expect(integer(0, 65_535).encodeInto(258, bytes)).toBe(2);
  expect(integer(0, 255).encodeInto(9, bytes, 2)).toBe(3);
  expect(toHex(bytes)).toBe('010209');
});

describe('the bits of a SEQUENCE', () => {
  const optionals = (count: number): Record<string, ReturnType<typeof optional<number>>> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, optional(byte)]));

  test.each([1, 7, 8, 9, 16, 17])('one for each of %i optional components', (count) => {
    const type = sequence(optionals(count)) as unknown as Schema<Record<string, number>>;
    for (let i = 0; i < count; i++) {
      const preamble = new Uint8Array(Math.ceil(count / 8));
      preamble[i >> 3] = 0x80 >> (i & 7);
      holds(type, { [`c${i}`]: 5 }, `${toHex(preamble)}05`);
    }
    for (let i = count; i < Math.ceil(count / 8) * 8; i++) {
      const preamble = new Uint8Array(Math.ceil(count / 8));
      preamble[i >> 3] = 0x80 >> (i & 7);
      expect(type.decode(preamble)).toEqual({});
      expect(() => type.decodeStrict(preamble)).toThrow('NON_CANONICAL at byte 0');
    }
  });

  test.each([1, 7, 8, 9, 16, 17])('one for each of %i additions', (count) => {
    const type = sequence({}, { additions: optionals(count) }) as unknown as Schema<
      Record<string, number>
    >;
    for (let i = 0; i < count; i++) {
      const bitmap = new Uint8Array(Math.ceil(count / 8));
      bitmap[i >> 3] = 0x80 >> (i & 7);
      const unused = bitmap.length * 8 - count;
      const head = [0x80, bitmap.length + 1, unused, ...bitmap];
      holds(type, { [`c${i}`]: 5 }, toHex(Uint8Array.of(...head, 1, 5)));
    }
  });

  test('the first is that of the extension marker', () => {
    const type = sequence({ a: optional(byte) }, { additions: { b: byte } });
    holds(type, {}, '00');
    holds(type, { a: 1 }, '40 01');
    holds(type, { b: 2 }, '80 02 07 80 01 02');
    holds(type, { a: 1, b: 2 }, 'c0 01 02 07 80 01 02');
  });

  test('that say how many are unused are at most 7, and those unused mean nothing', () => {
    const type = sequence({}, { additions: { a: byte, b: byte } });
    expect(() => type.decode(hex('80 03 08 8000 01 05'))).toThrow('BAD_VALUE at byte 1');
    expect(() => type.decode(hex('80 02 08 80 01 05'))).toThrow('BAD_VALUE at byte 1');
    expect(type.decode(hex('80 02 07 c0 01 05'))).toEqual({ a: 5 });
    expect(() => type.decodeStrict(hex('80 02 07 c0 01 05'))).toThrow('NON_CANONICAL at byte 1');
    expect(() => type.decodeStrict(hex('80 02 06 a0 01 05'))).toThrow('NON_CANONICAL at byte 1');
  });
});

test.each([
  'a',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{103ff}',
  '\u{10fc00}',
  '\u{10ffff}',
])('%j is one character', (character) => {
  const octets = new TextEncoder().encode(character);
  expect(utf8Length(character)).toBe(octets.length);
  holds(utf8String({ size: 1 }), character, `0${octets.length}${toHex(octets)}`);
  expect(universalString({ size: 1 }).decode(universalString({ size: 1 }).encode(character))).toBe(
    character,
  );
  const isBasic = character.length === 1;
  if (isBasic) expect(bmpString().encode(character)).toHaveLength(3);
  else expect(() => bmpString().encode(character)).toThrow('BAD_TEXT');
});

test.each([
  '\ud800',
  '\udbff',
  '\udc00',
  '\udfff',
  '\udc00\udc00',
  '\ud800\udbff',
  '\ud800\ue000',
  '\udfff\udfff',
  '\ud800a',
])('%j is no text', (text) => {
  expect(utf8Length(text)).toBe(-1);
  expect(() => utf8String().encode(text)).toThrow('BAD_TEXT');
});

test('VisibleString has space and tilde, and nothing around them', () => {
  holds(visibleString(), ' ~', '02 207e');
  for (const character of ['\u001f', '\u007f']) {
    expect(() => visibleString().encode(character)).toThrow('BAD_TEXT');
  }
});

test('the date that was read last is not taken for one of another century', () => {
  const at = (text: string): unknown => decodeTimestamp(new TextEncoder().encode(text), 0);
  for (const year of ['1999', '2000', '1901', '1900', '1999', '1899', '2001']) {
    expect(at(`${year}0101000000000`)).toBe(Date.parse(`${year}-01-01T00:00:00Z`));
  }
});
