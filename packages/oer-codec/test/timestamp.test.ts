import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeTimestamp,
  encodeTimestamp,
  ilpTimestamp,
  OerDecodeError,
  OerReader,
  OerWriter,
  TIMESTAMP_LENGTH,
} from '../src/index.js';
import { hex, read, toHex, unwritable, written } from './hex.js';

const asBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function decode(text: string): number | string {
  const time = decodeTimestamp(asBytes(text), 0);
  return typeof time === 'number' ? time : time.code;
}

function encode(epochMs: number): string {
  const bytes = new Uint8Array(TIMESTAMP_LENGTH);
  encodeTimestamp(epochMs, bytes, 0);
  return new TextDecoder().decode(bytes);
}

describe('RFC 0030 "Fixed-length Timestamps", Encoding', () => {
  // The leap second is left out: RFC 0030 forbids it under Decoding (UTC-SLS), and a time of 60 s has no epoch value.
  test.each([
    ['2017-12-24T16:14:32.279Z', '20171224161432279'],
    ['2017-12-24T16:14:32.200Z', '20171224161432200'],
    ['2017-12-24T16:14:32.000Z', '20171224161432000'],
    ['2017-12-24T16:14:30.000Z', '20171224161430000'],
    ['2017-12-24T16:14:00.000Z', '20171224161400000'],
    ['2017-12-24T16:10:00.000Z', '20171224161000000'],
    ['2017-12-24T16:00:00.000Z', '20171224160000000'],
    ['2017-12-24T10:00:00.000Z', '20171224100000000'],
    ['2017-12-24T00:00:00.000Z', '20171224000000000'],
    ['2017-12-24T24:00:00.000Z', '20171225000000000'],
    ['2017-12-24T16:14:32.182Z', '20171224161432182'],
    ['2017-12-24T18:14:32.000+02:00', '20171224161432000'],
  ])('%s is %s', (iso, text) => {
    expect(encode(Date.parse(iso))).toBe(text);
  });

  test('2017-12-24T16:14:32.279112Z is rounded (down) to 20171224161432279', () => {
    expect(encode(Date.parse('2017-12-24T16:14:32.279Z') + 0.112)).toBe('20171224161432279');
    expect(encode(-0.5)).toBe('19691231235959999');
  });
});

describe('RFC 0030 "Fixed-length Timestamps", Decoding', () => {
  test.each([
    '20171224235312.431+0200',
    '201712242153124318'.slice(0, 16) + 'Z',
    '20171324161432200',
    '2017122423000000.',
    '20171224230000000.'.slice(1),
    '20171224240000000',
    '20171224215300   ',
    '20161231235960852',
  ])('%j is refused', (text) => {
    expect(decode(text)).toBe('BAD_TIME');
  });

  test.each([
    '20171224235312.431+0200',
    '201712242153124318',
    '20171324161432200',
    '20171224230000000.',
    '20171224240000000',
    '20171224215300',
    '2017122421531',
    '201712242153',
    '2017122421',
    '20161231235960852',
  ])('%s is no value of the type, strictly', (text) => {
    expect(() => ilpTimestamp().decodeStrict(asBytes(text))).toThrow(OerDecodeError);
  });

  test.each(['20171224215300', '2017122421531', '201712242153', '2017122421', ''])(
    '%j is too short',
    (text) => {
      expect(decode(text)).toBe('TRUNCATED');
      const reader = new OerReader(asBytes(text));
      expect(() => reader.readTimestamp()).toThrow(
        expect.objectContaining({ code: 'TRUNCATED', offset: 0 }),
      );
    },
  );

  test.each([
    ['20171224161432279', '2017-12-24T16:14:32.279Z'],
    ['20171224161432270', '2017-12-24T16:14:32.270Z'],
    ['20171224161432200', '2017-12-24T16:14:32.200Z'],
    ['20171224161432000', '2017-12-24T16:14:32.000Z'],
    ['20161231235959852', '2016-12-31T23:59:59.852Z'], // The RFC writes :60; see docs/conformance.md.
    ['20171225000000000', '2017-12-25T00:00:00.000Z'],
    ['99991224161432279', '9999-12-24T16:14:32.279Z'],
  ])('%s is %s', (text, iso) => {
    expect(decode(text)).toBe(Date.parse(iso));
    expect(encode(Date.parse(iso))).toBe(text);
  });

  test.each([
    ['32303137 31323234 31363134 33323237 39', '2017-12-24T16:14:32.279Z'],
    ['32303137 31323234 31363134 33323230 30', '2017-12-24T16:14:32.200Z'],
    ['32303137 31323235 30303030 30303030 30', '2017-12-25T00:00:00.000Z'],
  ])('Examples: the bytes %s are %s', (bytes, iso) => {
    expect(read(bytes, (reader) => reader.readTimestamp())).toBe(Date.parse(iso));
    expect(written((writer) => writer.writeTimestamp(Date.parse(iso)))).toBe(toHex(hex(bytes)));
  });
});

