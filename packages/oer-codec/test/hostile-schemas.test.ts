/** What hostile bytes can make a schema do: return a value no larger than they allow, or an error, in linear time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  additionGroup,
  bitString,
  bmpString,
  boolean,
  enumerated,
  extensibleChoice,
  extensibleEnumerated,
  generalizedTime,
  integer,
  lazy,
  nullType,
  numericString,
  objectIdentifier,
  octetString,
  OerDecodeError,
  openType,
  optional,
  real32,
  relativeOid,
  sequence,
  sequenceByOpenTable,
  sequenceOf,
  setOf,
  universalString,
  utcTime,
  utf8String,
  withDefault,
  type AnySchema,
  type Schema,
} from '../src/index.js';
import { growth } from './growth.js';
import { hex, toHex } from './hex.js';

const byte = integer(0, 255);

interface Tree {
  readonly children: Tree[];
}
const tree: Schema<Tree> = sequence({ children: sequenceOf(lazy(() => tree)) });

/** One type of nearly everything, as deep as it gets. */
const everything = extensibleChoice({
  list: sequenceOf(
    sequence(
      {
        flags: bitString(),
        size: optional(integer(0n)),
        kind: withDefault(extensibleEnumerated({ a: 0 }), 'a'),
        text: optional(utf8String({ size: { max: 9 } })),
      },
      {
        additions: { at: generalizedTime(), _: additionGroup({ x: optional(byte), y: real32() }) },
      },
    ),
  ),
  nothing: sequenceOf(nullType()),
  lists: sequenceOf(sequenceOf(nullType())),
  set: setOf(openType(boolean())),
  tree,
  table: sequenceByOpenTable(
    { components: { type: byte }, id: 'type', data: 'data' },
    { 1: tree, 2: numericString() },
  ),
  id: objectIdentifier(),
  fixed: sequenceOf(enumerated({ low: -1, high: 300 })),
  wide: bmpString(),
  time: utcTime(),
}) as unknown as Schema<unknown>;

/** How many values a value is made of, and how many bytes and characters are in them. */
function volume(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (value instanceof Uint8Array) return 1 + value.length;
  if (typeof value === 'bigint') return 1 + value.toString(16).length / 2;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + volume(inner), 1);
}

const NO_BITS = { bytes: hex(''), length: 0 };

const telling = [
  0, 1, 2, 3, 4, 5, 8, 0x40, 0x41, 0x61, 0x7f, 0x80, 0x81, 0x82, 0x88, 0xc0, 0xe0, 0xff,
];

test('any bytes are a value of no more than they allow, or an OerDecodeError within them', () => {
  const inputs = fc
    .tuple(
      fc.integer({ min: 0x80, max: 0x8b }),
      fc.array(fc.oneof(fc.constantFrom(...telling), fc.nat(255)), { maxLength: 60 }),
    )
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest));
  fc.assert(
    fc.property(inputs, (bytes) => {
      try {
        // A list of up to 64 elements without bytes takes two.
        expect(volume(everything.decode(bytes))).toBeLessThan(20 + 40 * bytes.length);
        const value = everything.decodeStrict(bytes);
        if (!toHex(bytes).startsWith('80')) expect(everything.encode(value)).toEqual(bytes);
      } catch (error) {
        if (!(error instanceof OerDecodeError)) throw error;
        expect(error.offset).toBeLessThanOrEqual(bytes.length);
        expect(error.code).toMatch(/^[A-Z_]+$/);
        expect(error.message).toContain(error.path.join('.'));
      }
    }),
    { numRuns: 5000 },
  );
});

