import type { StreamFrame, StreamPacket } from '../src/index.js';
import { hex } from './hex.js';

/**
 * The facts of RFC 0029's test vectors (interledger/rfcs, 0029-stream/test-vectors/StreamPacketFixtures.json), typed anew:
 * name, the packet's bytes before encryption, and what they stand for.
 */
export interface Vector {
  readonly name: string;
  readonly bytes: string;
  readonly packet: StreamPacket;
  /** Bytes that are read but that no encoder writes: integers beyond 64 bits. */
  readonly decodeOnly?: true;
}

/** 2^53 - 1, and 2^64 - 1 as an amount; as an offset or stream id the latter is Infinity. */
const MAX_JS = Number.MAX_SAFE_INTEGER;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

function packet(fields: Partial<StreamPacket>): StreamPacket {
  return { ilpPacketType: 12, sequence: 0, prepareAmount: 0n, frames: [], ...fields };
}

/** A Prepare of amount 0 and sequence 0 with one frame. */
function oneFrame(name: string, bytes: string, frame: StreamFrame): Vector {
  return { name, bytes: `01 0c 0100 0100 0101 ${bytes}`, packet: packet({ frames: [frame] }) };
}

/** A frame of one limit: 0, 2^53 - 1 and 2^64 - 1. */
function limits(name: string, id: string, frame: (limit: number) => StreamFrame): Vector[] {
  return [
    oneFrame(`${name} 0`, `${id} 02 0100`, frame(0)),
    oneFrame(`${name} 2^53 - 1`, `${id} 08 07 1fffffffffffff`, frame(MAX_JS)),
    oneFrame(`${name} 2^64 - 1`, `${id} 09 08 ffffffffffffffff`, frame(Infinity)),
  ];
}

/** A frame of one limit for stream 123. */
function streamLimits(name: string, id: string, frame: (limit: number) => StreamFrame): Vector[] {
  return [
    oneFrame(`${name} 0`, `${id} 04 017b 0100`, frame(0)),
    oneFrame(`${name} 2^53 - 1`, `${id} 0a 017b 07 1fffffffffffff`, frame(MAX_JS)),
    oneFrame(`${name} 2^64 - 1`, `${id} 0b 017b 08 ffffffffffffffff`, frame(Infinity)),
  ];
}

/** A frame of two amounts for stream 123: each is 0, 2^53 - 1 and 2^64 - 1 while the other is 456. */
function twoAmounts(
  name: string,
  id: string,
  frame: (first: bigint, second: bigint) => StreamFrame,
): Vector[] {
  return [
    oneFrame(`${name}, first 0`, `${id} 07 017b 0100 0201c8`, frame(0n, 456n)),
    oneFrame(
      `${name}, first 2^53 - 1`,
      `${id} 0d 017b 07 1fffffffffffff 0201c8`,
      frame(BigInt(MAX_JS), 456n),
    ),
    oneFrame(
      `${name}, first 2^64 - 1`,
      `${id} 0e 017b 08 ffffffffffffffff 0201c8`,
      frame(MAX_U64, 456n),
    ),
    oneFrame(`${name}, second 0`, `${id} 07 017b 0201c8 0100`, frame(456n, 0n)),
    oneFrame(
      `${name}, second 2^53 - 1`,
      `${id} 0d 017b 0201c8 07 1fffffffffffff`,
      frame(456n, BigInt(MAX_JS)),
    ),
    oneFrame(
      `${name}, second 2^64 - 1`,
      `${id} 0e 017b 0201c8 08 ffffffffffffffff`,
      frame(456n, MAX_U64),
    ),
    {
      ...oneFrame(
        `${name}, first 2^64`,
        `${id} 0f 017b 09 010000000000000000 0201c8`,
        frame(MAX_U64, 456n),
      ),
      decodeOnly: true,
    },
  ];
}

const maxMoney = (receiveMax: bigint, totalReceived: bigint): StreamFrame => ({
  type: 'StreamMaxMoney',
  streamId: 123,
  receiveMax,
  totalReceived,
});
const moneyBlocked = (sendMax: bigint, totalSent: bigint): StreamFrame => ({
  type: 'StreamMoneyBlocked',
  streamId: 123,
  sendMax,
  totalSent,
});
const money = (shares: bigint): StreamFrame => ({ type: 'StreamMoney', streamId: 123, shares });
const data = (offset: number, text: string): StreamFrame => ({
  type: 'StreamData',
  streamId: 123,
  offset,
  data: new TextEncoder().encode(text),
});

