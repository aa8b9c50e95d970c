import { OerDecodeError } from '@pennyswitch/oer-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BTP_ERROR_NAMES,
  BtpType,
  ContentType,
  decodeBtpPacket,
  encodeBtpPacket,
  octetsData,
  textData,
  type BtpPacket,
  type BtpWritablePacket,
} from '../src/index.js';
import { ascii, hex } from './hex.js';

const ILP = octetsData('ilp', Uint8Array.of(0xaa, 0xbb));
const ILP_HEX = `03 ${ascii('ilp')} 00 02 aabb`;
const TIME = { epochMs: Date.UTC(2017, 7, 24, 9, 6, 57, 200), leapSecond: false };

/** Bytes worked out by hand from BilateralTransferProtocol.asn. */
const VECTORS: readonly { name: string; packet: BtpWritablePacket; bytes: string }[] = [
  {
    name: 'a Message without entries',
    packet: { type: BtpType.message, requestId: 1, protocolData: [] },
    bytes: '06 00000001 02 0100',
  },
  {
    name: 'a Message with ilp',
    packet: { type: BtpType.message, requestId: 0x01020304, protocolData: [ILP] },
    bytes: `06 01020304 0a 0101 ${ILP_HEX}`,
  },
  {
    name: 'a Response with two entries, request id 2^32 - 1',
    packet: {
      type: BtpType.response,
      requestId: 0xffff_ffff,
      protocolData: [ILP, textData('note', 'é')],
    },
    bytes: `01 ffffffff 13 0102 ${ILP_HEX} 04 ${ascii('note')} 01 02 c3a9`,
  },
  {
    name: 'a Transfer of 2^64 - 1',
    packet: {
      type: BtpType.transfer,
      requestId: 0,
      amount: 0xffff_ffff_ffff_ffffn,
      protocolData: [],
    },
    bytes: '07 00000000 0a ffffffffffffffff 0100',
  },
  {
    name: 'an Error, its time without trailing zeros',
    packet: {
      type: BtpType.error,
      requestId: 7,
      code: 'F00',
      name: 'NotAcceptedError',
      triggeredAt: TIME,
      data: Uint8Array.of(0x21),
      protocolData: [],
    },
    bytes: `02 00000007 2a ${ascii('F00')} 10 ${ascii('NotAcceptedError')} 11 ${ascii('20170824090657.2Z')} 01 21 0100`,
  },
];

describe.each(VECTORS)('$name', ({ packet, bytes }) => {
  test('is written byte for byte', () => {
    expect(encodeBtpPacket(packet)).toEqual(hex(bytes));
  });

  test('is read back, strictly and leniently', () => {
    expect(decodeBtpPacket(hex(bytes))).toEqual(packet);
    expect(decodeBtpPacket(hex(bytes), { strict: true })).toEqual(packet);
  });

  test('is TRUNCATED at every shorter length', () => {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeBtpPacket(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ name: 'OerDecodeError', code: 'TRUNCATED' }),
      );
    }
  });

  test('bytes behind it pass when lenient and are refused when strict', () => {
    const longer = Uint8Array.of(...hex(bytes), 0);
    expect(decodeBtpPacket(longer)).toEqual(packet);
    expect(() => decodeBtpPacket(longer, { strict: true })).toThrow(/TRAILING_BYTES/);
  });
});

describe('the calls of BTP 1.0 are read (BilateralTransferProtocol.asn, ids 3 to 5)', () => {
  const id = '00112233445566778899aabbccddeeff';
  const hash = '11'.repeat(32);

  test('Prepare', () => {
    const time = ascii('20170824090657.200Z');
    const packet = decodeBtpPacket(
      hex(`03 00000001 4e ${id} 0000000000000005 ${hash} 13 ${time} 0100`),
    );
    expect(packet).toEqual({
      type: BtpType.prepare,
      requestId: 1,
      transferId: hex(id),
      amount: 5n,
      executionCondition: hex(hash),
      expiresAt: TIME,
      protocolData: [],
    });
  });

  test('Fulfill', () => {
    expect(decodeBtpPacket(hex(`04 00000002 32 ${id} ${hash} 0100`))).toEqual({
      type: BtpType.fulfill,
      requestId: 2,
      transferId: hex(id),
      fulfillment: hex(hash),
      protocolData: [],
    });
  });

  test('Reject', () => {
    expect(decodeBtpPacket(hex(`05 00000003 1a ${id} 0101 ${ILP_HEX}`))).toEqual({
      type: BtpType.reject,
      requestId: 3,
      transferId: hex(id),
      protocolData: [ILP],
    });
  });
});

