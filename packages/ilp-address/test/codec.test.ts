import { OerReader, OerWriter } from '@pennyswitch/oer-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EMPTY_PREFIX,
  ilpAddressOf,
  isIlpAddress,
  parseIlpAddress,
  parseIlpAddressPrefix,
  putIlpAddress,
  readIlpAddress,
  readIlpAddressPrefix,
  writeIlpAddress,
  type IlpAddress,
} from '../src/index.js';

function reader(text: string): OerReader {
  const writer = new OerWriter();
  writer.writeVarUtf8(text);
  return new OerReader(writer.finish());
}

describe('on the wire (RFC 0030 "ILP Address")', () => {
  test('an address has a length determinant before it', () => {
    const writer = new OerWriter();
    writeIlpAddress(writer, parseIlpAddress('g.a'));
    writeIlpAddress(writer, EMPTY_PREFIX);
    expect([...writer.finish()]).toEqual([3, 0x67, 0x2e, 0x61, 0]);
    const input = new OerReader(writer.finish());
    expect(readIlpAddress(input)).toBe('g.a');
    expect(readIlpAddressPrefix(input)).toBe('');
  });

  test('only an address is read as one', () => {
    for (const text of ['', 'g', 'g.', 'x.a', 'g.a b']) {
      const input = reader(text);
      expect(() => readIlpAddress(input)).toThrow(
        expect.objectContaining({ code: 'BAD_VALUE', offset: 0 }),
      );
      expect(input.offset).toBe(0);
    }
    expect(() => readIlpAddress(reader('g.\u0161'))).toThrow('BAD_TEXT');
    expect(() => readIlpAddress(reader(`g.${'a'.repeat(1022)}`))).toThrow('TOO_LONG');
    expect(readIlpAddress(reader(`g.${'a'.repeat(1021)}`))).toHaveLength(1023);
  });

  test('only a prefix is read as one', () => {
    expect(readIlpAddressPrefix(reader('g'))).toBe('g');
    for (const text of ['g.', 'x', 'g..a']) {
      const input = reader(text);
      expect(() => readIlpAddressPrefix(input)).toThrow('BAD_VALUE');
      expect(input.offset).toBe(0);
    }
    expect(() => readIlpAddressPrefix(reader(`g.${'a'.repeat(1022)}`))).toThrow('TOO_LONG');
  });

  test.each(['bogus address!', 'g.\u0161a', 'g..a', 'x.a'])(
    '%j is not written, whatever the types were told',
    (text) => {
      const writer = new OerWriter();
      expect(() => writeIlpAddress(writer, text as IlpAddress)).toThrow('BAD_VALUE');
      expect(writer.length).toBe(0);
      expect(putIlpAddress(new Uint8Array(32), 3, text as IlpAddress)).toBe(false);
    },
  );
});

describe('for hand-tuned codecs', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('g', '.', 'a', '~', '\0', ' ', '\u0161', 'test1.', 'g.') }),
    fc
      .tuple(
        fc.constantFrom('g', 'self', 'private', 'example', 'test3', 'privatex', 'exampl', 'G'),
        fc.array(fc.constantFrom('a', 'B0_', '~-', '', 'z'), { maxLength: 4 }),
      )
      .map(([scheme, rest]) => [scheme, ...rest].join('.')),
  );

  test('bytes are an address where their text is one', () => {
    fc.assert(
      fc.property(text, (value) => {
        const bytes = new TextEncoder().encode(`##${value}.a`);
        const end = bytes.length - 2;
        expect(ilpAddressOf(bytes, 2, end)).toBe(isIlpAddress(value) ? value : undefined);
        expect(ilpAddressOf(bytes.subarray(2), 0, end - 2)).toBe(
          isIlpAddress(value) ? value : undefined,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('an address is put where it should be, and only there', () => {
    fc.assert(
      fc.property(text, (value) => {
        const bytes = new Uint8Array(value.length + 4).fill(0xee);
        expect(putIlpAddress(bytes, 2, value as IlpAddress)).toBe(isIlpAddress(value));
        if (isIlpAddress(value)) {
          expect(new TextDecoder().decode(bytes.subarray(2, -2))).toBe(value);
        }
        expect([bytes[0], bytes[1], bytes.at(-2), bytes.at(-1)]).toEqual([238, 238, 238, 238]);
      }),
      { numRuns: 2000 },
    );
  });

  test('an address seen before is not taken for another that ends like it', () => {
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    for (const text of [
      'g.a.xy',
      'g.b.xy',
      'g.c.xy',
      'g.aa.xy',
      'g.a.xy',
      'g.\0.xy',
      'g.a.xy',
      'g.a.xY',
    ]) {
      const bytes = encode(text);
      expect(ilpAddressOf(bytes, 0, bytes.length)).toBe(isIlpAddress(text) ? text : undefined);
    }
  });

  test('what stands behind an address is not looked at', () => {
    expect(putIlpAddress(new Uint8Array(9).fill(0x2e), 1, 'g' as IlpAddress)).toBe(false);
    expect(putIlpAddress(new Uint8Array(9).fill(0x61), 1, 'g.' as IlpAddress)).toBe(false);
    expect(putIlpAddress(new Uint8Array(9).fill(0x2e), 1, 'g.a' as IlpAddress)).toBe(true);
  });

  test.each(Array.from({ length: 128 }, (_, i) => i + 128))(
    'no byte above 7F is in one: %i',
    (byte) => {
      expect(ilpAddressOf(Uint8Array.of(0x67, 0x2e, byte, 0x61), 0, 4)).toBeUndefined();
    },
  );

  test('1023 bytes are an address, 1024 are not', () => {
    const bytes = new TextEncoder().encode(parseIlpAddress(`g.${'a'.repeat(1021)}`) + 'a');
    expect(ilpAddressOf(bytes, 0, 1023)).toHaveLength(1023);
    expect(ilpAddressOf(bytes, 0, 1024)).toBeUndefined();
    expect(ilpAddressOf(bytes, 0, 0)).toBeUndefined();
    expect(ilpAddressOf(bytes, 0, 1)).toBeUndefined();
    expect(ilpAddressOf(bytes, 0, 2)).toBeUndefined();
    expect(parseIlpAddressPrefix('g')).toBe('g');
  });
});
