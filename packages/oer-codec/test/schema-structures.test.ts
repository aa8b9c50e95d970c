import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  additionGroup,
  bitString,
  boolean,
  choice,
  extensibleChoice,
  ia5String,
  integer,
  lazy,
  nullType,
  octetString,
  OerDecodeError,
  OerWriter,
  optional,
  sequence,
  sequenceByOpenTable,
  sequenceByTable,
  sequenceOf,
  set,
  setOf,
  utf8String,
  withDefault,
  type BitString,
  type Infer,
  type Schema,
} from '../src/index.js';
import { hex, toHex } from './hex.js';

function holds<T>(schema: Schema<T>, value: T, text: string): void {
  const bytes = hex(text);
  expect(toHex(schema.encode(value))).toBe(toHex(bytes));
  expect(schema.size(value)).toBe(bytes.length);
  expect(schema.minSize).toBeLessThanOrEqual(bytes.length);
  expect(schema.decodeStrict(bytes)).toEqual(value);
}

const byte = integer(0, 255);

describe('SEQUENCE (X.696 16)', () => {
  test('without OPTIONAL and DEFAULT is its components', () => {
    const point = sequence({ x: byte, y: byte });
    expectTypeOf<Infer<typeof point>['x']>().toEqualTypeOf<number>();
    holds(point, { x: 1, y: 2 }, '01 02');
    expect(() => point.decode(hex('01'))).toThrow('TRUNCATED at byte 1 in y');
    expect(() => point.encode({ x: 1, y: 256 })).toThrow('OUT_OF_RANGE in y');
    expect(() => point.encode({ x: 1 } as { x: number; y: number })).toThrow(
      'missing (BAD_VALUE in y)',
    );
  });

  test('has a bit for each component that may be missing', () => {
    const type = sequence({
      a: byte,
      b: optional(byte),
      c: withDefault(utf8String(), 'x'),
      d: optional(boolean()),
    });
    expectTypeOf<Infer<typeof type>['b']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Infer<typeof type>['c']>().toEqualTypeOf<string>();
    holds(type, { a: 1, c: 'x' }, '00 01');
    holds(type, { a: 1, b: 2, c: 'x' }, '80 01 02');
    holds(type, { a: 1, c: 'y' }, '40 01 0179');
    holds(type, { a: 1, b: 2, c: 'y', d: false }, 'e0 01 02 0179 00');
    expect(type.decode(hex('40 01 0178'))).toEqual({ a: 1, c: 'x' });
    expect(() => type.decodeStrict(hex('40 01 0178'))).toThrow('NON_CANONICAL at byte 2 in c');
    expect(type.decode(hex('01 01'))).toEqual({ a: 1, c: 'x' });
    expect(() => type.decodeStrict(hex('10 01'))).toThrow('NON_CANONICAL at byte 0');
    expect(() => type.decodeStrict(hex('01 01'))).toThrow('NON_CANONICAL at byte 0');
  });

  test('with nine such components has a preamble of two bytes', () => {
    const many = sequence(
      Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, optional(byte)])),
    );
    expect(toHex(many.encode({ c0: 1, c8: 2 }))).toBe('80800102');
    expect(many.decodeStrict(hex('80800102'))).toEqual({ c0: 1, c8: 2 });
    expect(many.minSize).toBe(2);
  });

  test('compares a DEFAULT that is no plain value by its encoding', () => {
    const type = sequence({ data: withDefault(octetString(), hex('0102')) });
    holds(type, { data: hex('0102') }, '00');
    holds(type, { data: hex('0103') }, '80 02 0103');
    holds(type, { data: hex('010200') }, '80 03 010200');
  });

  test('with an extension marker carries additions, and skips those it does not know', () => {
    const v1 = sequence({ a: byte }, { additions: {} });
    const v2 = sequence({ a: byte }, { additions: { b: byte, c: utf8String() } });
    expectTypeOf<Infer<typeof v2>['c']>().toEqualTypeOf<string | undefined>();
    holds(v1, { a: 1 }, '00 01');
    holds(v2, { a: 1 }, '00 01');
    holds(v2, { a: 1, c: 'é' }, '80 01 02 06 40 03 02c3a9');
    holds(v2, { a: 1, b: 2, c: '' }, '80 01 02 06 c0 01 02 01 00');
    expect(v1.decodeStrict(hex('80 01 02 06 c0 01 02 01 00'))).toEqual({ a: 1 });
    expect(v2.decode(hex('80 01 02 05 e0 01 02 01 00 02 ffff'))).toEqual({ a: 1, b: 2, c: '' });
    expect(() => v2.decode(hex('80 01 02 06 80 01'))).toThrow('TRUNCATED at byte 5 in b');
    expect(() => v2.decode(hex('80 01 02 08 80'))).toThrow('BAD_VALUE');
    expect(() => v2.decode(hex('80 01 01 00'))).toThrow('BAD_VALUE');
    expect(() => v2.decode(hex('80 01 00'))).toThrow('BAD_VALUE');
    expect(() => v2.encode({ a: 1, b: 256 })).toThrow('OUT_OF_RANGE in b');
  });

  test('names the field of an error through all levels', () => {
    const type = sequence({ list: sequenceOf(sequence({ id: byte, name: ia5String() })) });
    expect(() => type.decode(hex('0102 01 0161 02 02 61'))).toThrow('in list.[1].name');
    expect(() => type.encode({ list: [{ id: 1, name: 'é' }] })).toThrow(
      'BAD_TEXT in list.[0].name',
    );
  });
});

