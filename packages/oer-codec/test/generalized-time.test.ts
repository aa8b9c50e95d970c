import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatGeneralizedTime, OerReader, parseGeneralizedTime } from '../src/index.js';
import { hex, read, refused, toHex, unwritable, written } from './hex.js';

const at = (iso: string): { epochMs: number; leapSecond: false } => ({
  epochMs: Date.parse(iso),
  leapSecond: false,
});
const LEAP = { epochMs: Date.parse('2016-12-31T23:59:59.852Z'), leapSecond: true };

describe('RFC 0030 "Variable-length Timestamps", Encoding', () => {
  test.each([
    ['2017-12-24T16:14:32.279Z', '20171224161432.279Z'],
    ['2017-12-24T16:14:32.200Z', '20171224161432.2Z'],
    ['2017-12-24T16:14:32.000Z', '20171224161432Z'],
    ['2017-12-24T16:14:30.000Z', '20171224161430Z'],
    ['2017-12-24T16:14:00.000Z', '20171224161400Z'],
    ['2017-12-24T16:10:00.000Z', '20171224161000Z'],
    ['2017-12-24T16:00:00.000Z', '20171224160000Z'],
    ['2017-12-24T10:00:00.000Z', '20171224100000Z'],
    ['2017-12-24T00:00:00.000Z', '20171224000000Z'],
    ['2017-12-24T24:00:00.000Z', '20171225000000Z'],
    ['2017-12-24T16:14:32.182Z', '20171224161432.182Z'],
    ['2017-12-24T18:14:32.000+02:00', '20171224161432Z'],
  ])('%s is %s', (iso, text) => {
    expect(formatGeneralizedTime(at(iso))).toBe(text);
  });

  test('2017-12-24T16:14:32.279112Z is rounded (down) to 20171224161432.279Z', () => {
    const { epochMs } = at('2017-12-24T16:14:32.279Z');
    expect(formatGeneralizedTime({ epochMs: epochMs + 0.112, leapSecond: false })).toBe(
      '20171224161432.279Z',
    );
  });

  test('2016-12-31T23:59:60.852Z, a leap second, is 20161231235960.852Z', () => {
    expect(formatGeneralizedTime(LEAP)).toBe('20161231235960.852Z');
  });
});

describe('RFC 0030 "Variable-length Timestamps", Decoding', () => {
  test.each([
    '20171224235312.431+0200',
    '20171224215312.4318Z',
    '20171224161432,279Z',
    '20171324161432.279Z',
    '20171224230000.20Z',
    '20171224230000.Z',
    '20171224240000Z',
    '2017122421531Z',
    '201712242153Z',
    '2017122421Z',
  ])('%s is refused', (text) => {
    expect(parseGeneralizedTime(text)).toMatchObject({ code: 'BAD_TIME' });
  });

  test.each([
    ['20171224161432.279Z', at('2017-12-24T16:14:32.279Z')],
    ['20171224161432.27Z', at('2017-12-24T16:14:32.270Z')],
    ['20171224161432.2Z', at('2017-12-24T16:14:32.200Z')],
    ['20171224161432Z', at('2017-12-24T16:14:32.000Z')],
    ['20161231235960.852Z', LEAP],
    ['20171225000000Z', at('2017-12-25T00:00:00.000Z')],
    ['99991224161432.279Z', at('9999-12-24T16:14:32.279Z')],
  ])('%s', (text, time) => {
    expect(parseGeneralizedTime(text)).toEqual(time);
    expect(formatGeneralizedTime(time)).toBe(text);
  });

  test.each([
    ['13323031 37313232 34313631 3433322E 3237395A', '2017-12-24T16:14:32.279Z'],
    ['11323031 37313232 34313631 3433322E 325A', '2017-12-24T16:14:32.200Z'],
    ['0F323031 37313232 35303030 3030305A', '2017-12-25T00:00:00.000Z'],
  ])('Examples: the bytes %s are %s', (bytes, iso) => {
    expect(read(bytes, (reader) => reader.readGeneralizedTime(), { strict: true })).toEqual(
      at(iso),
    );
    expect(written((writer) => writer.writeGeneralizedTime(at(iso)))).toBe(toHex(hex(bytes)));
  });
});

