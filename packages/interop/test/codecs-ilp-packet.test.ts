/** Our packets against npm ilp-packet 3: the same bytes, each reads the other's, and where the peer breaks the RFC. */
import {
  decodeAmountTooLargeData,
  decodePrepare,
  decodeReject,
  decodeFulfill,
  encodeAmountTooLargeData,
  encodeFulfill,
  encodePrepare,
  encodeReject,
} from '@pennyswitch/ilp-packet';
import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { seededRandom } from '@pennyswitch/testkit';
import * as npm from 'ilp-packet';
import { describe, expect, test } from 'vitest';
import { fulfillOf, prepareOf, rejectOf, RUNS, uintOf } from './codecs-values.js';

/** Stops at the first pair that differs, cheap for those that do not. */
function same(ours: unknown, theirs: unknown, of: unknown): void {
  if (ours !== theirs) expect({ of, value: ours }).toEqual({ of, value: theirs });
}

function sameBytes(ours: Uint8Array, theirs: Uint8Array, of: unknown): void {
  if (Buffer.compare(ours, theirs) !== 0)
    expect({ of, value: ours }).toEqual({ of, value: theirs });
}

const TIMEOUT = 60_000 + RUNS;

describe(`over ${RUNS} packets of each type the bytes are equal, and each reads the other's`, () => {
  test(
    'Prepare',
    () => {
      const random = seededRandom(1);
      for (let i = 0; i < RUNS; i++) {
        const prepare = prepareOf(random);
        const ours = encodePrepare(prepare);
        const theirs = npm.serializeIlpPrepare({
          ...prepare,
          amount: String(prepare.amount),
          executionCondition: Buffer.from(prepare.executionCondition),
          data: Buffer.from(prepare.data),
        });
        sameBytes(ours, theirs, prepare);
        const byUs = decodePrepare(theirs, { strict: true });
        const byThem = npm.deserializeIlpPrepare(Buffer.from(ours));
        same(String(byUs.amount), byThem.amount, prepare);
        same(byUs.expiresAt.getTime(), byThem.expiresAt.getTime(), prepare);
        same(byUs.destination, byThem.destination, prepare);
        sameBytes(byUs.executionCondition, byThem.executionCondition, prepare);
        sameBytes(byUs.data, byThem.data, prepare);
      }
    },
    TIMEOUT,
  );

  test(
    'Fulfill',
    () => {
      const random = seededRandom(2);
      for (let i = 0; i < RUNS; i++) {
        const fulfill = fulfillOf(random);
        const ours = encodeFulfill(fulfill);
        const theirs = npm.serializeIlpFulfill({
          fulfillment: Buffer.from(fulfill.fulfillment),
          data: Buffer.from(fulfill.data),
        });
        sameBytes(ours, theirs, fulfill);
        const byUs = decodeFulfill(theirs, { strict: true });
        const byThem = npm.deserializeIlpFulfill(Buffer.from(ours));
        sameBytes(byUs.fulfillment, byThem.fulfillment, fulfill);
        sameBytes(byUs.data, byThem.data, fulfill);
      }
    },
    TIMEOUT,
  );

  test(
    'Reject',
    () => {
      const random = seededRandom(3);
      for (let i = 0; i < RUNS; i++) {
        const reject = rejectOf(random);
        const ours = encodeReject(reject);
        const theirs = npm.serializeIlpReject({
          ...reject,
          code: reject.code,
          data: Buffer.from(reject.data),
        });
        sameBytes(ours, theirs, reject);
        const byUs = decodeReject(theirs, { strict: true });
        const byThem = npm.deserializeIlpReject(Buffer.from(ours));
        same(byUs.code, byThem.code, reject);
        same(byUs.triggeredBy, byThem.triggeredBy, reject);
        same(byUs.message, byThem.message, reject);
        sameBytes(byUs.data, byThem.data, reject);
      }
    },
    TIMEOUT,
  );

  test(
    'the data of F08, which the peer has no reader for',
    () => {
      const random = seededRandom(4);
      for (let i = 0; i < RUNS; i++) {
        const amounts = { receivedAmount: uintOf(random, 64), maximumAmount: uintOf(random, 64) };
        const theirs = new npm.Errors.AmountTooLargeError('too large', {
          receivedAmount: String(amounts.receivedAmount),
          maximumAmount: String(amounts.maximumAmount),
        }).ilpErrorData;
        sameBytes(encodeAmountTooLargeData(amounts), theirs, amounts);
        const byUs = decodeAmountTooLargeData(theirs);
        same(byUs.receivedAmount, amounts.receivedAmount, amounts);
        same(byUs.maximumAmount, amounts.maximumAmount, amounts);
      }
    },
    TIMEOUT,
  );
});