test('SET is written in the order given, that of AUTOMATIC TAGS (X.696 18)', () => {
  holds(set({ b: byte, a: byte }), { b: 1, a: 2 }, '01 02');
});

describe('extension addition groups (X.696 16)', () => {
  const v1 = sequence({ a: byte }, { additions: {} });
  const type = sequence(
    { a: byte },
    {
      additions: {
        b: optional(byte),
        _: additionGroup({ c: byte, d: optional(byte), e: withDefault(byte, 5) }),
        f: withDefault(byte, 7),
      },
    },
  );

  test('travel as one addition, flat in the value', () => {
    expectTypeOf<Infer<typeof type>['c']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Infer<typeof type>['d']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Infer<typeof type>>().not.toHaveProperty('_');
    holds(type, { a: 1 }, '00 01');
    holds(type, { a: 1, c: 2, e: 5 }, '80 01 02 05 40 02 00 02');
    holds(type, { a: 1, c: 2, d: 3, e: 4 }, '80 01 02 05 40 04 c0 02 03 04');
    holds(type, { a: 1, b: 9, c: 2, e: 5, f: 8 }, '80 01 02 05 e0 01 09 02 00 02 01 08');
    expect(toHex(type.encode({ a: 1, e: 5, f: 7 }))).toBe('0001');
    expect(v1.decodeStrict(hex('80 01 02 05 40 02 00 02'))).toEqual({ a: 1 });
  });

  test('are there as a whole or not at all', () => {
    expect(() => type.encode({ a: 1, d: 3 })).toThrow('the component is missing (BAD_VALUE in c)');
    expect(() => type.decode(hex('80 01 02 05 40 01 00'))).toThrow('TRUNCATED at byte 7 in c');
  });

  test('without any value are not canonical, nor are additions equal to their DEFAULT', () => {
    const optionals = sequence({}, { additions: { _: additionGroup({ a: optional(byte) }) } });
    expect(optionals.decode(hex('80 02 07 80 01 00'))).toEqual({});
    expect(() => optionals.decodeStrict(hex('80 02 07 80 01 00'))).toThrow(
      'an addition without values (NON_CANONICAL at byte 4)',
    );
    expect(type.decode(hex('80 01 02 05 20 01 07'))).toEqual({ a: 1, f: 7 });
    expect(() => type.decodeStrict(hex('80 01 02 05 20 01 07'))).toThrow(
      'an addition without values (NON_CANONICAL at byte 5 in f)',
    );
  });

  test('announced and not there, or unused bits set, are not canonical', () => {
    expect(v1.decode(hex('80 01 02 05 00'))).toEqual({ a: 1 });
    expect(() => v1.decodeStrict(hex('80 01 02 05 00'))).toThrow(
      'there are none (NON_CANONICAL at byte 2)',
    );
    expect(v1.decode(hex('80 01 02 07 81 01 00'))).toEqual({ a: 1 });
    expect(() => v1.decodeStrict(hex('80 01 02 07 81 01 00'))).toThrow(
      'unused bits are zero (NON_CANONICAL at byte 2)',
    );
    expect(v1.decodeStrict(hex('80 01 02 00 01 01 00'))).toEqual({ a: 1 });
  });

  test('have names of their own', () => {
    expect(() => sequence({ a: byte }, { additions: { _: additionGroup({ a: byte }) } })).toThrow(
      'two components of a SEQUENCE have one name: a, a',
    );
  });
});

