import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Asn1SyntaxError, compileAsn1, parseAsn1, printTypeScript } from '../src/asn1/index.js';
import { OerEncodeError } from '../src/index.js';
import { growth } from './growth.js';
import { hex, toHex } from './hex.js';

const module = (body: string, name = 'M'): string =>
  `${name} DEFINITIONS AUTOMATIC TAGS ::= BEGIN ${body} END`;

const repeated = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join('\n');

/** The bytes of a value of the type `T` of a module. */
function bytes(body: string, value: unknown): string {
  const schema = compileAsn1(module(body)).get('T');
  const encoded = schema?.encode(value) ?? new Uint8Array(0);
  expect(schema?.decodeStrict(encoded)).toEqual(value);
  return toHex(encoded);
}

describe('types', () => {
  test.each([
    ['BOOLEAN', true, 'ff'],
    ['NULL', null, ''],
    ['INTEGER', -129n, '02ff7f'],
    ['INTEGER (0..255)', 7, '07'],
    ['INTEGER (0..MAX)', 7n, '0107'],
    ['INTEGER (MIN..7)', 7n, '0107'],
    ['INTEGER (-1 | 5..7)', 7, '07'],
    ['INTEGER (5)', 5, '05'],
    ['INTEGER (5..7 | -1 | 3)', -1, 'ff'],
    ['INTEGER (5..7 | -1 | 3)', 7, '07'],
    ['INTEGER (-1..2147483647)', 5, '00000005'],
    ['INTEGER (-1..2147483648)', 5n, '0000000000000005'],
    ['INTEGER (-4294967295..0)', -1n, 'ffffffffffffffff'],
    ['INTEGER (0..8589934591)', 1n, '0000000000000001'],
    ['OCTET STRING (SIZE (MIN..2))', hex(''), '00'],
    ['IA5String (FROM ("a".."a"))', 'a', '0161'],
    ['SEQUENCE { a INTEGER (MIN..5) DEFAULT 3 }', { a: 3n }, '00'],
    [
      'REAL (WITH COMPONENTS { mantissa (-16777216..16777215), base (2), exponent (-149..104) })',
      1,
      '3ff0000000000000',
    ],
    [
      'REAL (WITH COMPONENTS { mantissa (-16777215..16777216), base (2), exponent (-149..104) })',
      1,
      '3ff0000000000000',
    ],
    [
      'REAL (WITH COMPONENTS { mantissa (0..1), base (2), exponent (-150..104) })',
      1,
      '3ff0000000000000',
    ],
    [
      'REAL (WITH COMPONENTS { mantissa (0..1), base (2), exponent (-149..105) })',
      1,
      '3ff0000000000000',
    ],
    // As RFC 0030's module GenericTypes has it, and X.696 12.3.
    [
      'REAL (0 | WITH COMPONENTS { mantissa (0..1), base (2), exponent (-1075..970) })',
      1,
      '3ff0000000000000',
    ],
    [
      'REAL (WITH COMPONENTS { mantissa (0..1), base (2), exponent (-1074..971) })',
      1,
      '3ff0000000000000',
    ],
    ['INTEGER (0..4294967295)', 1, '00000001'],
    ['INTEGER (0..4294967296)', 1n, '0000000000000001'],
    ['INTEGER (-2147483648..2147483647)', -1, 'ffffffff'],
    ['INTEGER (-2147483649..0)', -1n, 'ffffffffffffffff'],
    ['INTEGER (0..255, ...)', 7n, '0107'],
    ['INTEGER (0..255, ..., 256..300)', 300n, '02012c'],
    ['INTEGER (0..255) (MIN..5)', 5, '05'],
    ['INTEGER (0..255) (5..MAX)', 5, '05'],
    ['INTEGER (1..5) (0..255, ...)', 5, '05'],
    ['INTEGER (0..300 INTERSECTION 5..9)', 5, '05'],
    ['INTEGER ((0..300) ^ (5..9))', 5, '05'],
    ['INTEGER (0..<256)', 255, 'ff'],
    ['INTEGER (-1<..255)', 255, 'ff'],
    ['INTEGER (-2<..255)', 255, '00ff'],
    ['INTEGER (0..5 UNION 256)', 5, '0005'],
    ['INTEGER { off(0), on(1) } (0..1)', 1, '01'],
    ['ENUMERATED { a, b, c(9), d }', 'd', '02'],
    ['ENUMERATED { a, b(0), ..., c, d(7), e }', 'a', '01'],
    ['ENUMERATED { a, b(0), ..., c, d(7), e }', 'c', '02'],
    ['ENUMERATED { a, b(0), ..., c, d(7), e }', 'e', '08'],
    // The examples of X.680 20.5 and 20.6.
    ['ENUMERATED { a, b(3), ..., c(1) }', 'c', '01'],
    ['ENUMERATED { a, b, ..., c(2) }', 'c', '02'],
    ['ENUMERATED { a, b, ..., c }', 'c', '02'],
    ['ENUMERATED { a, b, c(0), ..., d }', 'd', '03'],
    ['ENUMERATED { a, b, ..., c(3), d }', 'd', '04'],
    ['ENUMERATED { a, z(25), ..., d }', 'd', '01'],
    ['ENUMERATED { a, ... }', 5, '05'],
    ['OCTET STRING', hex('ab'), '01ab'],
    ['OCTET STRING (SIZE (1))', hex('ab'), 'ab'],
    ['OCTET STRING (SIZE (1..MAX))', hex('ab'), '01ab'],
    ['OCTET STRING (SIZE (1, ...))', hex('ab'), '01ab'],
    ['OCTET STRING (SIZE (1, ..., 2))', hex('ab'), '01ab'],
    ['OCTET STRING (SIZE (1 | 3))', hex('ab'), '01ab'],
    ['OCTET STRING (SIZE (0..9)) (SIZE (1..MAX)) (SIZE (MIN..1))', hex('ab'), 'ab'],
    ['OCTET STRING (SIZE (0<..<2))', hex('ab'), 'ab'],
    ['IA5String (SIZE (1) ^ FROM ("a".."b"))', 'b', '62'],
    ['IA5String (FROM ("a"<..<"c"))', 'b', '0162'],
    ['IA5String (FROM ("a".."c", ...))', 'z', '017a'],
    ['BIT STRING (SIZE (4))', { bytes: hex('a0'), length: 4 }, 'a0'],
    ['BIT STRING { a(0), b(2) }', { bytes: hex('a0'), length: 3 }, '0205a0'],
    ['BIT STRING { a(0) } (SIZE (4))', { bytes: hex('80'), length: 4 }, '80'],
    [
      "SEQUENCE { a BIT STRING { x(0) } DEFAULT '1000'B }",
      { a: { bytes: hex('80'), length: 4 } },
      '00',
    ],
    ["SEQUENCE { a BIT STRING DEFAULT '01011'B }", { a: { bytes: hex('58'), length: 5 } }, '00'],
    ['SEQUENCE { a BIT STRING DEFAULT {} }', { a: { bytes: hex(''), length: 0 } }, '00'],
    ['OBJECT IDENTIFIER', '1.2.3', '022a03'],
    ['RELATIVE-OID', '2.3', '020203'],
    ['UTF8String (SIZE (0..2))', 'é', '02c3a9'],
    ['IA5String (FROM ("a".."c" | "x"))', 'cx', '026378'],
    // X.680 12.14: a quote in a text is two.
    ['IA5String (FROM ("""" | "a" | ""))', '"a', '022261'],
    ['SEQUENCE { a UTF8String DEFAULT "a""b""" }', { a: 'a"b"' }, '00'],
    ['UniversalString (FROM ("𝄀".."𝇿"))', '𝄞', '040001d11e'],
    ['IA5String (SIZE (2))', 'ab', '6162'],
    ['PrintableString', 'A', '0141'],
    ['VisibleString', '~', '017e'],
    ['NumericString', '1', '0131'],
    ['ISO646String', 'a', '0161'],
    ['BMPString', 'é', '0200e9'],
    ['UniversalString (SIZE (1))', '𝄞', '0001d11e'],
    ['UTCTime', '260228235959Z', `0d${toHex(new TextEncoder().encode('260228235959Z'))}`],
    [
      'GeneralizedTime',
      { epochMs: 0, leapSecond: false },
      `0f${toHex(new TextEncoder().encode('19700101000000Z'))}`,
    ],
    [
      'REAL (WITH COMPONENTS { mantissa (-16777215..16777215), base (2), exponent (-149..104) })',
      1,
      '3f800000',
    ],
    [
      'REAL (0 | WITH COMPONENTS { mantissa (-9007199254740991..9007199254740991), base (2), exponent (0..1) })',
      1,
      '3ff0000000000000',
    ],
    ['SEQUENCE OF BOOLEAN', [true], '0101ff'],
    ['SEQUENCE (SIZE (1..2)) OF BOOLEAN', [true], '0101ff'],
    ['SEQUENCE SIZE (1..2) OF BOOLEAN', [true], '0101ff'],
    ['SEQUENCE OF flag BOOLEAN', [true], '0101ff'],
    ['SET OF INTEGER (0..9)', [1, 2], '01020102'],
    ['SET SIZE (2) OF INTEGER (0..9)', [1, 2], '01020102'],
    ['SEQUENCE { a BOOLEAN, b NULL }', { a: true, b: null }, 'ff'],
    ['SET { a BOOLEAN OPTIONAL }', {}, '00'],
    ['SEQUENCE { a INTEGER (0..9) DEFAULT 3, b BOOLEAN DEFAULT TRUE }', { a: 3, b: true }, '00'],
    ['SEQUENCE { a INTEGER DEFAULT 3, b UTF8String DEFAULT "x" }', { a: 4n, b: 'x' }, '800104'],
    ['SEQUENCE { a ENUMERATED { x, y } DEFAULT y }', { a: 'y' }, '00'],
    ['SEQUENCE { a SEQUENCE OF NULL DEFAULT {}, b SET { } DEFAULT {} }', { a: [], b: {} }, '00'],
    ['SEQUENCE { a NULL DEFAULT NULL }', { a: null }, '00'],
    ["SEQUENCE { a OCTET STRING DEFAULT 'A5 F'H }", { a: hex('a5f0') }, '00'],
    ["SEQUENCE { a OCTET STRING DEFAULT '1000 0000 1'B }", { a: hex('8080') }, '00'],
    ["SEQUENCE { a OCTET STRING DEFAULT ''H }", { a: hex('') }, '00'],
    [
      "SEQUENCE { a BIT STRING DEFAULT '101'B, b BIT STRING DEFAULT 'F'H }",
      { a: { bytes: hex('a0'), length: 3 }, b: { bytes: hex('f0'), length: 4 } },
      '00',
    ],
    ['SEQUENCE { a BOOLEAN, ..., b BOOLEAN }', { a: true, b: true }, '80ff02078001ff'],
    [
      'SEQUENCE { a BOOLEAN, ..., [[ 2: b BOOLEAN, c BOOLEAN OPTIONAL ]], d NULL, ..., e BOOLEAN }',
      { a: true, b: false, e: true },
      '80ffff0206 80 020000'.replaceAll(' ', ''),
    ],
    ['CHOICE { a BOOLEAN, b NULL }', { type: 'b', value: null }, '81'],
    ['CHOICE { a NULL, ..., [[ b NULL, c NULL ]] }', { type: 'c', value: null }, '8200'],
    ['CHOICE { a NULL, b NULL, ..., c NULL, ..., d NULL }', { type: 'd', value: null }, '82'],
    ['CHOICE { a BOOLEAN, ..., b BOOLEAN }', { type: 'b', value: true }, '8101ff'],
    [
      'CHOICE { a BOOLEAN, ... }',
      { type: null, tag: { number: 1, class: 'context' }, value: hex('ff') },
      '8101ff',
    ],
  ])('%s', (type, value, text) => {
    expect(bytes(`T ::= ${type}`, value)).toBe(text);
  });
});

