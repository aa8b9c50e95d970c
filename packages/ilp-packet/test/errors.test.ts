import { parseIlpAddress } from '@pennyswitch/ilp-address';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  amountTooLarge,
  conditionOf,
  decodeAmountTooLargeData,
  decodeReject,
  encodeAmountTooLargeData,
  ILP_ERROR_NAMES,
  ilpErrorClass,
  IlpError,
  ilpErrorName,
  isFulfillmentOf,
  isIlpErrorCode,
  PEER_PROTOCOL_CONDITION,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpErrorCode,
} from '../src/index.js';
import { isSha256Of as browserIsSha256Of, sha256 as browserSha256 } from '../src/sha256.browser.js';
import { isSha256Of as nodeIsSha256Of, sha256 as nodeSha256 } from '../src/sha256.node.js';
import { expectSame, hash, hex, reject, toHex } from './arbitraries.js';

describe('RFC 0027 "Error Codes"', () => {
  test.each([
    ['F00', 'Bad Request', 'final'],
    ['F01', 'Invalid Packet', 'final'],
    ['F02', 'Unreachable', 'final'],
    ['F03', 'Invalid Amount', 'final'],
    ['F04', 'Insufficient Destination Amount', 'final'],
    ['F05', 'Wrong Condition', 'final'],
    ['F06', 'Unexpected Payment', 'final'],
    ['F07', 'Cannot Receive', 'final'],
    ['F08', 'Amount Too Large', 'final'],
    ['F99', 'Application Error', 'final'],
    ['T00', 'Internal Error', 'temporary'],
    ['T01', 'Peer Unreachable', 'temporary'],
    ['T02', 'Peer Busy', 'temporary'],
    ['T03', 'Connector Busy', 'temporary'],
    ['T04', 'Insufficient Liquidity', 'temporary'],
    ['T05', 'Rate Limited', 'temporary'],
    ['T99', 'Application Error', 'temporary'],
    ['R00', 'Transfer Timed Out', 'relative'],
    ['R01', 'Insufficient Source Amount', 'relative'],
    ['R02', 'Insufficient Timeout', 'relative'],
    ['R99', 'Application Error', 'relative'],
  ] as const)('%s is %s, %s', (code, name, kind) => {
    expect(ilpErrorName(code)).toBe(name);
    expect(ilpErrorClass(code)).toBe(kind);
    expect(new IlpError(code, '').errorClass).toBe(kind);
    expect(isIlpErrorCode(code)).toBe(true);
  });

  test('are 21; a later document may add others', () => {
    expect(Object.keys(ILP_ERROR_NAMES)).toHaveLength(21);
    expect(ilpErrorName('F09')).toBe('F09');
    expect(isIlpErrorCode('F09')).toBe(true);
    for (const text of ['F9', 'G00', 'F0x', 'F000']) expect(isIlpErrorCode(text)).toBe(false);
  });
});

describe('an IlpError', () => {
  test('becomes a Reject and comes back', () => {
    fc.assert(
      fc.property(reject, (value) => {
        const error = IlpError.fromReject(value);
        expectSame(error.toReject(), value);
        expectSame(decodeReject(error.encode()), value);
      }),
      { numRuns: 50 },
    );
  });

  test('names the node that rejects where it names no other', () => {
    const self = parseIlpAddress('g.me');
    expect(new IlpError('F02', 'no route').toReject(self).triggeredBy).toBe('g.me');
    expect(new IlpError('F02', 'no route').toReject().triggeredBy).toBe('');
    const named = new IlpError('F02', 'no route', { triggeredBy: parseIlpAddress('g.other') });
    expect(named.toReject(self).triggeredBy).toBe('g.other');
    expect(decodeReject(new IlpError('F02', 'x').encode(self)).triggeredBy).toBe('g.me');
  });

  test('is an Error with its code and cause, and no data unless given', () => {
    const cause = new Error('why');
    const error = new IlpError('T00' satisfies IlpErrorCode, 'message', { cause });
    expect(error).toMatchObject({ name: 'IlpError', code: 'T00', message: 'message', cause });
    expect(error.data).toHaveLength(0);
  });
});