describe('an ILP timestamp', () => {
  test.each([
    '20170024161432200',
    '20171301161432200',
    '20171200161432200',
    '20171232161432200',
    '20170431000000000',
    '20170631000000000',
    '20170931000000000',
    '20171131000000000',
    '20170229000000000',
    '20160230000000000',
    '19000229000000000',
    '20171224240000000',
    '20171224236000000',
    '20171224235960000',
    '20301399256199999',
  ])('%s names no instant', (text) => {
    expect(decode(text)).toBe('BAD_TIME');
  });

  test.each(['20160229000000000', '20000229000000000', '00000229235959999', '20170131235959999'])(
    '%s names one',
    (text) => {
      expect(encode(decode(text) as number)).toBe(text);
    },
  );

  test('has digits only, in every place', () => {
    const good = '20171224161432279';
    for (let i = 0; i < good.length; i++) {
      for (const bad of ['/', ':', ' ', '-', 'e', '+', '\0', '\x7f']) {
        expect(decode(good.slice(0, i) + bad + good.slice(i + 1))).toBe('BAD_TIME');
      }
    }
  });

  test('goes from the year 0000 to the year 9999', () => {
    const first = Date.parse('0000-01-01T00:00:00.000Z');
    const last = Date.parse('9999-12-31T23:59:59.999Z');
    expect(encode(first)).toBe('00000101000000000');
    expect(encode(last)).toBe('99991231235959999');
    expect(decode('00000101000000000')).toBe(first);
    expect(decode('99991231235959999')).toBe(last);
    for (const bad of [first - 1, last + 1, NaN, Infinity, -Infinity]) {
      expect(unwritable((writer) => writer.writeTimestamp(bad))).toBe('BAD_TIME');
    }
  });

  test('agrees with Date in every millisecond of ten thousand years, both ways', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date(-62167219200000),
          max: new Date(253402300799999),
          noInvalidDate: true,
        }),
        (date) => {
          const digits = date.toISOString().replace(/\D/g, '');
          expect(encode(date.getTime())).toBe(digits);
          expect(decode(digits)).toBe(date.getTime());
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('agrees with Date on each day around the turns of years, in any order', () => {
    for (const year of [0, 4, 100, 400, 1582, 1900, 1970, 1999, 2000, 2024, 2100, 9999]) {
      for (let day = 0; day < 366; day++) {
        const date = new Date(0);
        date.setUTCFullYear(year, 0, 1 + day);
        const digits = date.toISOString().replace(/\D/g, '');
        if (date.getUTCFullYear() > 9999) continue;
        expect(encode(date.getTime())).toBe(digits);
        expect(decode(digits)).toBe(date.getTime());
      }
    }
  });

  test('is read and written within larger bytes, and touches no others', () => {
    const bytes = new Uint8Array(21).fill(0xee);
    encodeTimestamp(0, bytes, 2);
    expect(toHex(bytes)).toBe(`eeee${toHex(asBytes('19700101000000000'))}eeee`);
    expect(decodeTimestamp(bytes, 2)).toBe(0);
    const writer = new OerWriter(0);
    writer.writeUInt8(1);
    writer.writeTimestamp(1);
    expect(new OerReader(writer.finish(), { start: 1 }).readTimestamp()).toBe(1);
  });
});
