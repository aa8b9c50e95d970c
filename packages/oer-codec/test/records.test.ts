/**
 * Whole modules, spelled out octet by octet from the clauses of X.696: the personnel record that the ASN.1 documents share
 * as their example, and what extensions do to it.
 */
import { describe, expect, test } from 'vitest';
import { compileAsn1 } from '../src/asn1/index.js';
import type { Schema } from '../src/index.js';
import { hex, toHex } from './hex.js';

/** A text with its length determinant (X.696 8.6, 27). */
const text = (value: string): string => toHex(Uint8Array.of(value.length)) + ascii(value);
const ascii = (value: string): string => toHex(new TextEncoder().encode(value));

function schemaOf(source: string, name: string): Schema<unknown> {
  const schema = compileAsn1(source).get(name);
  if (schema === undefined) throw new Error(`no ${name}`);
  return schema;
}

function holds(schema: Schema<unknown>, value: unknown, ...parts: string[]): void {
  const bytes = hex(parts.join(''));
  expect(toHex(schema.encode(value))).toBe(toHex(bytes));
  expect(schema.decodeStrict(bytes)).toEqual(value);
}

const JOHN = { givenName: 'John', initial: 'P', familyName: 'Smith' };
const MARY = { givenName: 'Mary', initial: 'T', familyName: 'Smith' };
const RALPH = { givenName: 'Ralph', initial: 'T', familyName: 'Smith' };
const SUSAN = { givenName: 'Susan', initial: 'B', familyName: 'Jones' };

describe('the personnel record of X.690 annex A and X.691 annex A, in OER', () => {
  const record = schemaOf(
    `Personnel DEFINITIONS ::= BEGIN
       PersonnelRecord ::= [APPLICATION 0] IMPLICIT SET {
         name Name,
         title [0] VisibleString,
         number EmployeeNumber,
         dateOfHire [1] Date,
         nameOfSpouse [2] Name,
         children [3] IMPLICIT SEQUENCE OF ChildInformation DEFAULT {}
       }
       ChildInformation ::= SET { name Name, dateOfBirth [0] Date }
       Name ::= [APPLICATION 1] IMPLICIT SEQUENCE {
         givenName VisibleString, initial VisibleString, familyName VisibleString
       }
       EmployeeNumber ::= [APPLICATION 2] IMPLICIT INTEGER
       Date ::= [APPLICATION 3] IMPLICIT VisibleString -- YYYYMMDD
     END`,
    'PersonnelRecord',
  );
  const head = [
    text('John') + text('P') + text('Smith'), // APPLICATION 1 stands first in a SET (X.696 18, X.680 8.6),
    '0133', // then APPLICATION 2 (X.696 10.4 e: no bounds, a length and the number),
    text('Director'), // then the context tags: 0,
    text('19710917'), // 1,
    text('Mary') + text('T') + text('Smith'), // 2 and 3.
  ];
  const value = {
    name: JOHN,
    title: 'Director',
    number: 51n,
    dateOfHire: '19710917',
    nameOfSpouse: MARY,
  };

  test('with children (X.696 16: a preamble with their bit; 17: their number before them)', () => {
    const children = [
      { name: RALPH, dateOfBirth: '19571111' },
      { name: SUSAN, dateOfBirth: '19590717' },
    ];
    holds(
      record,
      { ...value, children },
      '80',
      ...head,
      '0102',
      text('Ralph') + text('T') + text('Smith') + text('19571111'),
      text('Susan') + text('B') + text('Jones') + text('19590717'),
    );
  });

  test('without: an empty list is the DEFAULT, which is not sent', () => {
    holds(record, { ...value, children: [] }, '00', ...head);
    const sent = hex(['80', ...head, '0100'].join(''));
    expect(record.decode(sent)).toEqual({ ...value, children: [] });
    expect(() => record.decodeStrict(sent)).toThrow('NON_CANONICAL at byte 47 in children');
  });
});