describe('F08 data (InterledgerErrorData.asn)', () => {
  test('is two unsigned integers of 64 bits', () => {
    const data = { receivedAmount: 4660n, maximumAmount: 2n ** 64n - 1n };
    const bytes = '0000000000001234 ffffffffffffffff';
    expect(toHex(encodeAmountTooLargeData(data))).toBe(toHex(hex(bytes)));
    expect(decodeAmountTooLargeData(hex(bytes))).toEqual(data);
    expect(decodeAmountTooLargeData(hex(`${bytes} 00`))).toEqual(data);
    expect(() => decodeAmountTooLargeData(hex(bytes).slice(1))).toThrow(
      'TRUNCATED at byte 8 in maximumAmount',
    );
    for (let length = 0; length < 8; length++) {
      expect(() => decodeAmountTooLargeData(new Uint8Array(length))).toThrow(
        'TRUNCATED at byte 0 in receivedAmount',
      );
    }
    for (const field of ['receivedAmount', 'maximumAmount'] as const) {
      for (const amount of [-1n, 2n ** 64n]) {
        expect(() => encodeAmountTooLargeData({ ...data, [field]: amount })).toThrow(
          `OUT_OF_RANGE in ${field}`,
        );
      }
    }
  });

  test('is what amountTooLarge carries', () => {
    const error = amountTooLarge({ receivedAmount: 5n, maximumAmount: 3n });
    expect(error.code).toBe('F08');
    expect(decodeAmountTooLargeData(error.data)).toEqual({ receivedAmount: 5n, maximumAmount: 3n });
    expect(error.message).toContain('maxAmount=3');
  });
});

describe('conditions (RFC 0027 "Condition and Fulfillment")', () => {
  test('are the SHA-256 of the fulfillment; node and browser make the same', () => {
    fc.assert(
      fc.property(fc.oneof(hash, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        expect(toHex(browserSha256(bytes))).toBe(toHex(nodeSha256(bytes)));
        expect(toHex(conditionOf(bytes))).toBe(toHex(nodeSha256(bytes)));
      }),
    );
    expect(toHex(conditionOf(hex('')))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', // FIPS 180-4: of the empty message
    );
  });

  test('are recognised alike with Node and without it, each byte of them', () => {
    fc.assert(
      fc.property(
        hash,
        fc.nat({ max: 31 }),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const digest = nodeSha256(bytes);
          expect([nodeIsSha256Of(bytes, digest), browserIsSha256Of(bytes, digest)]).toEqual([
            true,
            true,
          ]);
          digest[at] = (digest[at] ?? 0) ^ flip;
          expect([nodeIsSha256Of(bytes, digest), browserIsSha256Of(bytes, digest)]).toEqual([
            false,
            false,
          ]);
        },
      ),
    );
  });

  test('are fulfilled by their preimage only', () => {
    fc.assert(
      fc.property(hash, fc.nat(31), fc.integer({ min: 1, max: 255 }), (fulfillment, at, change) => {
        const condition = conditionOf(fulfillment);
        expect(isFulfillmentOf(fulfillment, condition)).toBe(true);
        const other = condition.slice();
        other[at] = (other[at] as number) ^ change;
        expect(isFulfillmentOf(fulfillment, other)).toBe(false);
      }),
    );
  });

  test('and fulfillments have 32 bytes', () => {
    const short = new Uint8Array(31);
    const long = new Uint8Array(33);
    expect(isFulfillmentOf(short, conditionOf(short))).toBe(false);
    expect(isFulfillmentOf(long, conditionOf(long))).toBe(false);
    const right = new Uint8Array(32);
    expect(isFulfillmentOf(right, conditionOf(right).slice(0, 31))).toBe(false);
    expect(isFulfillmentOf(right, Uint8Array.of(...conditionOf(right), 0))).toBe(false);
  });

  test('of bilateral protocols is that of 32 zero bytes (RFC 0031 "Packet")', () => {
    expect(PEER_PROTOCOL_FULFILLMENT).toEqual(new Uint8Array(32));
    expect(PEER_PROTOCOL_CONDITION).toEqual(conditionOf(PEER_PROTOCOL_FULFILLMENT));
  });
});