test.each([
  ['SEQUENCE (SIZE (1..2)) OF BOOLEAN', [true, true, true]],
  ['SEQUENCE (SIZE (1..2)) OF BOOLEAN', []],
  ['SEQUENCE SIZE (1..2) OF BOOLEAN', []],
  ['INTEGER (5..MAX)', 4n],
  ['INTEGER (5..7 | -1 | 3)', -2],
  ['INTEGER (5..7 | -1 | 3)', 8],
  ['IA5String (FROM ("a".."c"))', 'd'],
  ['OCTET STRING (SIZE (MIN..2))', hex('010203')],
])('%s does not have it', (type, value) => {
  expect(() =>
    compileAsn1(module(`T ::= ${type}`))
      .get('T')
      ?.encode(value),
  ).toThrow(OerEncodeError);
});

test('BIT STRING with names is written without zeros at its end', () => {
  const source = module('T ::= U U ::= BIT STRING { a(0), b(9) } V ::= U (SIZE (2..9))');
  const schemas = compileAsn1(source);
  const bits = { bytes: hex('8000'), length: 10 };
  expect(toHex(schemas.get('T')?.encode(bits) ?? hex(''))).toBe('020780');
  expect(toHex(schemas.get('V')?.encode(bits) ?? hex(''))).toBe('020680');
  const text = printTypeScript(source);
  expect(text).toContain('export const U = bitString(undefined, { named: true });');
  expect(text).toContain('export const V = bitString({ min: 2, max: 9 }, { named: true });');
});