describe('components named as what every object has', () => {
  const type = sequence({ toString: optional(byte), constructor: withDefault(byte, 1) });

  test('are missing where they are not given', () => {
    const value = { constructor: 1 } as Infer<typeof type>;
    expect(toHex(type.encode(value))).toBe('00');
    expect(Object.keys(type.decodeStrict(hex('00')))).toEqual(['constructor']);
    expect(toHex(type.encode({ toString: 5, constructor: 2 }))).toBe('c00502');
  });
});

describe('a DEFAULT', () => {
  test.each([
    ['bytes', octetString(), hex('01'), hex('01'), hex('02')],
    ['a list', sequenceOf(byte), [1, 2], [1, 2], [1, 2, 3]],
    ['a list of another order', sequenceOf(byte), [1, 2], [1, 2], [2, 1]],
    ['a SEQUENCE', sequence({ x: optional(byte) }), { x: 1 }, { x: 1 }, {}],
    [
      'a CHOICE',
      choice({ a: byte, b: byte }),
      { type: 'a', value: 1 },
      { type: 'a', value: 1 },
      { type: 'b', value: 1 },
    ],
    ['NULL beside an OPTIONAL', optionalNull(), {}, { n: undefined }, { n: null }],
  ] as const)('that is %s is compared by value', (_, schema, usual, same, other) => {
    const type = sequence({ d: withDefault(schema as Schema<unknown>, usual as unknown) });
    expect(toHex(type.encode({ d: same }))).toBe('00');
    expect(toHex(type.encode({ d: other })).slice(0, 2)).toBe('80');
    expect(type.decodeStrict(type.encode({ d: other }))).toEqual({ d: other });
  });

  test('that is a BIT STRING with names is compared without the zeros at its end (X.680 22.7, X.696 16.2)', () => {
    const bits = (text: string, length: number): BitString => ({ bytes: hex(text), length });
    const flags = bitString(undefined, { named: true });
    for (const usual of [bits('a0', 3), bits('a000', 13)]) {
      const type = sequence({ d: withDefault(flags, usual) });
      for (const same of [bits('a0', 3), bits('a0', 8), bits('a000', 16), bits('a000', 9)]) {
        expect(toHex(type.encode({ d: same }))).toBe('00');
        expect(type.size({ d: same })).toBe(1);
      }
      expect(toHex(type.encode({ d: bits('a080', 9) }))).toBe('80 03 07 a080'.replaceAll(' ', ''));
      expect(toHex(type.encode({ d: bits('', 0) }))).toBe('800100');
      expect(type.decodeStrict(hex('00'))).toEqual({ d: usual });
      expect(type.decode(hex('80 03 00 a000'))).toEqual({ d: bits('a0', 3) });
      expect(() => type.decodeStrict(hex('80 02 05 a0'))).toThrow('NON_CANONICAL at byte 1 in d');
      // What is no value is none of the DEFAULT either.
      expect(() => type.encode({ d: bits('a0', 9) })).toThrow('BAD_VALUE in d');
      expect(() => type.encode({ d: bits('b0', 3) })).toThrow('BAD_VALUE in d');
    }

    const sized = sequence({ d: withDefault(bitString(4, { named: true }), bits('', 0)) });
    expect(toHex(sized.encode({ d: bits('00', 4) }))).toBe('00');
    expect(() => sized.decodeStrict(hex('80 00'))).toThrow('NON_CANONICAL at byte 1 in d');

    // Without names each bit counts.
    const plain = sequence({ d: withDefault(bitString(), bits('a0', 3)) });
    expect(toHex(plain.encode({ d: bits('a0', 8) }))).toBe('800200a0');
    holds(plain, { d: bits('a0', 4) }, '80 02 04 a0');

    const added = sequence({}, { additions: { d: withDefault(flags, bits('a0', 3)) } });
    expect(toHex(added.encode({ d: bits('a0', 8) }))).toBe('00');
  });

  test('that its type does not have is refused at once', () => {
    expect(() => sequence({ d: withDefault(byte, 256) })).toThrow('OUT_OF_RANGE');
  });
});