describe('times of Errors', () => {
  const error = (time: string): Uint8Array =>
    hex(
      `02 00000001 81${(3 + 1 + 1 + time.length + 1 + 2).toString(16).padStart(2, '0')} ${ascii('F00')} 00 ` +
        `${time.length.toString(16).padStart(2, '0')} ${ascii(time)} 00 0100`,
    );

  test.each([
    ['20170824090657.200Z', 200],
    ['20170824090657.2Z', 200],
    ['20170824090657.000Z', 0],
    ['20170824090657Z', 0],
  ])('%s is read', (text, ms) => {
    expect(decodeBtpPacket(error(text))).toMatchObject({
      triggeredAt: { epochMs: TIME.epochMs - 200 + ms },
    });
  });

  test.each(['20171324090657Z', '2017-08-24T09:06:57Z', '', '20170824090657.2+0100'])(
    '%j is refused',
    (text) => {
      expect(() => decodeBtpPacket(error(text))).toThrow(/BAD_TIME/);
    },
  );

  test('trailing zeros are refused when strict (RFC 0030)', () => {
    const whole = encodeBtpPacket({ ...(VECTORS[4]?.packet as never as BtpWritablePacket) });
    expect(() => decodeBtpPacket(whole, { strict: true })).not.toThrow();
    expect(() => decodeBtpPacket(error('20170824090657.200Z'), { strict: true })).toThrow();
  });
});

describe('what is not written', () => {
  const message = (protocolData: BtpWritablePacket['protocolData']): BtpWritablePacket => ({
    type: BtpType.message,
    requestId: 1,
    protocolData,
  });
  const error = (change: object): BtpWritablePacket => ({
    type: BtpType.error,
    requestId: 1,
    code: 'F00',
    name: 'NotAcceptedError',
    triggeredAt: TIME,
    data: new Uint8Array(0),
    protocolData: [],
    ...change,
  });

  test.each<[string, BtpWritablePacket, string]>([
    ['two entries of one name', message([ILP, ILP]), 'BAD_VALUE'],
    ['a name outside ASCII', message([octetsData('ïlp', new Uint8Array(0))]), 'BAD_TEXT'],
    ['a name of 256 characters', message([textData('n'.repeat(256), '')]), 'TOO_LONG'],
    [
      '256 entries',
      message(Array.from({ length: 256 }, (_, i) => textData(String(i), ''))),
      'TOO_LONG',
    ],
    ['a content type of 256', message([{ ...ILP, contentType: 256 }]), 'OUT_OF_RANGE'],
    ['a request id of 2^32', { ...message([]), requestId: 2 ** 32 }, 'OUT_OF_RANGE'],
    ['a request id of -1', { ...message([]), requestId: -1 }, 'OUT_OF_RANGE'],
    [
      'an amount of 2^64',
      { type: BtpType.transfer, requestId: 1, amount: 1n << 64n, protocolData: [] },
      'OUT_OF_RANGE',
    ],
    [
      'a negative amount',
      { type: BtpType.transfer, requestId: 1, amount: -1n, protocolData: [] },
      'OUT_OF_RANGE',
    ],
    ['an error code of two characters', error({ code: 'F0' }), 'BAD_VALUE'],
    ['an error code outside ASCII', error({ code: 'F0é' }), 'BAD_TEXT'],
    ['error data of 8193 bytes', error({ data: new Uint8Array(8193) }), 'TOO_LONG'],
    [
      'a time that is none',
      error({ triggeredAt: { epochMs: NaN, leapSecond: false } }),
      'BAD_TIME',
    ],
  ])('%s', (_, packet, code) => {
    expect(() => encodeBtpPacket(packet)).toThrow(
      expect.objectContaining({ name: 'OerEncodeError', code }),
    );
  });

  test('error data of 8192 bytes, 255 entries and names of 255 characters are', () => {
    const packet = error({
      data: new Uint8Array(8192),
      protocolData: Array.from({ length: 255 }, (_, i) => textData(String(i).padEnd(255, 'x'), '')),
    });
    expect(decodeBtpPacket(encodeBtpPacket(packet), { strict: true })).toEqual(packet);
  });
});