test('SET OF is sorted', () => {
  const schema = compileAsn1(module('T ::= SET OF INTEGER (0..9)')).get('T');
  expect(toHex(schema?.encode([2, 1]) ?? hex(''))).toBe('01020102');
});

describe('limits', () => {
  const compiles = (body: string): void => {
    expect(compileAsn1(module(body)).has('T')).toBe(true);
  };
  const flat = Array.from({ length: 300 }, (_, i) => `F${i} ::= SEQUENCE OF NULL`).join(' ');

  test('types are nested up to 64 deep', () => {
    const nested = (depth: number): string => `T ::= ${'SEQUENCE OF '.repeat(depth - 1)} NULL`;
    compiles(nested(64));
    expect(() => compileAsn1(module(nested(65)))).toThrow('nested deeper than 64');
    compiles(`${flat} ${nested(64)}`);
    expect(() => compileAsn1(module(`${flat} ${nested(65)}`))).toThrow('nested deeper than 64');
  });

  test('types are defined through up to 256 others', () => {
    const chain = Array.from({ length: 127 }, (_, i) => `T${i} ::= SEQUENCE OF T${i + 1}`);
    const lists = `${chain.join(' ')} T127 ::= NULL`;
    compiles(`T ::= T0 ${lists}`);
    expect(() => compileAsn1(module(`T ::= U U ::= T0 ${lists}`))).toThrow(
      'defined through more than 256 others',
    );
    compiles(`${flat} T ::= T0 ${lists}`);
    expect(() => compileAsn1(module(`${flat} T ::= U U ::= T0 ${lists}`))).toThrow(
      'defined through more than 256 others',
    );
  });

  test('names lead to up to 256 others', () => {
    const chain = (length: number): string =>
      `T ::= T0 ${repeated(length, (i) => `T${i} ::= T${i + 1}`)} T${length} ::= NULL`;
    compiles(chain(254));
    for (const length of [256, 20_000]) {
      expect(() => compileAsn1(module(chain(length)))).toThrow(
        'defined through more than 256 others',
      );
    }
    const backwards = `T ::= NULL T0 ::= T ${repeated(20_000, (i) => `T${i + 1} ::= T${i}`)}`;
    expect(() => compileAsn1(module(backwards))).toThrow('defined through more than 256 others');
  });

  test('a type has up to 256 constraints', () => {
    compiles(`T ::= INTEGER${' (0..5)'.repeat(256)}`);
    expect(() => compileAsn1(module(`T ::= INTEGER${' (0..5)'.repeat(257)}`))).toThrow(
      'line 1: more than 256 constraints',
    );
  });

  test('a number has up to 10,000 digits', () => {
    compiles(`T ::= INTEGER (0..${'9'.repeat(10_000)})`);
    expect(() => compileAsn1(module(`T ::= INTEGER (0..${'9'.repeat(10_001)})`))).toThrow(
      'line 1: a number of more than 10000 digits',
    );
  });

  test('all FROM together have up to 2^17 characters', () => {
    const half = 'UTF8String (FROM ("\u{10000}".."\u{1ffff}"))';
    compiles(`T ::= SEQUENCE { a ${half}, b ${half} }`);
    expect(() =>
      compileAsn1(module(`T ::= ${half} U ::= ${half} V ::= IA5String (FROM ("a"))`)),
    ).toThrow('line 1: all FROM together have more than 131072 characters');
    const all = 'UTF8String (FROM ("\0".."\u{10ffff}"))';
    expect(() => compileAsn1(module(`T ::= ${all}`))).toThrow('all FROM together');
  });

  test('many types are not many more when each is used by two others', () => {
    const pairs = repeated(60, (i) => `T${i} ::= SEQUENCE { a T${i + 1}, b T${i + 1} OPTIONAL }`);
    const text = printTypeScript(module(`T ::= T0 ${pairs} T60 ::= NULL`));
    expect(text.length).toBeLessThan(10_000);
  });

  test('values are defined through up to 100 others', () => {
    const chain = (length: number): string =>
      `T ::= INTEGER (0..v${length}) v0 INTEGER ::= 5 ` +
      Array.from({ length }, (_, i) => `v${i + 1} INTEGER ::= v${i}`).join(' ');
    compiles(chain(100));
    expect(() => compileAsn1(module(chain(101)))).toThrow('is defined through itself');
  });
});

