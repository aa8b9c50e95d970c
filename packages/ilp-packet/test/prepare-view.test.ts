import { OerDecodeError } from '@pennyswitch/oer-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePrepare, encodePrepare, peekExpiresAt, PrepareView } from '../src/index.js';
import { expectSame, hex, prepare, toHex } from './arbitraries.js';

const seconds = (n: number): Date => new Date(n * 1000);

test('a view shows what decoding shows', () => {
  fc.assert(
    fc.property(prepare, (value) => {
      const view = new PrepareView(encodePrepare(value));
      expect(view.amount).toBe(value.amount);
      expect(view.expiresAtMs).toBe(value.expiresAt.getTime());
      expect(view.destination).toBe(value.destination);
      expectSame(view.executionCondition, value.executionCondition);
      expectSame(view.data, value.data);
    }),
    { numRuns: 200 },
  );
});

test('writing amount and expiry in place gives the bytes of the changed Prepare (RFC 0027 "ILP Prepare")', () => {
  fc.assert(
    fc.property(prepare, prepare, (value, other) => {
      const bytes = encodePrepare(value);
      const view = new PrepareView(bytes);
      view.setAmount(other.amount);
      view.setExpiresAt(other.expiresAt.getTime());
      expect(view.bytes).toBe(bytes);
      expect(view.amount).toBe(other.amount);
      expect(view.expiresAtMs).toBe(other.expiresAt.getTime());
      const { amount, expiresAt } = other;
      expectSame(bytes, encodePrepare({ ...value, amount, expiresAt }));
    }),
    { numRuns: 200 },
  );
});

describe('a view', () => {
  const [value] = fc.sample(prepare, { numRuns: 1, seed: 1 });
  const bytes = encodePrepare({ ...value!, data: hex('0102') });

  test('keeps other encodings as they came: only the two fields change', () => {
    // The outer length in long form, and a byte behind the packet.
    const loose = Uint8Array.of(12, 0x84, 0, 0, 0, bytes.length - 2, ...bytes.subarray(2), 0xff);
    const view = new PrepareView(loose);
    const before = loose.slice();
    view.setAmount(5n);
    expect(toHex(loose.subarray(6, 14))).toBe('0000000000000005');
    before.set(loose.subarray(6, 14), 6);
    expect(loose).toEqual(before);
    expect(toHex(view.data)).toBe('0102');
  });

  test('refuses amounts and times that cannot be written, and changes nothing', () => {
    const copy = bytes.slice();
    const view = new PrepareView(copy);
    for (const amount of [-1n, 2n ** 64n]) {
      expect(() => view.setAmount(amount)).toThrow('OUT_OF_RANGE in amount');
    }
    for (const time of [NaN, 253402300800000]) {
      expect(() => view.setExpiresAt(time)).toThrow('BAD_TIME in expiresAt');
    }
    expect(copy).toEqual(bytes);
    expect(view.expiresAtMs).toBe(value!.expiresAt.getTime());
    view.setExpiresAt(1.7);
    expect(view.expiresAtMs).toBe(1);
    expect(decodePrepare(copy).expiresAt.getTime()).toBe(1);
  });

  test('checks the whole packet at once', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new PrepareView(bytes.slice(0, length))).toThrow(OerDecodeError);
    }
    expect(() => new PrepareView(hex('0d00'))).toThrow('expected Prepare (12)');
  });

  test('within a larger buffer changes nothing around itself', () => {
    const large = new Uint8Array(bytes.length + 8).fill(0xee);
    large.set(bytes, 4);
    const view = new PrepareView(large.subarray(4, 4 + bytes.length));
    view.setAmount(1n);
    view.setExpiresAt(0);
    expect(view.amount).toBe(1n);
    expect(toHex(large.subarray(0, 4)) + toHex(large.subarray(-4))).toBe('ee'.repeat(8));
  });
});

describe('peekExpiresAt', () => {
  test('reads the expiry and nothing else', () => {
    const [sample] = fc.sample(prepare, { numRuns: 1, seed: 3 });
    const rest = encodePrepare({ ...sample!, data: new Uint8Array(0) }).length;
    // So that the length of all is 127 and 128, too.
    for (const length of [0, 129 - rest, 130 - rest, 300]) {
      if (length < 0) throw new Error('the sample is too long');
      const bytes = encodePrepare({
        ...sample!,
        expiresAt: seconds(7),
        data: new Uint8Array(length),
      });
      expect(peekExpiresAt(bytes)).toBe(7000);
      expect(peekExpiresAt(bytes.slice(0, 30))).toBe(7000);
    }
  });

  test.each(['', '0c', '0d4a', '0c4a00', `0c4a${'00'.repeat(60)}`])('%j has none', (text) => {
    expect(peekExpiresAt(hex(text))).toBeUndefined();
  });
});
