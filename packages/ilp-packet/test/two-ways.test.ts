/**
 * Packets are read in two ways: in one pass over the canonical form, and exactly. Both must always agree, on the value
 * and on the error.
 */
import fc from 'fast-check';
import { test } from 'vitest';
import {
  decodeFulfillExactly,
  decodeRejectExactly,
  locatePrepareExactly,
} from '../src/decode-exactly.js';
import { decodeFulfill, decodeReject, encodePacket } from '../src/index.js';
import { located, locatePrepare, type LocatedPrepare } from '../src/locate-prepare.js';
import { expectSame, packet } from './arbitraries.js';

function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

function exactly(bytes: Uint8Array, strict: boolean): LocatedPrepare {
  const into = { ...located };
  locatePrepareExactly(bytes, { strict }, into);
  return into;
}

const bytes = fc
  .tuple(
    packet.map(encodePacket),
    fc.array(fc.tuple(fc.nat(110), fc.nat(255)), { maxLength: 2 }),
    fc.constantFrom(0, 0, 0, 1, 2, -1),
  )
  .map(([whole, changes, longer]) => {
    const all = new Uint8Array(whole.length + longer);
    all.set(whole.subarray(0, all.length));
    for (const [at, byte] of changes) if (at < all.length) all[at] = byte;
    return all;
  });

test('both ways of reading a packet agree', () => {
  fc.assert(
    fc.property(bytes, fc.boolean(), (input, strict) => {
      const options = { strict };
      expectSame(
        outcome(() => {
          locatePrepare(input, options);
          return { ...located };
        }),
        outcome(() => exactly(input, strict)),
      );
      expectSame(
        outcome(() => decodeFulfill(input, options)),
        outcome(() => decodeFulfillExactly(input, options)),
      );
      expectSame(
        outcome(() => decodeReject(input, options)),
        outcome(() => decodeRejectExactly(input, options)),
      );
    }),
    { numRuns: 1500 },
  );
});

test('both agree on every change of one byte of small packets', () => {
  const samples = fc.sample(packet, { numRuns: 6, seed: 7 }).map((value) =>
    encodePacket({
      ...value,
      data: Uint8Array.of(1, 2),
      ...('message' in value && { message: 'no' }),
    }),
  );
  for (const sample of samples) {
    const input = sample.slice();
    for (let at = 0; at < Math.min(input.length, 150); at++) {
      const byte = input[at] as number;
      for (const other of [
        0,
        1,
        0x2e,
        0x30,
        0x3a,
        0x7f,
        0x80,
        0x81,
        0x82,
        0xff,
        byte + 1,
        byte - 1,
      ]) {
        input[at] = other;
        const fast = [
          outcome(() => {
            locatePrepare(input);
            return { ...located };
          }),
          outcome(() => decodeFulfill(input)),
          outcome(() => decodeReject(input)),
        ];
        const exact = [
          outcome(() => exactly(input, false)),
          outcome(() => decodeFulfillExactly(input, undefined)),
          outcome(() => decodeRejectExactly(input, undefined)),
        ];
        expectSame(fast, exact);
      }
      input[at] = byte;
    }
  }
});
