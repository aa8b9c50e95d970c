import { OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec';
import { describe, expect, it } from 'vitest';
import { createReceipt, decodeReceipt, verifyReceipt } from '../src/index.js';
import { hex, toHex } from './hex.js';

/** The receipt of RFC 0029's test vectors: nonce and secret of zeros, stream 1, 500 received. */
const VECTOR = hex(`01 00000000000000000000000000000000 01 00000000000001f4
  c122fa0252debb672d591823f710e99516d67385cf397da87cc8f9e8c8bf5130`);
const SETUP = { nonce: new Uint8Array(16), secret: new Uint8Array(32) };
const RECEIPT = { nonce: SETUP.nonce, streamId: 1, totalReceived: 500n };

describe('a receipt (RFC 0039)', () => {
  it('is made as the RFC says', () => {
    expect(toHex(createReceipt(SETUP, 1, 500n))).toBe(toHex(VECTOR));
  });

  it('is read and verified', () => {
    expect(decodeReceipt(VECTOR)).toEqual(RECEIPT);
    expect(verifyReceipt(VECTOR, SETUP.secret)).toEqual(RECEIPT);
    expect(
      verifyReceipt(VECTOR, ({ streamId }) => (streamId === 1 ? SETUP.secret : undefined)),
    ).toEqual(RECEIPT);
  });

  it('holds totals up to 2^64 - 1', () => {
    const receipt = createReceipt(SETUP, 255, 2n ** 64n - 1n);
    expect(verifyReceipt(receipt, SETUP.secret)?.totalReceived).toBe(2n ** 64n - 1n);
  });

  it('does not verify with any bit changed, another secret, or an unknown nonce', () => {
    for (let bit = 0; bit < VECTOR.length * 8; bit++) {
      const forged = VECTOR.slice();
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verifyReceipt(forged, SETUP.secret)).toBeUndefined();
    }
    expect(verifyReceipt(VECTOR, hex('01'.repeat(32)))).toBeUndefined();
    expect(verifyReceipt(VECTOR, () => undefined)).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array(0), 'TRUNCATED'],
    ['57 bytes', VECTOR.subarray(1), 'TRUNCATED'],
    ['59 bytes', Uint8Array.of(...VECTOR, 0), 'TRAILING_BYTES'],
    ['another version', Uint8Array.of(2, ...VECTOR.subarray(1)), 'BAD_VALUE'],
  ])('is not %s', (_, bytes, code) => {
    expect(() => decodeReceipt(bytes)).toThrow(
      expect.objectContaining({ name: OerDecodeError.name, code }),
    );
    expect(verifyReceipt(bytes, SETUP.secret)).toBeUndefined();
  });

  it('is not made of what does not fit', () => {
    expect(() => createReceipt(SETUP, 256, 0n)).toThrow(OerEncodeError);
    expect(() => createReceipt(SETUP, 1, 2n ** 64n)).toThrow(OerEncodeError);
    expect(() => createReceipt({ ...SETUP, nonce: new Uint8Array(15) }, 1, 0n)).toThrow(RangeError);
    expect(() => createReceipt({ ...SETUP, secret: new Uint8Array(31) }, 1, 0n)).toThrow(
      RangeError,
    );
  });
});
