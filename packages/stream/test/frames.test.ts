import { OerDecodeError } from '@pennyswitch/oer-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeStreamPacket,
  encodeStreamPacket,
  FRAME_TYPE_IDS,
  sizeOfFrame,
  type StreamFrame,
  type StreamPacket,
} from '../src/index.js';

const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constant(Infinity));
const byte = fc.nat(255);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 200 });
const frameOf = <T extends StreamFrame['type']>(
  type: T,
  fields: {
    [K in Exclude<keyof Extract<StreamFrame, { type: T }>, 'type'>]: fc.Arbitrary<
      Extract<StreamFrame, { type: T }>[K]
    >;
  },
): fc.Arbitrary<StreamFrame> =>
  fc.record({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<StreamFrame>;

const ARBITRARY: { readonly [T in StreamFrame['type']]: fc.Arbitrary<StreamFrame> } = {
  ConnectionClose: frameOf('ConnectionClose', { errorCode: byte, errorMessage: text }),
  ConnectionNewAddress: frameOf('ConnectionNewAddress', {
    sourceAddress: fc.constantFrom('', 'g.a', 'test.some.where~1') as never,
  }),
  ConnectionMaxData: frameOf('ConnectionMaxData', { maxOffset: number }),
  ConnectionDataBlocked: frameOf('ConnectionDataBlocked', { maxOffset: number }),
  ConnectionMaxStreamId: frameOf('ConnectionMaxStreamId', { maxStreamId: number }),
  ConnectionStreamIdBlocked: frameOf('ConnectionStreamIdBlocked', { maxStreamId: number }),
  ConnectionAssetDetails: frameOf('ConnectionAssetDetails', { assetCode: text, assetScale: byte }),
  StreamClose: frameOf('StreamClose', { streamId: number, errorCode: byte, errorMessage: text }),
  StreamMoney: frameOf('StreamMoney', { streamId: number, shares: amount }),
  StreamMaxMoney: frameOf('StreamMaxMoney', {
    streamId: number,
    receiveMax: amount,
    totalReceived: amount,
  }),
  StreamMoneyBlocked: frameOf('StreamMoneyBlocked', {
    streamId: number,
    sendMax: amount,
    totalSent: amount,
  }),
  StreamData: frameOf('StreamData', { streamId: number, offset: number, data: bytes }),
  StreamMaxData: frameOf('StreamMaxData', { streamId: number, maxOffset: number }),
  StreamDataBlocked: frameOf('StreamDataBlocked', { streamId: number, maxOffset: number }),
  StreamReceipt: frameOf('StreamReceipt', { streamId: number, receipt: bytes }),
};

const anyFrame = fc.oneof(...Object.values(ARBITRARY));
const anyPacket: fc.Arbitrary<StreamPacket> = fc.record({
  ilpPacketType: fc.constantFrom(12 as const, 13 as const, 14 as const),
  sequence: number,
  prepareAmount: amount,
  frames: fc.array(anyFrame, { maxLength: 20 }),
});

describe('every frame', () => {
  it.each(Object.entries(ARBITRARY))('%s survives writing and reading', (type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (frame) => {
        const packet: StreamPacket = {
          ilpPacketType: 12,
          sequence: 0,
          prepareAmount: 0n,
          frames: [frame],
        };
        const written = encodeStreamPacket(packet);
        expect(written[8]).toBe(FRAME_TYPE_IDS[type as StreamFrame['type']]);
        expect(written.length - 8).toBe(sizeOfFrame(frame));
        expect(decodeStreamPacket(written)).toEqual(packet);
      }),
    );
  });

  it('survives in company, whatever the packet', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(50), (packet, junk) => {
        const written = encodeStreamPacket(packet);
        expect(decodeStreamPacket(written)).toEqual(packet);
        const longer = new Uint8Array(written.length + junk).fill(0xa5);
        longer.set(written);
        expect(decodeStreamPacket(longer)).toEqual(packet);
      }),
    );
  });
});

describe('an amount of more than 64 bits', () => {
  const decodeFrame = (...frame: number[]): StreamFrame | undefined =>
    decodeStreamPacket(Uint8Array.of(1, 12, 1, 0, 1, 0, 1, 1, ...frame)).frames[0];
  const NINE_BYTES = [9, 1, 0, 0, 0, 0, 0, 0, 0, 0];

  it('is read as 2^64 - 1 where it is a limit: receiveMax and sendMax (RFC 0029 5.1.4)', () => {
    const maximum = 2n ** 64n - 1n;
    expect(decodeFrame(0x12, 14, 1, 1, ...NINE_BYTES, 1, 5)).toEqual({
      type: 'StreamMaxMoney',
      streamId: 1,
      receiveMax: maximum,
      totalReceived: 5n,
    });
    expect(decodeFrame(0x13, 14, 1, 1, ...NINE_BYTES, 1, 6)).toEqual({
      type: 'StreamMoneyBlocked',
      streamId: 1,
      sendMax: maximum,
      totalSent: 6n,
    });
  });

  it.each([
    ['shares', [0x11, 12, 1, 1, ...NINE_BYTES]],
    ['totalReceived', [0x12, 14, 1, 1, 1, 5, ...NINE_BYTES]],
    ['totalSent', [0x13, 14, 1, 1, 1, 5, ...NINE_BYTES]],
  ])('is refused where it counts money: %s', (_, frame) => {
    expect(() => decodeFrame(...frame)).toThrow(OerDecodeError);
  });
});

describe('hostile bytes', () => {
  const readsOrRefuses = (input: Uint8Array): void => {
    try {
      decodeStreamPacket(input);
    } catch (error) {
      expect(error).toBeInstanceOf(OerDecodeError);
    }
  };

  it('any bytes are read or refused with a decode error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readsOrRefuses), { numRuns: 2000 });
  });

  it('a valid packet with one byte changed is read or refused with a decode error', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(), byte, (packet, place, value) => {
        const written = encodeStreamPacket(packet);
        written[place % written.length] = value;
        readsOrRefuses(written);
      }),
      { numRuns: 1000 },
    );
  });

  it('a valid packet that is cut off anywhere before its end is refused', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(), (packet, place) => {
        const written = encodeStreamPacket(packet);
        expect(() => decodeStreamPacket(written.subarray(0, place % written.length))).toThrow(
          OerDecodeError,
        );
      }),
    );
  });
});
