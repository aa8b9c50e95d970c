import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asciiSlice, isAscii, OerReader, OerWriter, utf8Length } from '../src/index.js';
import { hex, read, refused, toHex, unwritable, written } from './hex.js';

const utf8 = (reader: OerReader): string => reader.readVarUtf8();
const ascii = (reader: OerReader): string => reader.readVarAscii();

describe('RFC 0030 "ILP Address", Examples', () => {
  test.each([
    ['example.top.middle.lower', '18657861 6D706C65 2E746F70 2E6D6964 646C652E 6C6F7765 72'],
    [
      'example.very.long.address.to.exceed.127.characters.and.trigger.a.long.form.length.determinant.to.show.how.that.works.great.as.well',
      '81826578 616D706C 652E7665 72792E6C 6F6E672E 61646472 6573732E 746F2E65 78636565 642E3132' +
        '372E6368 61726163 74657273 2E616E64 2E747269 67676572 2E612E6C 6F6E672E 666F726D 2E6C656E' +
        '6774682E 64657465 726D696E 616E742E 746F2E73 686F772E 686F772E 74686174 2E776F72 6B732E67' +
        '72656174 2E61732E 77656C6C',
    ],
  ])('%s', (text, bytes) => {
    expect(written((writer) => writer.writeVarAscii(text))).toBe(toHex(hex(bytes)));
    expect(read(bytes, ascii, { strict: true })).toBe(text);
  });
});

describe('UTF-8', () => {
  test.each([
    ['', '00'],
    ['a', '0161'],
    ['\0', '0100'],
    ['é', '02c3a9'],
    ['€', '03e282ac'],
    ['𝄞', '04f09d849e'],
    ['\uFEFFa', '04efbbbf61'],
    ['\u007f\u0080', '037fc280'],
    ['\u07ff\u0800', '05dfbfe0a080'],
    ['\ud7ff\ue000\uffff', '09ed9fbfee8080efbfbf'],
    ['\u{10000}\u{10ffff}', '08f0908080f48fbfbf'],
  ])('%j is %s', (text, bytes) => {
    expect(written((writer) => writer.writeVarUtf8(text))).toBe(bytes);
    expect(read(bytes, utf8)).toBe(text);
    expect(utf8Length(text)).toBe(bytes.length / 2 - 1);
  });

  test('reads back every text, long ones too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const writer = new OerWriter();
        writer.writeVarUtf8(text);
        expect(new OerReader(writer.finish()).readVarUtf8()).toBe(text);
      }),
    );
  });

  test.each([
    ['an overlong form', '02c0af'],
    ['an overlong form of three bytes', '03e080af'],
    ['a surrogate', '03eda080'],
    ['a code point above 10FFFF', '04f4908080'],
    ['a byte that continues nothing', '0180'],
    ['a character cut off', '02e282'],
    ['a byte that UTF-8 never has', '01ff'],
    ['a bad byte behind 32 good ones', `21${'61'.repeat(32)}80`],
  ])('%s is BAD_TEXT', (_, bytes) => {
    expect(refused(bytes, utf8)).toBe('BAD_TEXT');
  });

  test.each(['\ud800', 'a\udc00', '\ud800\ud800', '\ud800a', '\udc00\ud800'])(
    'the lone surrogate in %j is not written',
    (text) => {
      expect(utf8Length(text)).toBe(-1);
      expect(unwritable((writer) => writer.writeVarUtf8(text))).toBe('BAD_TEXT');
    },
  );

  test('is bounded in bytes: at the limit and one over', () => {
    expect(read('02c3a9', (reader) => reader.readVarUtf8(2))).toBe('é');
    expect(refused('02c3a9', (reader) => reader.readVarUtf8(1))).toBe('TOO_LONG');
  });

  test('of 32 and of 33 bytes takes either path to the same text', () => {
    for (const length of [31, 32, 33, 127, 128]) {
      const text = 'x'.repeat(length);
      expect(
        read(
          written((writer) => writer.writeVarUtf8(text)),
          utf8,
        ),
      ).toBe(text);
    }
  });
});

describe('ASCII (IA5String)', () => {
  test('goes from 00 to 7F', () => {
    const all = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i));
    expect(
      read(
        written((writer) => writer.writeVarAscii(all)),
        ascii,
      ),
    ).toBe(all);
    expect(isAscii(all)).toBe(true);
    expect(refused('0180', ascii)).toBe('BAD_TEXT');
    expect(refused('0261ff', ascii)).toBe('BAD_TEXT');
  });

  test.each(['\u0080', 'a\u0161', '\uffff'])(
    'refuses to write %j, where npm oer-utils writes another character',
    (text) => {
      expect(isAscii(text)).toBe(false);
      expect(unwritable((writer) => writer.writeVarAscii(text))).toBe('BAD_TEXT');
      expect(unwritable((writer) => writer.writeAscii(text))).toBe('BAD_TEXT');
    },
  );

  test('of fixed length has no length determinant', () => {
    expect(read('463030', (reader) => reader.readAscii(3))).toBe('F00');
    expect(written((writer) => writer.writeAscii('F00'))).toBe('463030');
    expect(refused('4630', (reader) => reader.readAscii(3))).toBe('TRUNCATED');
    expect(refused('4680', (reader) => reader.readAscii(2))).toBe('BAD_TEXT');
  });

  test('is bounded: at the limit and one over', () => {
    expect(read('026161', (reader) => reader.readVarAscii(2))).toBe('aa');
    expect(refused('026161', (reader) => reader.readVarAscii(1))).toBe('TOO_LONG');
  });

  test('of any length is a string of its bytes', () => {
    for (const length of [0, 1, 4095, 4096, 4097, 10_000]) {
      const bytes = new Uint8Array(length + 2).fill(0x61);
      expect(asciiSlice(bytes, 1, length + 1)).toBe('a'.repeat(length));
    }
  });
});
