import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as browser from '../src/crypto.browser.js';
import * as node from '../src/crypto.node.js';
import { hex, toHex } from './hex.js';

const IMPLEMENTATIONS = [
  ['node', node],
  ['browser', browser],
] as const;

describe.each(IMPLEMENTATIONS)('%s', (_, crypto) => {
  it('computes HMAC-SHA256 (RFC 4231, test case 2)', () => {
    const key = new TextEncoder().encode('Jefe');
    const message = new TextEncoder().encode('what do ya want for nothing?');
    const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(toHex(crypto.hmacSha256(key, message))).toBe(expected);
    const mac = new crypto.Mac(key);
    expect(toHex(mac.digest(message))).toBe(expected);
    expect(toHex(mac.digest(message))).toBe(expected);
  });

  it('computes HMAC-SHA256 under keys longer than a block (RFC 4231, test cases 6 and 7)', () => {
    const mac = new crypto.Mac(new Uint8Array(131).fill(0xaa));
    const digestOf = (text: string) => toHex(mac.digest(new TextEncoder().encode(text)));
    expect(digestOf('Test Using Larger Than Block-Size Key - Hash Key First')).toBe(
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    );
    expect(
      digestOf(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.',
      ),
    ).toBe('9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2');
  });

  it.each([0, 1, 63, 64, 65, 4095, 4096, 4097, 32767])(
    'computes the same HMAC of %i bytes as Node’s own',
    (length) => {
      const key = Uint8Array.from({ length: 32 }, (_, i) => i);
      const message = Uint8Array.from({ length }, (_, i) => i & 0xff);
      const expected = createHmac('sha256', key).update(message).digest('hex');
      const mac = new crypto.Mac(key);
      mac.digest(new Uint8Array(5000).fill(1));
      expect(toHex(mac.digest(message))).toBe(expected);
    },
  );

  it('encrypts with AES-256-GCM, the tag before the ciphertext (GCM specification, test case 14)', () => {
    const envelope = new crypto.Envelope(new Uint8Array(32));
    const sealed = envelope.seal(new Uint8Array(16), new Uint8Array(12));
    expect(toHex(sealed)).toBe(
      '000000000000000000000000' +
        'd0d1c8a799996bf0265b98b5d48ab919' +
        'cea7403d4d606b6e074ec5d3baf39d18',
    );
    expect(envelope.open(sealed)).toEqual(expect.objectContaining({ length: 16 }));
  });

  it('opens an empty plaintext, and nothing shorter than an envelope', () => {
    const envelope = new crypto.Envelope(hex('07'.repeat(32)));
    const sealed = envelope.seal(new Uint8Array(0), new Uint8Array(12));
    expect(sealed).toHaveLength(28);
    expect(envelope.open(sealed)).toHaveLength(0);
    for (let length = 0; length < 28; length++) {
      expect(envelope.open(sealed.subarray(0, length))).toBeUndefined();
    }
  });

  it('does not open an envelope with any bit changed', () => {
    const envelope = new crypto.Envelope(hex('07'.repeat(32)));
    const sealed = envelope.seal(hex('010203'), hex('0102030405060708090a0b0c'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(envelope.open(changed)).toBeUndefined();
    }
  });
});

it('both make the same bytes and open what the other made', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uint8Array({ maxLength: 3000 }),
      (key, iv, plaintext) => {
        const sealed = new node.Envelope(key).seal(plaintext, iv);
        expect(toHex(new browser.Envelope(key).seal(plaintext, iv))).toBe(toHex(sealed));
        expect(toHex(new browser.Envelope(key).open(sealed)!)).toBe(toHex(plaintext));
        expect(toHex(new node.Envelope(key).open(sealed)!)).toBe(toHex(plaintext));
        expect(toHex(new browser.Mac(key).digest(plaintext))).toBe(
          toHex(new node.Mac(key).digest(plaintext)),
        );
      },
    ),
  );
});