describe('where the peer breaks the RFC, and we do not', () => {
  const prepare = {
    amount: 1n,
    expiresAt: new Date('2026-11-23T10:00:00Z'),
    executionCondition: new Uint8Array(32),
    destination: parseIlpAddress('g.a'),
    data: new Uint8Array(0),
  };
  const theirPrepare = {
    ...prepare,
    amount: '1',
    destination: 'g.a',
    executionCondition: Buffer.alloc(32),
    data: Buffer.alloc(0),
  };
  const theirBytes = (change: Partial<typeof theirPrepare>): Buffer =>
    npm.serializeIlpPrepare({ ...theirPrepare, ...change });
  const withTime = (digits: string): Buffer => {
    const bytes = theirBytes({});
    bytes.write(digits, 10, 'ascii');
    return bytes;
  };

  test('it sends the amount 2^64 as 0', () => {
    expect(npm.deserializeIlpPrepare(theirBytes({ amount: String(2n ** 64n) })).amount).toBe('0');
    expect(() => encodePrepare({ ...prepare, amount: 2n ** 64n })).toThrow('OUT_OF_RANGE');
  });

  test('it sends g.\u0161a as g.aa, another valid address', () => {
    expect(npm.deserializeIlpPrepare(theirBytes({ destination: 'g.\u0161a' })).destination).toBe(
      'g.aa',
    );
    expect(() => encodePrepare({ ...prepare, destination: 'g.\u0161a' as IlpAddress })).toThrow(
      'BAD_VALUE',
    );
  });

  test('it writes destinations that it cannot read', () => {
    const bytes = theirBytes({ destination: 'bogus address!' });
    expect(() => npm.deserializeIlpPrepare(bytes)).toThrow();
    expect(() => decodePrepare(bytes)).toThrow(OerDecodeError);
    expect(() =>
      encodePrepare({ ...prepare, destination: 'bogus address!' as IlpAddress }),
    ).toThrow('BAD_VALUE');
  });

  test('it reads month 13, day 99, hour 25 as another date', () => {
    const bytes = withTime('20301399256199999');
    expect(npm.deserializeIlpPrepare(bytes).expiresAt.getUTCFullYear()).toBe(2031);
    expect(() => decodePrepare(bytes)).toThrow('BAD_TIME');
  });

  test('it refuses 1970-01-01T00:00:00.000Z and takes the year 50 for 1950', () => {
    expect(() => npm.deserializeIlpPrepare(withTime('19700101000000000'))).toThrow('invalid date');
    expect(decodePrepare(withTime('19700101000000000')).expiresAt.getTime()).toBe(0);
    const year50 = withTime('00500101000000000');
    expect(npm.deserializeIlpPrepare(year50).expiresAt.getUTCFullYear()).toBe(1950);
    expect(decodePrepare(year50).expiresAt.getUTCFullYear()).toBe(50);
  });

  test('it bounds neither data nor message', () => {
    const large = theirBytes({ data: Buffer.alloc(100_000) });
    expect(npm.deserializeIlpPrepare(large).data).toHaveLength(100_000);
    expect(() => decodePrepare(large)).toThrow('TOO_LONG');
    const reject = npm.serializeIlpReject({
      code: 'F00',
      triggeredBy: '',
      message: 'x'.repeat(8192),
      data: Buffer.alloc(0),
    });
    expect(npm.deserializeIlpReject(reject).message).toHaveLength(8192);
    expect(() => decodeReject(reject)).toThrow('TOO_LONG');
  });

  test('it passes error codes of any three bytes', () => {
    const code = '\n\0Z' as npm.IlpErrorCode;
    const bytes = npm.serializeIlpReject({
      code,
      triggeredBy: '',
      message: '',
      data: Buffer.alloc(0),
    });
    expect(npm.deserializeIlpReject(bytes).code).toBe('\n\0Z');
    expect(() => decodeReject(bytes)).toThrow('BAD_VALUE');
    expect(() =>
      encodeReject({
        code: code,
        triggeredBy: '',
        message: '',
        data: new Uint8Array(0),
      }),
    ).toThrow('BAD_VALUE');
  });

  test('it throws a RangeError of Buffer for packets that are cut off', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([12])]) {
      expect(() => npm.deserializeIlpPrepare(bytes)).toThrow(RangeError);
      expect(() => decodePrepare(bytes)).toThrow(OerDecodeError);
    }
  });

  test('it refuses lengths in longer forms, which RFC 0027 lets pass ("Packet Format")', () => {
    const bytes = theirBytes({});
    const loose = Buffer.concat([Buffer.from([12, 0x82, 0, bytes.length - 2]), bytes.subarray(2)]);
    expect(() => npm.deserializeIlpPrepare(loose)).toThrow('not canonical');
    expect(decodePrepare(loose).amount).toBe(1n);
  });
});
