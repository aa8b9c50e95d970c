import fc from 'fast-check';
import { expect, it } from 'vitest';
import { base64urlLength, decodeBase64url, encodeBase64url } from '../src/base64url.js';

it('writes what the platform writes, and reads it back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(text).toHaveLength(base64urlLength(bytes.length));
      expect(decodeBase64url(text)).toEqual(bytes);
    }),
  );
});

it('reads no text but the one that it writes', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const bytes = decodeBase64url(text);
      if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

it.each(['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'A+A/', 'AAAÿ', 'AA A'])('refuses %s', (text) => {
  expect(decodeBase64url(text)).toBeUndefined();
});
