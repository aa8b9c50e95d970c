import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import {
  PacketType,
  type IlpErrorCode,
  type IlpFulfill,
  type IlpPacket,
  type IlpPrepare,
  type IlpReject,
} from '../src/index.js';

/** Bytes of a hexadecimal text; spaces group the fields for the reader of a test. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
}

/** The hexadecimal text of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** `expect(actual).toEqual(expected)`, without its time for large byte arrays that are equal. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

const segment = fc
  .array(fc.constantFrom('a', 'Z', '0', '_', '~', '-', 'bob'), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''));

export const address: fc.Arbitrary<IlpAddress> = fc
  .tuple(
    fc.constantFrom('g', 'g', 'test', 'test1', 'private', 'example', 'peer', 'self', 'local'),
    fc.array(segment, { minLength: 1, maxLength: 12 }),
  )
  .map(([scheme, rest]) => parseIlpAddress([scheme, ...rest].join('.').slice(0, 1023)));

export const hash: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 32, maxLength: 32 });

export const data: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 140 }) },
  { weight: 2, arbitrary: fc.nat(255).map((n) => new Uint8Array(250 + (n % 10)).fill(n)) },
  { weight: 1, arbitrary: fc.constantFrom(3000, 32767).map((n) => new Uint8Array(n).fill(7)) },
);

export const prepare: fc.Arbitrary<IlpPrepare> = fc.record({
  amount: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  expiresAt: fc.date({
    min: new Date(-62167219200000),
    max: new Date(253402300799999),
    noInvalidDate: true,
  }),
  executionCondition: hash,
  destination: address,
  data,
});

export const fulfill: fc.Arbitrary<IlpFulfill> = fc.record({ fulfillment: hash, data });

const digit = fc.constantFrom('0', '1', '5', '9');

export const reject: fc.Arbitrary<IlpReject> = fc.record({
  code: fc
    .tuple(fc.constantFrom('F', 'T', 'R'), digit, digit)
    .map((parts) => parts.join('') as IlpErrorCode),
  triggeredBy: fc.oneof(address, fc.constant('' as const)),
  message: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 140 }),
    fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'é'.repeat(4095), 'x'.repeat(8191)),
  ),
  data,
});

export const packet: fc.Arbitrary<IlpPacket> = fc.oneof(
  prepare.map((fields) => ({ type: PacketType.prepare, ...fields })),
  fulfill.map((fields) => ({ type: PacketType.fulfill, ...fields })),
  reject.map((fields) => ({ type: PacketType.reject, ...fields })),
);