describe('what passes can be sent on in its canonical form', () => {
  const optionals = sequence(
    { a: optional(byte), b: withDefault(bitString(undefined, { named: true }), NO_BITS) },
    { additions: { x: withDefault(boolean(), false), _: additionGroup({ y: optional(byte) }) } },
  );
  const types: Readonly<Record<string, AnySchema>> = {
    'the type of nearly everything': everything,
    BOOLEAN: boolean(),
    INTEGER: integer(),
    'INTEGER (0..MAX)': integer(0n),
    ENUMERATED: extensibleEnumerated({ a: 0 }),
    REAL: real32(),
    'BIT STRING': bitString(),
    'BIT STRING (SIZE (4))': bitString(4),
    'BIT STRING with names': bitString({ min: 2, max: 9 }, { named: true }),
    UTF8String: utf8String(),
    BMPString: bmpString(),
    'OBJECT IDENTIFIER': objectIdentifier(),
    'SEQUENCE with additions': optionals,
    'SET OF': setOf(bitString()),
    CHOICE: extensibleChoice({ a: byte, b: { schema: boolean(), extension: true } }),
  };
  test.each(Object.entries(types))('%s', (_, type) => {
    const schema = type as unknown as Schema<unknown>;
    const octet = fc.oneof(fc.constantFrom(...telling), fc.nat(255));
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 14 }), (octets) => {
        let value: unknown;
        try {
          value = schema.decode(Uint8Array.from(octets));
        } catch {
          return; // What cannot be read is the subject above.
        }
        const sent = schema.encode(value);
        expect(schema.encode(schema.decodeStrict(sent))).toEqual(sent);
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['a SEQUENCE OF', sequenceOf(byte), '08ffffffffffffffff'],
  ['a SEQUENCE OF larger elements', sequenceOf(octetString(1000)), '0203e8 0000'],
  ['a SET OF', setOf(openType(byte)), '071fffffffffffff 00'],
  ['an OCTET STRING', octetString(), '88ffffffffffffffff 00'],
  ['an OCTET STRING of one size', octetString(2 ** 40), '00'],
  ['a BIT STRING of one size', bitString(2 ** 40), '00'],
  ['a BMPString of one size', bmpString({ size: 2 ** 40 }), '00'],
  ['a NumericString of one size', numericString({ size: 2 ** 40 }), '30'],
  ['an INTEGER', integer(0n), '870fffffffffffff 00'],
  ['extension additions', sequence({}, { additions: {} }), '80 87ffffffffffffff 00'],
])('%s that announces more than there is, is refused and not allocated', (_, schema, bytes) => {
  const read = (): unknown => (schema as Schema<unknown>).decode(hex(bytes));
  expect(read).toThrow(/TRUNCATED|OUT_OF_RANGE|LENGTH_INVALID/);
});

/** A value that takes about `size` bytes. */
const LARGE: Readonly<Record<string, (size: number) => readonly [AnySchema, unknown]>> = {
  'BIT STRING': (size) => [bitString(), { bytes: new Uint8Array(size), length: size * 8 }],
  'OBJECT IDENTIFIER': (size) => [objectIdentifier(), `1.2${'.1'.repeat(size)}`],
  'RELATIVE-OID': (size) => [relativeOid(), `1${'.16384'.repeat(size / 3)}`],
  UTF8String: (size) => [utf8String({ from: 'aé', size: { max: 1e9 } }), 'aé'.repeat(size / 3)],
  NumericString: (size) => [numericString(), '1'.repeat(size)],
  BMPString: (size) => [bmpString(), '€'.repeat(size / 2)],
  UniversalString: (size) => [universalString(), '𝄞'.repeat(size / 4)],
  'SEQUENCE OF small elements': (size) => [sequenceOf(byte), new Array(size).fill(1)],
  'SEQUENCE OF lists': (size) => [sequenceOf(sequenceOf(byte)), new Array(size / 2).fill([])],
  'SEQUENCE OF trees': (size) => [tree, { children: new Array(size / 2).fill({ children: [] }) }],
  'SET OF': (size) => [setOf(openType(byte)), new Array(size / 2).fill(1)],
  'SEQUENCE with an addition': (size) => [
    sequence({}, { additions: { a: octetString() } }),
    { a: new Uint8Array(size) },
  ],
};

describe('no more than linear time', () => {
  // Quadratic time would make it 32.
  test.each(Object.entries(LARGE))('%s', (_, ofSize) => {
    const read = (size: number): (() => unknown) => {
      const [schema, value] = ofSize(size) as readonly unknown[] as [Schema<unknown>, unknown];
      const bytes = schema.encode(value);
      return () => schema.decodeStrict(bytes);
    };
    expect(growth(32, 12, read(1 << 12), read(1 << 17))).toBeLessThan(12);
  });

  test('a bitmap of extension additions that nobody knows', () => {
    const type = sequence({}, { additions: {} });
    /** So many bytes of bitmap, a third of them set, and the first of the additions that they announce. */
    const read = (size: number): (() => void) => {
      const bytes = new Uint8Array(6 + size);
      bytes.set([0x80, 0x83, size >> 16, (size >> 8) & 0xff, size & 0xff, 0]);
      bytes.fill(0xff, 6, 6 + size / 3);
      return () => {
        expect(() => type.decode(bytes)).toThrow(OerDecodeError);
      };
    };
    expect(growth(32, 12, read(3 << 10), read(3 << 15))).toBeLessThan(12);
  });
});
