/**
 * Packets are read in two ways: in one pass over the canonical form, and exactly. Both must always agree, on the value
 * and on the error.
 */
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import fc from 'fast-check';
import { OerReader } from '@pennyswitch/oer-codec';
import { describe, expect, test, vi } from 'vitest';
import {
  decodeFulfillExactly,
  decodeRejectExactly,
  locatePrepareExactly,
} from '../src/decode-exactly.js';
import {
  decodeFulfill,
  decodePacket,
  decodeReject,
  encodePacket,
  PrepareView,
  type IlpPacket,
} from '../src/index.js';
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

/** Reads bytes both ways as each kind of packet. */
function compare(input: Uint8Array): void {
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

const samples = fc.sample(packet, { numRuns: 6, seed: 7 }).map((value) =>
  encodePacket({
    ...value,
    data: Uint8Array.of(1, 2),
    ...('message' in value && { message: 'no' }),
  }),
);

/** Bytes that decide something. */
const TELLING = [0, 1, 0x2e, 0x30, 0x3a, 0x46, 0x7f, 0x80, 0x81, 0x82, 0xff];

test('both agree on every change of one byte of small packets', () => {
  for (const sample of samples) {
    const input = sample.slice();
    for (let at = 0; at < Math.min(input.length, 150); at++) {
      const byte = input[at] as number;
      for (const other of [...TELLING, byte + 1, byte - 1]) {
        input[at] = other;
        compare(input);
      }
      input[at] = byte;
    }
  }
});

test('both agree where a byte is missing or one too many, with the length of all put right and not', () => {
  for (const sample of samples) {
    if (sample.length > 128) continue;
    const list = [...sample];
    for (let at = 1; at <= list.length; at++) {
      const others = [list.toSpliced(at, 1), ...TELLING.map((byte) => list.toSpliced(at, 0, byte))];
      for (const other of others) {
        compare(Uint8Array.from(other));
        compare(Uint8Array.from(other.with(1, other.length - 2)));
      }
    }
  }
});

describe('both agree on packets whose fields stand one byte off', () => {
  const address = parseIlpAddress('g.a');
  /** The fields of each kind of packet, so many bytes that start with the number of them, as a length does. */
  const kinds: readonly (readonly [number, (length: number) => readonly number[]])[] = [
    [
      12,
      (length) => {
        const prepare = encodePacket({
          type: 12,
          amount: BigInt(length) << 56n,
          expiresAt: new Date(Date.UTC(2026, 10, 23)),
          executionCondition: new Uint8Array(32),
          destination: address,
          data: new Uint8Array(length - 62),
        });
        return [...prepare.subarray(2)];
      },
    ],
    [
      13,
      (length) => {
        const fulfillment = new Uint8Array(32).fill(length);
        const data = new Uint8Array(length - 33);
        return [...encodePacket({ type: 13, fulfillment, data }).subarray(2)];
      },
    ],
    [
      14,
      (length) => {
        const code = 'F00';
        const reject = {
          code,
          triggeredBy: address,
          message: '',
          data: new Uint8Array(length - 9),
        };
        return [...encodePacket({ type: 14, ...reject } as IlpPacket).subarray(2)];
      },
    ],
  ];

  test.each(kinds)('of type %i', (type, fieldsOf) => {
    for (const length of [70, 84, 100]) {
      const fields = fieldsOf(length);
      expect(fields).toHaveLength(length);
      compare(Uint8Array.of(type, ...fields));
      compare(Uint8Array.of(type, length, 0, ...fields));
      compare(Uint8Array.of(type, length, ...fields));
      compare(Uint8Array.of(type, length + 1, ...fields));
      compare(Uint8Array.of(type, length - 1, ...fields));
      compare(Uint8Array.of(type, type, length, ...fields));
    }
  });

  test('of as many bytes as the type says', () => {
    const reject = encodePacket({
      type: 14,
      code: 'F00',
      triggeredBy: address,
      message: 'abcd',
      data: Uint8Array.of(1),
    });
    expect(reject).toHaveLength(16);
    for (const length of [13, 14, 15]) compare(reject.with(1, length));
    for (const type of [0, 12, 13, 15]) compare(reject.with(0, type));
  });

  test.each([
    ['the digit before it', `F00\u002fg.${'a'.repeat(45)}-`],
    ['the character behind it', `F00\u0066g.${'a'.repeat(101)}`],
    ['its first character', `F00g.${'a'.repeat(101)}`],
  ])('with the length of triggeredBy taken for %s', (_, text) => {
    const fields = [...new TextEncoder().encode(text), 0, 0];
    compare(Uint8Array.of(14, fields.length, ...fields));
  });
});

describe('what every deployed node writes is read in one pass', () => {
  const data = [0, 1, 127, 128, 255, 256, 32_767].map((length) => new Uint8Array(length).fill(255));
  const packets: IlpPacket[] = data.flatMap((octets): IlpPacket[] => [
    {
      type: 12,
      amount: 5n,
      expiresAt: new Date(Date.UTC(2026, 10, 23)),
      executionCondition: new Uint8Array(32),
      destination: parseIlpAddress('g.a'),
      data: octets,
    },
    { type: 13, fulfillment: new Uint8Array(32), data: octets },
    ...['', 'a\u007f', 'x'.repeat(127)].flatMap((message): IlpPacket[] =>
      (['', parseIlpAddress('g.a'), parseIlpAddress(`g.${'a'.repeat(200)}`)] as const).map(
        (triggeredBy) => ({ type: 14, code: 'F99', triggeredBy, message, data: octets }),
      ),
    ),
  ]);

  test('with fields of any length', () => {
    const exactly = vi.spyOn(OerReader.prototype, 'readNested');
    try {
      for (const value of packets) {
        const bytes = encodePacket(value);
        expect(decodePacket(bytes).type).toBe(value.type);
        if (value.type === 12) expect(new PrepareView(bytes).amount).toBe(5n);
        if (exactly.mock.calls.length > 0) expect(value).toBe('read in one pass');
      }
      // Others are not: this would notice.
      decodePacket(Uint8Array.of(13, 0x81, 33, ...new Uint8Array(33)));
      expect(exactly).toHaveBeenCalledTimes(1);
    } finally {
      exactly.mockRestore();
    }
  });
});
