import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressSegments,
  childAddress,
  InvalidIlpAddressError,
  isIlpAddress,
  isIlpAddressPrefix,
  parentAddress,
  parseIlpAddress,
  parseIlpAddressPrefix,
} from '../src/index.js';
import { RFC_ADDRESS, RFC_PREFIX } from './rfc.js';

/** The rule that a text breaks, and where. */
function broken(text: string, parse: (text: string) => unknown = parseIlpAddress): unknown {
  try {
    parse(text);
    return 'none';
  } catch (error) {
    if (!(error instanceof InvalidIlpAddressError)) throw error;
    expect(error.value).toBe(text);
    return [error.code, error.offset];
  }
}

describe('RFC 0015 "Address Requirements"', () => {
  test('2, 3: segments are separated by periods, the first is the allocation scheme', () => {
    for (const scheme of 'g private example peer self test test1 test2 test3 local'.split(' ')) {
      expect(parseIlpAddress(`${scheme}.a`)).toBe(`${scheme}.a`);
    }
    for (const text of ['', '.a', 'a.b', 'G.a', 'gg.a', 'test0.a', 'test4.a', 'test11.a', 'g ']) {
      expect(isIlpAddress(text)).toBe(false);
    }
    expect(broken('h.a')).toEqual(['bad-scheme', 0]);
    expect(broken('.a')).toEqual(['empty-segment', 0]);
  });

  test('4: a segment has one or more alphanumeric characters, underscores, tildes and hyphens', () => {
    expect(isIlpAddress('g.AZaz09_~-')).toBe(true);
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      const allowed = /^[A-Za-z0-9_~-]$/.test(character);
      expect(isIlpAddress(`g.a${character}b`)).toBe(allowed || character === '.');
    }
    expect(broken('g.a b')).toEqual(['bad-character', 3]);
    expect(broken('g.a..b')).toEqual(['empty-segment', 4]);
    expect(isIlpAddress('g.a\uff0eb')).toBe(false);
    expect(isIlpAddress('g.\ud83d\ude00')).toBe(false);
  });

  test('4: addresses are case-sensitive', () => {
    expect(parseIlpAddress('g.Acme')).not.toBe(parseIlpAddress('g.acme'));
  });

  test('5: an address does not end in a period and has a segment after the scheme', () => {
    expect(broken('g.a.')).toEqual(['empty-segment', 4]);
    expect(broken('g.')).toEqual(['empty-segment', 2]);
    expect(broken('g')).toEqual(['too-few-segments', 1]);
  });

  test('6: an address has at most 1023 characters', () => {
    expect(isIlpAddress(`g.${'a'.repeat(1021)}`)).toBe(true);
    expect(broken(`g.${'a'.repeat(1022)}`)).toEqual(['too-long', 1023]);
  });
});

test.each([
  'g.acme.bob',
  'g.us-fed.ach.0.acmebank.swx0a0.acmecorp.sales.199.~ipr.cdfa5e16-e759-4ba3-88f6-8b9dc83c1868.2',
  'peer.config',
  'peer.route.control',
  'peer.settle',
  'example.top.middle.lower',
])(
  '%s is an address (RFC 0015 "Example Global Allocation Scheme Addresses", RFC 0030, RFC 0031)',
  (text) => {
    expect(parseIlpAddress(text)).toBe(text);
  },
);

test('every text of up to five characters over a few is what the regular expression of RFC 0015 says', () => {
  const characters = ['g', 'a', '.', '~', ' '];
  let texts = [''];
  for (let length = 0; length <= 5; length++) {
    for (const text of texts) {
      if (isIlpAddress(text) !== RFC_ADDRESS.test(text)) throw new Error(JSON.stringify(text));
      if (isIlpAddressPrefix(text) !== RFC_PREFIX.test(text)) throw new Error(JSON.stringify(text));
    }
    texts = texts.flatMap((text) => characters.map((character) => text + character));
  }
});

test('any text is what the regular expression says', () => {
  const segment = fc.oneof(
    fc.constantFrom('g', 'test', 'test1', 'local', 'private', 'self', ''),
    fc.string({ unit: fc.constantFrom('a', 'Z', '0', '9', '_', '~', '-') }),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const text = segments.join('.');
      expect(isIlpAddress(text)).toBe(RFC_ADDRESS.test(text));
      expect(isIlpAddressPrefix(text)).toBe(RFC_PREFIX.test(text));
    }),
    { numRuns: 1000 },
  );
});

describe('an address', () => {
  const bob = parseIlpAddress('g.acme.bob');

  test('has segments, children and a parent', () => {
    expect(addressSegments(bob)).toEqual(['g', 'acme', 'bob']);
    expect(childAddress(bob, '~ipr.1')).toBe('g.acme.bob.~ipr.1');
    expect(parentAddress(bob)).toBe('g.acme');
    expect(parentAddress(parseIlpAddress('g.acme'))).toBeUndefined();
  });

  test('takes no child that makes it invalid', () => {
    expect(() => childAddress(bob, '')).toThrow(InvalidIlpAddressError);
    expect(() => childAddress(bob, '.a')).toThrow(InvalidIlpAddressError);
    expect(() => childAddress(bob, 'a b')).toThrow(InvalidIlpAddressError);
    expect(childAddress(bob, 'a'.repeat(1012))).toHaveLength(1023);
    expect(() => childAddress(bob, 'a'.repeat(1013))).toThrow('longer than 1023 characters');
  });
});

describe('a prefix', () => {
  test('may be a bare scheme or empty, which an address may not', () => {
    expect(parseIlpAddressPrefix('')).toBe('');
    expect(parseIlpAddressPrefix('g')).toBe('g');
    expect(parseIlpAddressPrefix('g.acme')).toBe('g.acme');
    expect(broken('g.', parseIlpAddressPrefix)).toEqual(['empty-segment', 2]);
    expect(broken('x', parseIlpAddressPrefix)).toEqual(['bad-scheme', 0]);
  });
});

describe('the error', () => {
  test('says what is wrong, where and by which document', () => {
    expect(() => parseIlpAddress('g.a b')).toThrow(
      '"g.a b" is no ILP address: it has a character other than A-Z, a-z, 0-9, "_", "~", "-" and "." (at 3, RFC 0015)',
    );
    expect(() => parseIlpAddress('x.a')).toThrow(
      'its first segment is no allocation scheme (g, private, example, peer, self, test, test1 to test3, local)',
    );
    expect(() => parseIlpAddress('g')).toThrow('it has nothing after the allocation scheme');
    expect(() => parseIlpAddress('g..a')).toThrow('it has an empty segment');
  });

  test('shows control characters escaped and long texts cut', () => {
    expect(() => parseIlpAddress('g.\n\x1b[31m')).toThrow(String.raw`"g.\n\u001b[31m"`);
    expect(() => parseIlpAddress(`g.${'a'.repeat(1022)}`)).toThrow('… (1024 characters)');
    expect(() => parseIlpAddress(`g.${'a'.repeat(61)} `)).toThrow(`"g.${'a'.repeat(61)} "`);
    expect(() => parseIlpAddress(`g.${'a'.repeat(62)} `)).toThrow(
      `"g.${'a'.repeat(62)}… (65 characters)"`,
    );
  });
});