describe('names', () => {
  test('of types and values are found, constraints on the way add up', () => {
    const body =
      'low INTEGER ::= 1 T ::= SEQUENCE { a Word (low..high) } Word ::= INTEGER (0..65535) high INTEGER ::= 300';
    expect(bytes(body, { a: 300 })).toBe('012c');
    expect(bytes('T ::= U U ::= V V ::= OCTET STRING (SIZE (1))', hex('01'))).toBe('01');
    expect(
      bytes('T ::= S (SIZE (2)) S ::= IA5String (FROM ("a" | dot)) dot IA5String ::= "."', 'a.'),
    ).toBe('612e');
    expect(bytes('T ::= U (SIZE (1)) U ::= SEQUENCE OF BOOLEAN', [true])).toBe('0101ff');
    expect(() => bytes('T ::= U (SIZE (2)) U ::= SEQUENCE OF BOOLEAN', [true])).toThrow('TOO_LONG');
  });

  test('of values in a constraint are those of the module that it is written in', () => {
    const a = module('IMPORTS U FROM B; max INTEGER ::= 5 T ::= U (0..max)', 'A');
    const b = module('U ::= INTEGER (0..max) max INTEGER ::= 300', 'B');
    const schemas = compileAsn1(a, b);
    expect(toHex(schemas.get('T')?.encode(5) ?? hex(''))).toBe('05');
    expect(toHex(schemas.get('U')?.encode(5) ?? hex(''))).toBe('0005');
  });

  test('of other modules are imported; two modules may have the same name', () => {
    const a = module('IMPORTS U, W FROM B; T ::= SEQUENCE { u U }', 'A');
    const b = module('T ::= NULL U ::= SEQUENCE { v V } V ::= BOOLEAN W ::= NULL', 'B');
    const schemas = compileAsn1(a, b);
    expect([...schemas.keys()].sort()).toEqual(['A.T', 'B.T', 'U', 'V', 'W']);
    expect(toHex(schemas.get('A.T')?.encode({ u: { v: true } }) ?? hex(''))).toBe('ff');
  });

  test('may be of a type that contains itself', () => {
    expect(
      bytes('T ::= SEQUENCE { children SEQUENCE OF T }', { children: [{ children: [] }] }),
    ).toBe('01010100');
    expect(() => printTypeScript(module('T ::= SEQUENCE OF T'))).toThrow('contains itself');
  });
});

describe('classes and object sets', () => {
  const body =
    'C ::= CLASS { &id INTEGER (0..9) UNIQUE, &Type } WITH SYNTAX { &id &Type } ' +
    'S C ::= { { one BOOLEAN } | { 2 NULL } } one INTEGER ::= 1 ' +
    'T ::= SEQUENCE { id C.&id ({S}), n INTEGER (0..9), body C.&Type ({S}{@id}) }';

  test('choose a type by an id', () => {
    expect(bytes(body, { id: 1, n: 5, body: true })).toBe('010501ff');
    expect(bytes(body, { id: 2, n: 5, body: null })).toBe('020500');
    expect(printTypeScript(module(body))).toContain(
      'export const T = sequenceByTable({ components: { id: integer(0, 9), n: integer(0, 9) }, ' +
        'id: "id", data: "body" }, { 1: boolean(), 2: nullType() });',
    );
  });

  test('that are extensible keep the bytes of other ids', () => {
    const open = body.replace('{ 2 NULL } }', '{ 2 NULL }, ..., { 3 BOOLEAN } }');
    expect(bytes(open, { id: 3, n: 5, body: true })).toBe('030501ff');
    expect(bytes(open, { id: 4, n: 5, body: hex('abcd') })).toBe('040502abcd');
    expect(
      bytes(body.replace(/::= \{ .* NULL \} \}/, '::= { ... }'), { id: 1, n: 0, body: hex('') }),
    ).toBe('010000');
    expect(() => compileAsn1(module(body.replace('{ 2 NULL }', '..., ...')))).toThrow(
      'second extension marker',
    );
  });

  test('choose it at the end of a SEQUENCE only', () => {
    const misplaced = body.replace(/n INTEGER[^,]*, body (.*) \}/, 'body $1, n NULL }');
    expect(() => compileAsn1(module(misplaced))).toThrow('stands at the end');
    expect(() =>
      compileAsn1(module(body.replace(' }$', ', ... }').replace('{@id}) }', '{@id}), ... }'))),
    ).toThrow('not supported');
  });
});