function optionalNull(): Schema<{ readonly n?: null }> {
  return sequence({ n: optional(nullType()) });
}

describe('SEQUENCE OF (X.696 17)', () => {
  test('has the number of its elements before them', () => {
    holds(sequenceOf(byte), [], '0100');
    holds(sequenceOf(byte), [1, 2], '0102 01 02');
    holds(sequenceOf(nullType()), [], '0100');
    const many = Array.from({ length: 300 }, (_, i) => i & 0xff);
    expect(toHex(sequenceOf(byte).encode(many).subarray(0, 4))).toBe('02012c00');
    expect(sequenceOf(byte).decodeStrict(sequenceOf(byte).encode(many))).toEqual(many);
  });

  test('is bounded', () => {
    const pair = sequenceOf(byte, { min: 1, max: 2 });
    holds(pair, [1], '0101 01');
    expect(() => pair.encode([])).toThrow('TOO_LONG');
    expect(() => pair.encode([1, 2, 3])).toThrow('TOO_LONG');
    expect(() => pair.decode(hex('0100'))).toThrow('TOO_LONG');
    expect(() => pair.decode(hex('0103 010203'))).toThrow('TOO_LONG');
  });

  test('refuses a count that cannot be there, of elements without bytes too', () => {
    expect(() => sequenceOf(byte).decode(hex('071fffffffffffff'))).toThrow('TRUNCATED');
    expect(() => sequenceOf(nullType()).decode(hex('04ffffffff'))).toThrow(
      '4294967295 elements without bytes (TOO_LONG at byte 0)',
    );
  });

  test('of elements without bytes has at most 64', () => {
    const nulls = Array.from({ length: 64 }, () => null);
    holds(sequenceOf(nullType()), nulls, '0140');
    holds(setOf(sequence({})), [{}, {}], '0102');
    expect(() => sequenceOf(nullType()).encode([...nulls, null])).toThrow('TOO_LONG');
    expect(() => setOf(octetString(0)).decode(hex('0141'))).toThrow('TOO_LONG at byte 0');
  });
});

describe('SET OF (X.696 19)', () => {
  test('is written in ascending order of the encodings, whatever order it is given in', () => {
    const bytes = setOf(octetString());
    expect(toHex(bytes.encode([hex('02'), hex('0100'), hex('01'), hex('')]))).toBe(
      '0104 00 0101 0102 020100'.replaceAll(' ', ''),
    );
    expect(bytes.decodeStrict(hex('0102 0101 0102'))).toEqual([hex('01'), hex('02')]);
    expect(bytes.decode(hex('0102 0102 0101'))).toEqual([hex('02'), hex('01')]);
    expect(() => bytes.decodeStrict(hex('0102 0102 0101'))).toThrow('NON_CANONICAL');
    expect(() => setOf(byte, 1).encode([1, 2])).toThrow('TOO_LONG');
    expect(() => setOf(byte).encode([1, 256])).toThrow('OUT_OF_RANGE');
    expect(() => setOf(ia5String()).encode(['a', 'é'])).toThrow('BAD_TEXT in [1]');
  });
});