export const VECTORS: readonly Vector[] = [
  { name: 'sequence 0', bytes: '01 0c 0100 0100 0100', packet: packet({}) },
  {
    name: 'sequence 2^53 - 1',
    bytes: '01 0c 07 1fffffffffffff 0100 0100',
    packet: packet({ sequence: MAX_JS }),
  },
  {
    name: 'sequence 2^64 - 1',
    bytes: '01 0c 08 ffffffffffffffff 0100 0100',
    packet: packet({ sequence: Infinity }),
  },
  { name: 'on a Fulfill', bytes: '01 0d 0100 0100 0100', packet: packet({ ilpPacketType: 13 }) },
  { name: 'on a Reject', bytes: '01 0e 0100 0100 0100', packet: packet({ ilpPacketType: 14 }) },
  {
    name: 'amount 2^53 - 1',
    bytes: '01 0c 0100 07 1fffffffffffff 0100',
    packet: packet({ prepareAmount: BigInt(MAX_JS) }),
  },
  {
    name: 'amount 2^64 - 1',
    bytes: '01 0c 0100 08 ffffffffffffffff 0100',
    packet: packet({ prepareAmount: MAX_U64 }),
  },
  oneFrame('ConnectionClose', '01 06 01 04 6661696c', {
    type: 'ConnectionClose',
    errorCode: 1,
    errorMessage: 'fail',
  }),
  oneFrame('ConnectionNewAddress', '02 0e 0d 6578616d706c652e616c696365', {
    type: 'ConnectionNewAddress',
    sourceAddress: 'example.alice' as never,
  }),
  oneFrame('ConnectionAssetDetails', '07 05 03 414243 ff', {
    type: 'ConnectionAssetDetails',
    assetCode: 'ABC',
    assetScale: 255,
  }),
  ...limits('ConnectionMaxData', '03', (maxOffset) => ({ type: 'ConnectionMaxData', maxOffset })),
  ...limits('ConnectionDataBlocked', '04', (maxOffset) => ({
    type: 'ConnectionDataBlocked',
    maxOffset,
  })),
  ...limits('ConnectionMaxStreamId', '05', (maxStreamId) => ({
    type: 'ConnectionMaxStreamId',
    maxStreamId,
  })),
  ...limits('ConnectionStreamIdBlocked', '06', (maxStreamId) => ({
    type: 'ConnectionStreamIdBlocked',
    maxStreamId,
  })),
  oneFrame('StreamClose', '10 14 017b ff 10 616e206572726f72206d657373616765', {
    type: 'StreamClose',
    streamId: 123,
    errorCode: 255,
    errorMessage: 'an error message',
  }),
  oneFrame('StreamMoney 0', '11 04 017b 0100', money(0n)),
  oneFrame('StreamMoney 2^53 - 1', '11 0a 017b 07 1fffffffffffff', money(BigInt(MAX_JS))),
  oneFrame('StreamMoney 2^64 - 1', '11 0b 017b 08 ffffffffffffffff', money(MAX_U64)),
  ...twoAmounts('StreamMaxMoney', '12', maxMoney),
  ...twoAmounts('StreamMoneyBlocked', '13', moneyBlocked),
  oneFrame('StreamData', '14 0c 017b 0201c8 06 666f6f626172', data(456, 'foobar')),
  oneFrame('StreamData at 0', '14 05 017b 0100 00', data(0, '')),
  oneFrame('StreamData at 2^53 - 1', '14 0b 017b 07 1fffffffffffff 00', data(MAX_JS, '')),
  oneFrame('StreamData at 2^64 - 1', '14 0c 017b 08 ffffffffffffffff 00', data(Infinity, '')),
  ...streamLimits('StreamMaxData', '15', (maxOffset) => ({
    type: 'StreamMaxData',
    streamId: 123,
    maxOffset,
  })),
  ...streamLimits('StreamDataBlocked', '16', (maxOffset) => ({
    type: 'StreamDataBlocked',
    streamId: 123,
    maxOffset,
  })),
  oneFrame(
    'StreamReceipt',
    `17 3d 0101 3a 01 00000000000000000000000000000000 01 00000000000001f4
     c122fa0252debb672d591823f710e99516d67385cf397da87cc8f9e8c8bf5130`,
    {
      type: 'StreamReceipt',
      streamId: 1,
      receipt: hex(`01 00000000000000000000000000000000 01 00000000000001f4
        c122fa0252debb672d591823f710e99516d67385cf397da87cc8f9e8c8bf5130`),
    },
  ),
];