describe('TypeScript', () => {
  test('reads like the module', () => {
    const text = printTypeScript(
      module(
        'My-Type ::= SEQUENCE { my-key BOOLEAN OPTIONAL, n INTEGER (MIN..5) DEFAULT 3, s IA5String (FROM ("\'")) }',
      ),
    );
    expect(text).toBe(
      [
        'import {',
        '  boolean,',
        '  ia5String,',
        '  integer,',
        '  optional,',
        '  sequence,',
        '  withDefault,',
        '  type Infer,',
        "} from '@pennyswitch/oer-codec';",
        '',
        '/** My-Type (M) */',
        'export const My_Type = sequence({ "my-key": optional(boolean()), ' +
          'n: withDefault(integer(undefined, 5n), 3n), s: ia5String({ from: "\'" }) });',
        'export type My_Type = Infer<typeof My_Type>;',
        '',
      ].join('\n'),
    );
  });

  test('has bounds as the module has them', () => {
    const text = printTypeScript(
      module(
        'T ::= SEQUENCE { a OCTET STRING (SIZE (0..2)), b IA5String (SIZE (1..2)), c INTEGER (5..MAX) }',
      ),
    );
    expect(text).toContain(
      'sequence({ a: octetString({ max: 2 }), b: ia5String({ size: { min: 1, max: 2 } }), c: integer(5n) })',
    );
  });

  test('has one name for one type', () => {
    expect(() => printTypeScript(module('T ::= NULL', 'A'), module('T ::= NULL', 'B'))).toThrow(
      'defined in two modules',
    );
    expect(
      printTypeScript(module('A ::= SEQUENCE { x B, y B } B ::= CHOICE { a NULL }')).split(
        'const B',
      ),
    ).toHaveLength(2);
  });
});

test('DEFAULTs are printed', () => {
  const text = printTypeScript(
    module(
      "T ::= SEQUENCE { a OCTET STRING DEFAULT '0102'H, b SEQUENCE OF NULL DEFAULT {}, c NULL DEFAULT NULL }",
    ),
  );
  expect(text).toContain(
    'sequence({ a: withDefault(octetString(), Uint8Array.of(1, 2)), ' +
      'b: withDefault(sequenceOf(nullType()), []), c: withDefault(nullType(), null) })',
  );
});

describe('comments', () => {
  test('end at two hyphens, at the end of the line, or where they say', () => {
    const body = 'T -- a type -- ::= -- of\n /* some\n lines */ INTEGER (0..255) -- bytes';
    expect(bytes(`${body}\n`, 1)).toBe('01');
  });

  test('may have others within them (X.680 12.6.4)', () => {
    const body = '/* T ::= /* a /* b */ **/ NULL */ T ::= /**//*/ -- */ BOOLEAN /* "*/';
    expect(bytes(body, true)).toBe('ff');
    for (const open of ['/* /* */ T ::= NULL', 'T ::= NULL /*', 'T ::= NULL\n\n/* NULL *']) {
      expect(() => compileAsn1(open)).toThrow(/^line (1|3): a comment does not end$/);
    }
  });
});