describe('a GeneralizedTime', () => {
  test.each([
    '20171200000000Z',
    '20171232000000Z',
    '20170229000000Z',
    '20171224160061Z',
    '20171224166000Z',
    '20171224160060Z',
    '20171224235860Z',
    '20171224225960Z',
    '20171224161432.1234Z',
    '20171224161432z',
    '20171224161432',
    '20171224161432Z ',
    '-0171224161432Z',
    '',
  ])('%j is none', (text) => {
    expect(parseGeneralizedTime(text)).toMatchObject({ code: 'BAD_TIME' });
  });

  test('with trailing zeros, as npm btp-packet writes it, passes only where the caller lets it', () => {
    expect(parseGeneralizedTime('20171224161432.200Z', true)).toEqual(
      at('2017-12-24T16:14:32.200Z'),
    );
    expect(parseGeneralizedTime('20171224161432.000Z', true)).toEqual(
      at('2017-12-24T16:14:32.000Z'),
    );
    expect(parseGeneralizedTime('20171224161432.000Z')).toMatchObject({ code: 'BAD_TIME' });
    const bytes = toHex(new TextEncoder().encode('\x1320171224161432.200Z'));
    expect(refused(bytes, (reader) => reader.readGeneralizedTime())).toBe('BAD_TIME');
    expect(read(bytes, (reader) => reader.readGeneralizedTime(true))).toEqual(
      at('2017-12-24T16:14:32.200Z'),
    );
  });

  test('of more than 32 bytes is not even looked at', () => {
    expect(refused(`21${'30'.repeat(33)}`, (reader) => reader.readGeneralizedTime())).toBe(
      'TOO_LONG',
    );
    expect(refused('0180', (reader) => reader.readGeneralizedTime())).toBe('BAD_TEXT');
  });

  test('outside the years 0000 to 9999, or with a leap second in the middle of a day, is not written', () => {
    for (const epochMs of [-62167219200001, 253402300800000, NaN]) {
      expect(
        unwritable((writer) => writer.writeGeneralizedTime({ epochMs, leapSecond: false })),
      ).toBe('BAD_TIME');
    }
    expect(
      unwritable((writer) => writer.writeGeneralizedTime({ epochMs: 0, leapSecond: true })),
    ).toBe('BAD_TIME');
    expect(formatGeneralizedTime({ epochMs: -62167219200000, leapSecond: false })).toBe(
      '00000101000000Z',
    );
    expect(formatGeneralizedTime({ epochMs: 253402300799999, leapSecond: false })).toBe(
      '99991231235959.999Z',
    );
  });

  test('agrees with Date in every millisecond of ten thousand years, both ways', () => {
    const dates = fc.date({
      min: new Date(-62167219200000),
      max: new Date(253402300799999),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        const time = { epochMs: date.getTime(), leapSecond: false };
        const text = formatGeneralizedTime(time);
        const iso = date.toISOString();
        expect(text).toBe(
          `${iso
            .replace(/[-:T]/g, '')
            .replace(/\.?0*Z$/, '')
            .padEnd(14, '0')}Z`,
        );
        expect(parseGeneralizedTime(text)).toEqual(time);
        expect(parseGeneralizedTime(`${iso.slice(0, 23).replace(/[-:T]/g, '')}Z`, true)).toEqual(
          time,
        );
      }),
    );
  });

  test('is read where it stands', () => {
    const reader = new OerReader(
      hex('ff 0F323031373132323530303030303 05A'.replace('3 05A', '305A')),
    );
    reader.skip(1);
    expect(reader.readGeneralizedTime()).toEqual(at('2017-12-25T00:00:00.000Z'));
  });
});