describe('the same with constraints and extensions (X.691 annex A.3), in OER', () => {
  const record = schemaOf(
    `Personnel DEFINITIONS AUTOMATIC TAGS ::= BEGIN
       PersonnelRecord ::= [APPLICATION 0] IMPLICIT SET {
         name Name,
         title [0] VisibleString,
         number EmployeeNumber,
         dateOfHire [1] Date,
         nameOfSpouse [2] Name,
         children [3] IMPLICIT SEQUENCE (SIZE (2, ...)) OF ChildInformation OPTIONAL,
         ...
       }
       ChildInformation ::= SET {
         name Name,
         dateOfBirth [0] Date,
         ...,
         sex [1] IMPLICIT ENUMERATED { male(1), female(2), unknown(3) } OPTIONAL
       }
       Name ::= [APPLICATION 1] IMPLICIT SEQUENCE {
         givenName NameString, initial NameString (SIZE (1)), familyName NameString, ...
       }
       EmployeeNumber ::= [APPLICATION 2] IMPLICIT INTEGER (0..9999, ...)
       Date ::= [APPLICATION 3] IMPLICIT VisibleString (FROM ("0".."9") ^ SIZE (8, ..., 9..20))
       NameString ::= VisibleString (FROM ("a".."z" | "A".."Z" | "-.") ^ SIZE (1..64, ...))
     END`,
    'PersonnelRecord',
  );
  // No length before a string of one size (X.696 27); a length before one whose size may grow (8.2.3), nor do bounds count
  // that may (10).
  const name = (first: string, initial: string, last: string): string =>
    `00${text(first)}${ascii(initial)}${text(last)}`;
  const value = {
    name: JOHN,
    title: 'Director',
    number: 51n,
    dateOfHire: '19710917',
    nameOfSpouse: MARY,
    children: [
      { name: RALPH, dateOfBirth: '19571111' },
      { name: SUSAN, dateOfBirth: '19590717', sex: 'female' },
    ],
  };
  const parts = [
    '40', // no additions, children
    name('John', 'P', 'Smith'),
    '0133',
    text('Director'),
    text('19710917'),
    name('Mary', 'T', 'Smith'),
    '0102',
    `00${name('Ralph', 'T', 'Smith')}${text('19571111')}`,
    `80${name('Susan', 'B', 'Jones')}${text('19590717')}`,
    '0207 80 0102', // one addition, seven bits unused, which is there: an open type of one byte
  ];

  test('as this version writes it', () => {
    holds(record, value, ...parts);
    expect(() => record.encode({ ...value, name: { ...JOHN, initial: 'PP' } })).toThrow(
      'TOO_LONG in name.initial',
    );
    expect(() => record.encode({ ...value, dateOfHire: '1971-9-7' })).toThrow(
      'BAD_TEXT in dateOfHire',
    );
  });

  test('additions of a later version are skipped, and what follows is read, strictly too', () => {
    const later = [...parts];
    later[0] = 'c0';
    later[7] = `80${name('Ralph', 'T', 'Smith')}${text('19571111')} 0206 40 03 aabbcc`;
    const bytes = hex(`${later.join('')} 0206 c0 00 8180 ${'ee'.repeat(128)}`);
    expect(record.decode(bytes)).toEqual(value);
    expect(record.decodeStrict(bytes)).toEqual(value);
    expect(() => record.decode(bytes.subarray(0, -1))).toThrow('TRUNCATED');
  });
});

describe('what other implementations of X.696 write', () => {
  const module = (body: string): string => `M DEFINITIONS AUTOMATIC TAGS ::= BEGIN ${body} END`;

  // Facts from the tests of asn1tools (tests/test_oer.py) and rasn (tests/extension_group.rs).
  test.each([
    ['INTEGER', 100_000n, '030186a0'],
    ['INTEGER', -1_234_567n, '03ed2979'],
    ['INTEGER (-32768..32767)', -2, 'fffe'],
    ['INTEGER (0..18446744073709551616)', 1n, '0101'],
    ['BIT STRING', { bytes: hex('40'), length: 4 }, '020440'],
    ['BIT STRING (SIZE (9))', { bytes: hex('1280'), length: 9 }, '1280'],
    ['BIT STRING (SIZE (9, ...))', { bytes: hex('1280'), length: 9 }, '03071280'],
    ['BIT STRING (SIZE (5..7))', { bytes: hex('34'), length: 6 }, '020234'],
    ['OCTET STRING (SIZE (3, ...))', hex('123456'), '03123456'],
    ['OBJECT IDENTIFIER', '1.2.3321', '032a9979'],
    ['ENUMERATED { a(128) }', 'a', '820080'],
    ['ENUMERATED { a(-1), b(1234) }', 'a', '81ff'],
    ['ENUMERATED { a(-1), b(1234) }', 'b', '8204d2'],
    ['SEQUENCE { a INTEGER DEFAULT 0 }', { a: 1n }, '800101'],
    ['SEQUENCE { a BOOLEAN, ..., [[ b BOOLEAN ]] }', { a: true, b: true }, '80ff02078001ff'],
    [
      'SEQUENCE { b1 BOOLEAN, ..., [[ b2 BOOLEAN OPTIONAL ]], [[ b3 BOOLEAN OPTIONAL ]] }',
      { b1: true, b3: true },
      '80ff0206400280ff',
    ],
    [
      'SET { a [444] INTEGER, b [5] INTEGER, c [APPLICATION 5] INTEGER }',
      { a: 5n, b: 6n, c: 7n },
      '010701060105',
    ],
    ['SEQUENCE OF INTEGER', [1n, 2n], '010201010102'],
    ['CHOICE { a BOOLEAN, ..., b BOOLEAN, c INTEGER }', { type: 'c', value: 1000n }, '82030203e8'],
    [
      'CHOICE { a CHOICE { a [3] INTEGER } }',
      { type: 'a', value: { type: 'a', value: 150n } },
      '8083020096',
    ],
    ['NumericString (SIZE (3))', '123', '313233'],
    ['VisibleString (SIZE (3..7))', 'foo', '03666f6f'],
    // asn1tools leaves the length out here. The size counts characters, so that X.696 27 wants it.
    ['UTF8String (SIZE (3))', 'foo', '03666f6f'],
  ])('%s', (type, value, bytes) => {
    holds(schemaOf(module(`T ::= ${type}`), 'T'), value, bytes);
  });
});
