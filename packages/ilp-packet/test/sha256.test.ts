import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../src/sha256.browser.js';
import { sha256 as platformSha256 } from '../src/sha256.node.js';

const hexOf = (text: string): string =>
  Buffer.from(sha256(new TextEncoder().encode(text))).toString('hex');

describe('SHA-256 for browsers', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j is what FIPS 180-4 says', (text, hash) => {
    expect(hexOf(text)).toBe(hash);
  });

  test.each([
    ['every length up to 200', Array.from({ length: 200 }, (_, i) => i)],
    ['some long ones', [1023, 32_767, 65_536, 1_000_001]],
  ])('is what node:crypto makes, for %s', (_, lengths) => {
    for (const length of lengths) {
      const bytes = new Uint8Array(randomBytes(length));
      expect(Buffer.compare(sha256(bytes), platformSha256(bytes))).toBe(0);
    }
  });

  test('does not write into what it is given', () => {
    const bytes = new Uint8Array(64).fill(7).subarray(1, 33);
    sha256(bytes);
    expect(new Uint8Array(bytes.buffer)).toEqual(new Uint8Array(64).fill(7));
  });
});