describe('CHOICE (X.696 20)', () => {
  const type = choice({
    small: byte,
    text: utf8String(),
    own: { schema: nullType(), tag: { class: 'private', number: 62 } },
    high: { schema: byte, tag: { class: 'application', number: 63 } },
    higher: { schema: byte, tag: { class: 'universal', number: 300 } },
    later: { schema: byte, tag: { number: 9 }, extension: true },
  });

  test('is a tag and the value', () => {
    expectTypeOf<Extract<Infer<typeof type>, { type: 'text' }>['value']>().toEqualTypeOf<string>();
    holds(type, { type: 'small', value: 5 }, '80 05');
    holds(type, { type: 'text', value: 'a' }, '81 0161');
    holds(type, { type: 'own', value: null }, 'fe');
    holds(type, { type: 'high', value: 1 }, '7f3f 01');
    holds(type, { type: 'higher', value: 1 }, '3f822c 01');
    holds(type, { type: 'later', value: 1 }, '89 01 01');
  });

  test('refuses tags that it does not have', () => {
    expect(() => type.decode(hex('83 00'))).toThrow('BAD_VALUE at byte 0');
    expect(() => type.decode(hex('bf'))).toThrow('TRUNCATED');
    expect(() => type.decode(hex('bfffffffffff'))).toThrow('BAD_VALUE');
    expect(() => type.decode(hex('80'))).toThrow('TRUNCATED at byte 1 in small');
    expect(() => type.encode({ type: 'small', value: 256 })).toThrow('OUT_OF_RANGE in small');
    expect(() => type.encode({ type: 'x' as 'small', value: 1 })).toThrow('BAD_VALUE');
  });

  test('with an extension marker keeps alternatives of later versions as their bytes', () => {
    const later = extensibleChoice({ a: byte, b: { schema: byte, extension: true } });
    const value = (number: number, tagClass: 'context' | 'private', text: string) =>
      ({ type: null, tag: { number, class: tagClass }, value: hex(text) }) as const;
    holds(later, { type: 'a', value: 1 }, '80 01');
    holds(later, { type: 'b', value: 1 }, '81 01 01');
    holds(later, value(2, 'context', 'abcd'), '82 02 abcd');
    holds(later, value(62, 'private', ''), 'fe 00');
    holds(later, value(63, 'private', ''), 'ff3f 00');
    holds(later, value(2 ** 28 - 1, 'context', '01'), 'bfffffff7f 01 01');
    for (const tagClass of ['universal', 'application', 'context', 'private'] as const) {
      const unknown = { type: null, tag: { number: 300, class: tagClass }, value: hex('') };
      expect(later.decodeStrict(later.encode(unknown))).toEqual(unknown);
    }
    expect(later.minSize).toBe(2);
    expect(extensibleChoice({}).decode(hex('80 00'))).toEqual(value(0, 'context', ''));
    expect(extensibleChoice({ n: nullType() }).minSize).toBe(1);
    expectTypeOf<
      Extract<Infer<typeof later>, { type: null }>['value']
    >().toEqualTypeOf<Uint8Array>();
    const known = value(1, 'context', '01');
    expect(() => later.encode(known)).toThrow('null is no alternative of the CHOICE (BAD_VALUE)');
    expect(() => later.encode({ ...known, tag: undefined } as never)).toThrow('BAD_VALUE');
    expect(() => later.decode(hex('bf00 01 01'))).toThrow('BAD_VALUE at byte 0');
    expect(() => later.decode(hex('bf8002 00'))).toThrow('BAD_VALUE at byte 0');
    expect(() => later.decode(hex('82 02 ab'))).toThrow('TRUNCATED at byte 1');
    const strict = choice({ a: byte }) as unknown as Schema<unknown>;
    expect(() => strict.encode(value(2, 'context', ''))).toThrow('BAD_VALUE');
  });

  test('has each tag once', () => {
    const tag = { number: 1 };
    expect(() => choice({ a: { schema: byte, tag }, b: byte })).toThrow(RangeError);
    expect(() => choice({ a: { schema: byte, tag: { number: -1 } } })).toThrow(RangeError);
  });
});