describe('tags', () => {
  const wrap = (tags: string, body: string): string =>
    `M DEFINITIONS ${tags} ::= BEGIN ${body} END`;
  const encoded = (source: string, value: unknown): string => {
    const schema = compileAsn1(source).get('T');
    const octets = schema?.encode(value) ?? new Uint8Array(0);
    expect(schema?.decodeStrict(octets)).toEqual(value);
    return toHex(octets);
  };

  test('that are written out stand before the alternatives of a CHOICE (X.696 20, 8.7)', () => {
    const body =
      'T ::= CHOICE { a [5] BOOLEAN, b [APPLICATION 63] IMPLICIT NULL, c [PRIVATE 1] EXPLICIT NULL }';
    for (const tags of ['AUTOMATIC TAGS', 'EXPLICIT TAGS', 'IMPLICIT TAGS', '']) {
      expect(encoded(wrap(tags, body), { type: 'a', value: true })).toBe('85ff');
      expect(encoded(wrap(tags, body), { type: 'b', value: null })).toBe('7f3f');
      expect(encoded(wrap(tags, body), { type: 'c', value: null })).toBe('c1');
    }
  });

  test.each([
    ['BOOLEAN', true, '01ff'],
    ['INTEGER (0..9)', 7, '0207'],
    ['BIT STRING (SIZE (8))', { bytes: hex('aa'), length: 8 }, '03aa'],
    ['OCTET STRING (SIZE (1))', hex('aa'), '04aa'],
    ['NULL', null, '05'],
    ['OBJECT IDENTIFIER', '1.2', '06012a'],
    ['REAL (WITH COMPONENTS { mantissa (-1..1), base (2), exponent (0..9) })', 1, '093f800000'],
    ['UTCTime', '260101000000Z', `170d${toHex(new TextEncoder().encode('260101000000Z'))}`],
    [
      'GeneralizedTime',
      { epochMs: 0, leapSecond: false },
      `180f${toHex(new TextEncoder().encode('19700101000000Z'))}`,
    ],
    ['ENUMERATED { x }', 'x', '0a00'],
    ['UTF8String', 'a', '0c0161'],
    ['RELATIVE-OID', '1', '0d0101'],
    ['SEQUENCE { }', {}, '10'],
    ['SEQUENCE OF NULL', [], '100100'],
    ['SET { }', {}, '11'],
    ['SET OF NULL', [null], '110101'],
    ['NumericString', '1', '120131'],
    ['PrintableString', 'a', '130161'],
    ['IA5String', 'a', '160161'],
    ['VisibleString', 'a', '1a0161'],
    ['UniversalString (SIZE (1))', 'a', '1c00000061'],
    ['BMPString (SIZE (1))', 'a', '1e0061'],
    ['Tagged', true, '47ff'],
    ['Named', null, '05'],
    ['[3] Tagged', true, '83ff'],
  ])('of %s without AUTOMATIC TAGS are those of the type', (type, value, text) => {
    const body = `T ::= CHOICE { a ${type} } Tagged ::= [APPLICATION 7] BOOLEAN Named ::= NULL`;
    expect(encoded(wrap('', body), { type: 'a', value })).toBe(text);
  });

  test('order the components of a SET (X.696 18), not those of a SEQUENCE', () => {
    const components =
      '{ a [PRIVATE 0] Byte, b [2] Byte, c [1] Byte, d [APPLICATION 9] Byte, e Byte } Byte ::= INTEGER (0..9)';
    const value = { a: 1, b: 2, c: 3, d: 4, e: 5 };
    expect(encoded(wrap('', `T ::= SET ${components}`), value)).toBe('0504030201');
    expect(encoded(wrap('', `T ::= SEQUENCE ${components}`), value)).toBe('0102030405');
    expect(
      encoded(wrap('AUTOMATIC TAGS', 'T ::= SET { b BOOLEAN, a INTEGER (0..9) }'), {
        b: true,
        a: 1,
      }),
    ).toBe('ff01');
  });

  test('of two components of a SET differ, those of a SEQUENCE may not (X.680 27.3)', () => {
    const same = '{ a NULL, b Byte, c NULL } Byte ::= INTEGER (0..9)';
    expect(() => compileAsn1(wrap('', `T ::= SET ${same}`))).toThrow(
      'line 1: two components of a SET have one tag',
    );
    expect(encoded(wrap('', `T ::= SEQUENCE ${same}`), { a: null, b: 1, c: null })).toBe('01');
    const classes = '{ a [1] NULL, b [APPLICATION 1] NULL, c BOOLEAN }';
    expect(encoded(wrap('', `T ::= SET ${classes}`), { a: null, b: null, c: true })).toBe('ff');
  });

  test('of two alternatives differ, and a CHOICE within one has to have one', () => {
    expect(() => compileAsn1(wrap('', 'T ::= CHOICE { a NULL, b NULL }'))).toThrow(
      'two alternatives of a CHOICE have one tag',
    );
    expect(() => compileAsn1(wrap('', 'T ::= CHOICE { a CHOICE { b NULL } }'))).toThrow(
      'needs a tag here',
    );
  });

  test('are printed', () => {
    const text = printTypeScript(wrap('', 'T ::= CHOICE { a [5] NULL, ..., b NULL }'));
    expect(text).toContain(
      'extensibleChoice({ a: { schema: nullType(), tag: { number: 5 } }, ' +
        'b: { schema: nullType(), tag: { number: 5, class: "universal" }, extension: true } })',
    );
  });
});

test('identifiers of modules and EXPORTS are read over', () => {
  const source =
    'M { iso(1) 2 } DEFINITIONS AUTOMATIC TAGS ::= BEGIN EXPORTS T, U; IMPORTS U FROM N { iso 3 }; T ::= U END ' +
    'N DEFINITIONS AUTOMATIC TAGS ::= BEGIN U ::= BOOLEAN END';
  expect(compileAsn1(source).get('T')?.encode(true)).toEqual(hex('ff'));
});

