import { OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec';
import { describe, expect, it } from 'vitest';
import {
  decodeStreamPacket,
  encodeStreamPacket,
  MAX_STREAM_PACKET_LENGTH,
  sizeOfStreamPacket,
  type StreamFrame,
  type StreamPacket,
} from '../src/index.js';
import { hex, toHex } from './hex.js';
import { VECTORS } from './vectors.js';

const EMPTY: StreamPacket = { ilpPacketType: 12, sequence: 0, prepareAmount: 0n, frames: [] };

function withFrame(frame: StreamFrame): StreamPacket {
  return { ...EMPTY, frames: [frame] };
}

function decodeError(bytes: string): string {
  try {
    decodeStreamPacket(hex(bytes));
  } catch (error) {
    if (error instanceof OerDecodeError) return error.code;
    throw error;
  }
  return 'no error';
}

function encodeError(packet: StreamPacket, padTo = 0): string {
  try {
    encodeStreamPacket(packet, { padTo });
  } catch (error) {
    if (error instanceof OerEncodeError) return error.code;
    throw error;
  }
  return 'no error';
}

describe("RFC 0029's test vectors", () => {
  it.each(VECTORS)('reads $name', ({ bytes, packet }) => {
    expect(decodeStreamPacket(hex(bytes))).toEqual(packet);
  });

  it.each(VECTORS.filter((vector) => vector.decodeOnly !== true))(
    'writes $name',
    ({ bytes, packet }) => {
      expect(toHex(encodeStreamPacket(packet))).toBe(toHex(hex(bytes)));
      expect(sizeOfStreamPacket(packet)).toBe(hex(bytes).length);
    },
  );
});

describe('what a reader ignores (RFC 0029 5.2, 5.3)', () => {
  it('leaves frames of unknown types out and reads those behind them', () => {
    const packet = decodeStreamPacket(
      hex('01 0c 0100 0100 0103 08 03 aabbcc ff 00 11 04 0101 0101'),
    );
    expect(packet.frames).toEqual([{ type: 'StreamMoney', streamId: 1, shares: 1n }]);
  });

  it('ignores whatever follows the last frame', () => {
    expect(decodeStreamPacket(hex('01 0c 0100 0100 0100 deadbeef'))).toEqual(EMPTY);
  });

  it('ignores fields that a later version appends to a frame', () => {
    const packet = decodeStreamPacket(hex('01 0c 0100 0100 0101 11 06 0101 0101 cafe'));
    expect(packet.frames).toEqual([{ type: 'StreamMoney', streamId: 1, shares: 1n }]);
  });

  it('reads an integer with leading zeros', () => {
    expect(decodeStreamPacket(hex('01 0c 03000005 0100 0100')).sequence).toBe(5);
  });

  it('reads the empty address with which a deployed client asks for the asset', () => {
    const { frames } = decodeStreamPacket(hex('01 0c 0100 0100 0101 02 01 00'));
    expect(frames).toEqual([{ type: 'ConnectionNewAddress', sourceAddress: '' }]);
  });
});

describe('what a reader refuses', () => {
  it.each([
    ['nothing at all', '', 'TRUNCATED'],
    ['another version', '02 0c 0100 0100 0100', 'BAD_VALUE'],
    ['an ILP packet type that does not exist', '01 0b 0100 0100 0100', 'BAD_VALUE'],
    ['an amount beyond 64 bits', '01 0c 0100 09 010000000000000000 0100', 'OUT_OF_RANGE'],
    ['an integer of no bytes', '01 0c 00 0100 0100', 'LENGTH_INVALID'],
    ['more frames than there are bytes', '01 0c 0100 0100 04ffffffff', 'TRUNCATED'],
    ['a frame that is cut off', '01 0c 0100 0100 0101 11 04 0101 01', 'TRUNCATED'],
    ['a field that ends beyond its frame', '01 0c 0100 0100 0101 11 03 0101 0101', 'TRUNCATED'],
    [
      'shares beyond 64 bits',
      '01 0c 0100 0100 0101 11 0c 0101 09 010000000000000000',
      'OUT_OF_RANGE',
    ],
    ['an address that is none', '01 0c 0100 0100 0101 02 03 02 672e', 'BAD_VALUE'],
    ['a message that is no UTF-8', '01 0c 0100 0100 0101 01 04 01 02 fffe', 'BAD_TEXT'],
  ])('%s', (_, bytes, code) => {
    expect(decodeError(bytes)).toBe(code);
  });
});

describe('padding', () => {
  it('appends zero bytes up to the length that is asked for', () => {
    const padded = encodeStreamPacket(EMPTY, { padTo: 20 });
    expect(toHex(padded)).toBe('010c010001000100'.padEnd(40, '0'));
    expect(decodeStreamPacket(padded)).toEqual(EMPTY);
  });

  it('leaves a packet alone that is longer', () => {
    expect(encodeStreamPacket(EMPTY, { padTo: 3 })).toHaveLength(8);
  });

  it('fills the largest packet that an ILP packet can carry', () => {
    expect(encodeStreamPacket(EMPTY, { padTo: MAX_STREAM_PACKET_LENGTH })).toHaveLength(32_739);
  });
});

describe('what a writer refuses', () => {
  const data = (length: number): StreamPacket =>
    withFrame({ type: 'StreamData', streamId: 1, offset: 0, data: new Uint8Array(length) });

  it('a packet that does not fit into an ILP packet', () => {
    expect(encodeError(data(MAX_STREAM_PACKET_LENGTH - 19))).toBe('no error');
    expect(encodeError(data(MAX_STREAM_PACKET_LENGTH - 18))).toBe('TOO_LONG');
    expect(encodeError(EMPTY, MAX_STREAM_PACKET_LENGTH + 1)).toBe('TOO_LONG');
  });

  it.each<[string, StreamPacket]>([
    ['an amount of 2^64', { ...EMPTY, prepareAmount: 2n ** 64n }],
    ['a negative amount', { ...EMPTY, prepareAmount: -1n }],
    ['a negative sequence', { ...EMPTY, sequence: -1 }],
    ['half a sequence', { ...EMPTY, sequence: 0.5 }],
    ['a sequence that is no number', { ...EMPTY, sequence: NaN }],
    ['shares of 2^64', withFrame({ type: 'StreamMoney', streamId: 1, shares: 2n ** 64n })],
    ['an offset that is not exact', withFrame({ type: 'ConnectionMaxData', maxOffset: 2 ** 53 })],
    [
      'an error code of 256',
      withFrame({ type: 'ConnectionClose', errorCode: 256, errorMessage: '' }),
    ],
  ])('%s', (_, packet) => {
    expect(encodeError(packet)).toBe('OUT_OF_RANGE');
  });
});