describe('what is not read', () => {
  test.each([
    ['two entries of one name', `06 00000001 12 0102 ${ILP_HEX} ${ILP_HEX}`, 'BAD_VALUE'],
    ['type 0', '00 00000001 02 0100', 'OUT_OF_RANGE'],
    ['type 8', '08 00000001 02 0100', 'OUT_OF_RANGE'],
    ['a name outside ASCII', '06 00000001 08 0101 03 ef6c70 00 00', 'BAD_TEXT'],
    ['a count that the bytes cannot hold', '06 00000001 06 04ffffffff 00', 'TRUNCATED'],
    ['a count of no bytes', '06 00000001 01 00', 'LENGTH_INVALID'],
    ['a length of 2^56 bytes', '06 00000001 88 0100000000000000', 'TRUNCATED'],
    ['a length of a length of 0', '06 00000001 80', 'LENGTH_INVALID'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeBtpPacket(hex(bytes))).toThrow(
      expect.objectContaining({ name: 'OerDecodeError', code }),
    );
  });

  test('lengths in the long form pass when lenient and are refused when strict', () => {
    const bytes = hex('06 00000001 8102 0100');
    expect(decodeBtpPacket(bytes)).toMatchObject({ requestId: 1 });
    expect(() => decodeBtpPacket(bytes, { strict: true })).toThrow(/NON_CANONICAL/);
  });
});

describe('any packet', () => {
  const protocolData = fc.uniqueArray(
    fc.record({
      protocolName: fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      contentType: fc.nat(255),
      data: fc.uint8Array({ maxLength: 200 }),
    }),
    { selector: ({ protocolName }) => protocolName, maxLength: 6 },
  );
  const requestId = fc.nat(0xffff_ffff);
  const packet: fc.Arbitrary<BtpWritablePacket> = fc.oneof(
    fc.record({
      type: fc.constantFrom(BtpType.message, BtpType.response),
      requestId,
      protocolData,
    }),
    fc.record({
      type: fc.constant(BtpType.transfer),
      requestId,
      amount: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
      protocolData,
    }),
    fc.record({
      type: fc.constant(BtpType.error),
      requestId,
      code: fc.constantFrom(...Object.keys(BTP_ERROR_NAMES)),
      name: fc.constantFrom(...Object.values(BTP_ERROR_NAMES)),
      triggeredAt: fc.record({
        epochMs: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
        leapSecond: fc.constant(false),
      }),
      data: fc.uint8Array({ maxLength: 300 }),
      protocolData,
    }),
  );

  test('comes back from its bytes, which are canonical', () => {
    fc.assert(
      fc.property(packet, (value) => {
        expect(decodeBtpPacket(encodeBtpPacket(value), { strict: true })).toEqual(value);
      }),
    );
  });

  test('that is read strictly and can be written is written as it came', () => {
    const flip = fc.tuple(packet, fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(flip, ([value, at, octet]) => {
        const bytes = encodeBtpPacket(value).slice();
        bytes[at % bytes.length] = octet;
        const read = readOrUndefined(bytes);
        if (read === undefined || (read.type >= 3 && read.type <= 5)) return;
        expect(encodeBtpPacket(read as BtpWritablePacket)).toEqual(bytes);
      }),
    );
  });

  test('any bytes are read or refused with an OerDecodeError', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .tuple(fc.nat(8), fc.uint8Array({ maxLength: 60 }))
        .map(([type, rest]) => Uint8Array.of(type, 0, 0, 0, 1, rest.length, ...rest)),
    );
    fc.assert(
      fc.property(bytes, (octets) => void readOrUndefined(octets)),
      { numRuns: 2000 },
    );
  });

  function readOrUndefined(bytes: Uint8Array): BtpPacket | undefined {
    try {
      return decodeBtpPacket(bytes, { strict: true });
    } catch (error) {
      if (!(error instanceof OerDecodeError)) throw error;
      return undefined;
    }
  }
});

test('content types are those of RFC 0023', () => {
  expect(ContentType).toEqual({ octetStream: 0, textPlainUtf8: 1, json: 2 });
});