describe('what is wrong is said with its line', () => {
  const wrong: readonly (readonly [source: string, message: string])[] = [
    ['M DEFINITIONS AUTOMATIC ::= BEGIN END', 'line 1: expected ::=, found AUTOMATIC'],
    [module('\n\nT ::= SEQUENCE { a BOOLEAN'), 'line 3: expected ,, found END'],
    [module('T ::= U'), 'line 1: U is neither defined in M nor imported'],
    [module('IMPORTS U FROM N; T ::= U'), 'U is imported from N, which is not there'],
    [
      `${module('IMPORTS U FROM N; T ::= U')} ${module('V ::= NULL', 'N')}`,
      'U is imported from N, which does not define it',
    ],
    [module('T ::= ENUMERATED { a, b, ..., c(0) }'), 'used twice'],
    [module('T ::= INTEGER (0..5 | SIZE (1))'), 'only values of one kind'],
    [module('T ::= INTEGER ((0..5) ^ (1..2) | 4)'), 'only values of one kind'],
    [module('T ::= INTEGER (0<..1 | 5) (6..9)'), 'an INTEGER from 6 to 5 has no values'],
    [module('T ::= IA5String (FROM ("a") ^ FROM ("b"))'), 'FROM has no characters'],
    [module('T ::= IA5String (FROM ("a"<.."b"<)'), 'expected )'],
    [module('T ::= IA5String (FROM ("a"<..<"b"))'), 'FROM has a range without characters'],
    [module('T ::= SEQUENCE { a BOOLEAN DEFAULT {} }'), 'this DEFAULT is not supported'],
    [module("T ::= SEQUENCE { a BOOLEAN DEFAULT '01'B }"), 'this DEFAULT is not supported'],
    [module('T ::= SEQUENCE { a NULL DEFAULT MAX }'), 'this DEFAULT is not supported'],
    [module('T ::= SEQUENCE { a SEQUENCE { b NULL } DEFAULT {} }'), 'the component is missing'],
    [module("T ::= OCTET STRING DEFAULT 'a'H"), 'is no token'],
    [module('T ::= BOOLEAN %'), 'line 1: "% END" is no token'],
    [module('T ::= 5'), 'expected a word, found 5'],
    [module('T ::= REAL'), 'a REAL needs the mantissa'],
    [module('T ::= INTEGER (0.."a")'), 'line 1: expected a number'],
    [module('\n\nT ::= INTEGER (0.."a")'), 'line 3: expected a number'],
    [module('T ::= BOOLEAN %2345678901'), 'line 1: "%234567890" is no token'],
    ...[
      'mantissa (0..9007199254740992), base (2), exponent (0)',
      'mantissa (-9007199254740992..0), base (2), exponent (0)',
      'mantissa (0..MAX), base (2), exponent (0)',
      'mantissa (MIN..0), base (2), exponent (0)',
      'mantissa (0), base (10), exponent (0)',
      'mantissa (0), base (1..2), exponent (0)',
      'mantissa (0), base (2..3), exponent (0)',
      'mantissa (0), base (2), exponent (0..972)',
      'mantissa (0), base (2), exponent (-1076..0)',
      'mantissa (0), base (2)',
      'mantissa (0), exponent (0)',
      'base (2), exponent (0)',
    ].map((text): [string, string] => [
      module(`T ::= REAL (WITH COMPONENTS { ${text} })`),
      'line 1: a REAL needs the mantissa, the base and the exponents of',
    ]),
    [module('T ::= IA5String (FROM ("b".."a"))'), 'FROM has a range without characters'],
    [module('T ::= IA5String (FROM (5))'), 'expected characters'],
    [module('T ::= SEQUENCE { a NULL, ..., ..., b NULL, ... }'), 'a third extension marker'],
    [module('T ::= SEQUENCE { [[ a NULL ]] }'), 'a group stands behind the extension marker'],
    [module('T ::= SEQUENCE { a NULL, ..., ..., [[ b NULL ]] }'), 'a group stands behind'],
    [module('T ::= SEQUENCE { a SEQUENCE { } DEFAULT 5 }'), 'this DEFAULT is not supported'],
    [module('T ::= U (SIZE (1)) U ::= U'), 'is itself'],
    [
      module('C ::= CLASS { &Type, &Other } WITH SYNTAX { &Type &Other }'),
      'a value field and a type field',
    ],
    [module('T ::= BOOLEAN').slice(0, -3), 'expected a word, found the end of the text'],
    ['M { iso', 'the text ends too soon'],
    [module('T ::= NULL T ::= NULL'), 'T is defined twice'],
    [module('IMPORTS T FROM N; T ::= NULL'), 'T is defined twice'],
    [`${module('T ::= NULL')} ${module('U ::= NULL')}`, 'line 1: two modules have the same name'],
    [module('T ::= SEQUENCE { a NULL, a NULL }'), 'two components are called a'],
    [
      module('T ::= SEQUENCE { a NULL, ..., a NULL }'),
      'two components of a SEQUENCE have one name',
    ],
    [module('T ::= CHOICE { a NULL, ..., [[ a NULL ]] }'), 'two components are called a'],
    [module('T ::= CHOICE { }'), 'a CHOICE has an alternative'],
    [module('T ::= ENUMERATED { a, a }'), 'two names of an ENUMERATED are the same'],
    [module('T ::= ENUMERATED { a(1), b(1) }'), 'used twice'],
    [module('T ::= INTEGER (5..2)'), 'an INTEGER from 5 to 2 has no values'],
    [module('T ::= OCTET STRING (SIZE (5..2))'), 'a size from 5 to 2 is none'],
    [module('T ::= OCTET STRING (SIZE (-1))'), 'a size from -1 to -1 is none'],
    [module('T ::= IA5String (FROM ("z".."a"))'), 'FROM has a range without characters'],
    [module('T ::= A A ::= T'), 'is itself'],
    [module('T ::= INTEGER (0..a) a INTEGER ::= b b INTEGER ::= a'), 'is defined through itself'],
    [module('T ::= SEQUENCE { a INTEGER (0..5) DEFAULT 6 }'), '6 is no INTEGER (0..5)'],
    [
      module(
        'C ::= CLASS { &id INTEGER, &Type } WITH SYNTAX { &id &Type } S C ::= { { 1 NULL } | { 1 NULL } } ' +
          'T ::= SEQUENCE { id C.&id ({S}), body C.&Type ({S}{@id}) }',
      ),
      'two objects of S have one id',
    ],
    [
      module(
        'C ::= CLASS { &id INTEGER, &Type } WITH SYNTAX { &id &Type } S C ::= { { MAX NULL } } ' +
          'T ::= SEQUENCE { id C.&id ({S}), body C.&Type ({S}{@id}) }',
      ),
      'an id is a number',
    ],
    ...[
      ['SEQUENCE { id C.&id ({S}), body C.&Type ({S}{@id}) OPTIONAL }', 'a chosen type is not'],
      ['SEQUENCE { id C.&id ({S}), body C.&Type ({S}{@id}), ... }', 'a chosen type is not'],
      ['SET { id C.&id ({S}), body C.&Type ({S}{@id}) }', 'a chosen type is not'],
      ['SEQUENCE { id C.&id ({S}), body C.&Type ({S}{@it}) }', 'body is chosen by what'],
      ['SEQUENCE { id C.&id ({S}) OPTIONAL, body C.&Type ({S}{@id}) }', 'body is chosen by what'],
      ['SEQUENCE { body C.&Type ({S}{@body}) }', 'body is chosen by what'],
      ['SEQUENCE { id C.&id ({S}), id C.&Type ({S}{@id}) }', 'two components are called id'],
    ].map(([type = '', message = '']): [string, string] => [
      module(
        `T ::= ${type} C ::= CLASS { &id INTEGER, &Type } WITH SYNTAX { &id &Type } S C ::= { { 1 NULL } }`,
      ),
      message,
    ]),
    [module(`T ::= ${'SEQUENCE OF '.repeat(100_000)}NULL`), 'nested deeper than 64'],
    [module(`T ::= ${'['.repeat(1000)}`), 'expected a number'],
    [module(`T ::= ${'[1] '.repeat(100_000)} NULL`), 'expected a word'],
    [module(`T ::= INTEGER (${'('.repeat(100_000)}`), 'nested deeper than 64'],
    [' '.repeat(2 ** 21 + 1), 'line 1: a module of more than 2097152 characters'],
    ['a'.repeat(2 ** 21), 'expected DEFINITIONS'],
    ['-a'.repeat(2 ** 20), 'is no token'],
    ['"'.repeat(2 ** 21), 'expected a word'],
    ['/*'.repeat(2 ** 20), 'a comment does not end'],
    [
      module(
        Array.from({ length: 5000 }, (_, i) => `T${i} ::= SEQUENCE OF T${i + 1}`).join(' ') +
          ' T5000 ::= NULL',
      ),
      'defined through more than 256 others',
    ],
  ];
  const titled = wrong.map((row) => [row[0].slice(0, 100), ...row] as const);
  test.each(titled)('%j', (_, source, message) => {
    expect(() => compileAsn1(source)).toThrow(Asn1SyntaxError);
    expect(() => compileAsn1(source)).toThrow(message);
  });

  test('whatever the text', () => {
    const word = fc.constantFrom(
      ...'M DEFINITIONS AUTOMATIC TAGS ::= BEGIN END T U SEQUENCE OF { } ( ) INTEGER 5 -1 .. ... , | SIZE CHOICE a &x CLASS @ " --'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.boolean(), (words, whole) => {
        const text = words.join(' ');
        try {
          compileAsn1(whole ? module(text) : text);
        } catch (error) {
          if (!(error instanceof Asn1SyntaxError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  // Quadratic time would make it 32.
  test.each<[string, (size: number) => string]>([
    ['types', (size) => repeated(size, (i) => `T${i} ::= SEQUENCE { a INTEGER (0..9) }`)],
    ['types that are others', (size) => repeated(size, (i) => `T${i} ::= T${i & -256}x`)],
    ['components', (size) => `T ::= SEQUENCE { ${repeated(size, (i) => `a${i} NULL,`)} b NULL }`],
    ['alternatives', (size) => `T ::= CHOICE { ${repeated(size, (i) => `a${i} NULL,`)} ... }`],
    ['hyphens', (size) => '-'.repeat(4 * size)],
    ['digits', (size) => `T ::= OCTET STRING DEFAULT '${'0'.repeat(4 * size)}`],
  ])('is found in linear time: many %s', (_, body) => {
    const parse = (size: number): (() => void) => {
      const source = module(body(size));
      return () => {
        try {
          parseAsn1(source);
        } catch (error) {
          if (!(error instanceof Asn1SyntaxError)) throw error;
        }
      };
    };
    expect(growth(32, 12, parse(1 << 7), parse(1 << 12))).toBeLessThan(12);
  });

  test('parsing gives what the module says', () => {
    const [first] = parseAsn1(module('v INTEGER ::= 5 T ::= NULL'));
    expect(first?.name).toBe('M');
    expect([...(first?.types.keys() ?? [])]).toEqual(['T']);
    expect([...(first?.values.keys() ?? [])]).toEqual(['v']);
  });
});