describe('a type chosen by an id (information object classes)', () => {
  const options = { components: { type: byte, id: byte }, id: 'type', data: 'data' } as const;
  const table = { 1: sequence({ x: byte }), 2: utf8String() };
  const packet = sequenceByTable(options, table);

  test('is an open type behind the components', () => {
    expectTypeOf<Extract<Infer<typeof packet>, { type: 2 }>['data']>().toEqualTypeOf<string>();
    holds(packet, { type: 1, id: 9, data: { x: 7 } }, '01 09 01 07');
    holds(packet, { type: 2, id: 9, data: 'a' }, '02 09 02 0161');
    expect(packet.decode(hex('01 09 02 07 ff'))).toEqual({ type: 1, id: 9, data: { x: 7 } });
  });

  test('refuses ids that the table does not have', () => {
    expect(() => packet.decode(hex('03 09 00'))).toThrow(
      'no type goes with 3 (BAD_VALUE at byte 0 in type)',
    );
    expect(() => packet.encode({ type: 3 as 2, id: 9, data: 'a' })).toThrow('BAD_VALUE in type');
    expect(() => packet.decode(hex('01 09 00'))).toThrow('TRUNCATED at byte 3 in data.x');
    expect(() => packet.encode({ type: 1, id: 9, data: { x: 256 } })).toThrow('in data.x');
    expect(() => packet.encode({ type: 2, id: 256, data: '' })).toThrow('in id');
  });

  test('notices a value that changed between its size and its bytes', () => {
    const body = { type: 2 as const, id: 9, data: 'a' };
    expect(packet.size(body)).toBe(5);
    body.data = 'abc';
    expect(() => packet.write(new OerWriter(), body)).toThrow('changed after its size was taken');
    expect(toHex(packet.encode(body))).toBe('020904' + '03616263');
  });

  test('keeps the bytes of other ids where the table is open (RFC 0029: unknown frames)', () => {
    const open = sequenceByOpenTable(options, table);
    holds(open, { type: 7, id: 9, data: hex('abcd') }, '07 09 02 abcd');
    holds(open, { type: 2, id: 9, data: 'a' }, '02 09 02 0161');
  });
});

describe('a type that contains itself', () => {
  interface Tree {
    readonly children: Tree[];
  }
  const tree: Schema<Tree> = sequence({ children: sequenceOf(lazy(() => tree)) });
  const nested = (depth: number): Tree =>
    depth === 0 ? { children: [] } : { children: [nested(depth - 1)] };

  test('may be nested 64 deep, and no deeper, both ways', () => {
    holds(tree, nested(2), '0101 0101 0100');
    expect(tree.decodeStrict(tree.encode(nested(64)))).toEqual(nested(64));
    expect(() => tree.encode(nested(65))).toThrow('nested deeper than 64');
    expect(() => tree.decode(hex('0101'.repeat(100_000)))).toThrow(OerDecodeError);
    expect(tree.decode(hex('0100'))).toEqual({ children: [] });
  });
});

test('hostile bytes: a value that encodes to what was read, or an OerDecodeError', () => {
  const type = sequence(
    {
      id: integer(0n),
      note: optional(utf8String({ size: { max: 5 } })),
      kind: withDefault(choice({ a: byte, b: sequenceOf(boolean()) }), { type: 'a', value: 0 }),
      more: setOf(octetString()),
    },
    { additions: { flags: octetString(2) } },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 2, 3, 0x40, 0x80, 0x81, 0xc0, 0xe0, 0xff, 0x61), {
        maxLength: 24,
      }),
      (list) => {
        const bytes = Uint8Array.from(list);
        try {
          type.decode(bytes);
          const value = type.decodeStrict(bytes);
          expect(toHex(type.encode(value))).toBe(toHex(bytes));
        } catch (error) {
          if (!(error instanceof OerDecodeError)) throw error;
        }
      },
    ),
    { numRuns: 3000 },
  );
});
