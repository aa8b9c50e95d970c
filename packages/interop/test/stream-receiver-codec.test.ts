import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { conditionOf } from '@pennyswitch/ilp-packet';
import {
  createReceipt,
  decodeStreamPacket,
  encodeStreamPacket,
  secureRandomBytes,
  StreamKeys,
  verifyReceipt,
  type StreamFrame,
  type StreamPacket,
} from '@pennyswitch/stream';
import fc from 'fast-check';
import {
  createReceipt as peerCreateReceipt,
  verifyReceipt as peerVerifyReceipt,
} from 'ilp-protocol-stream';
import {
  generateFulfillment,
  generateFulfillmentKey,
  generatePskEncryptionKey,
  hash,
} from 'ilp-protocol-stream/dist/src/crypto.js';
import * as peer from 'ilp-protocol-stream/dist/src/packet.js';
import { describe, expect, it } from 'vitest';

const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constant(Infinity));
const byte = fc.nat(255);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 300 });
const id = { streamId: number };

/** All frames, each with its fields in the order of the peer's constructor. */
const FRAMES = {
  ConnectionClose: [peer.ConnectionCloseFrame, { errorCode: byte, errorMessage: text }],
  ConnectionNewAddress: [
    peer.ConnectionNewAddressFrame,
    { sourceAddress: fc.constantFrom('', parseIlpAddress('g.a'), parseIlpAddress('test.b.~c')) },
  ],
  ConnectionMaxData: [peer.ConnectionMaxDataFrame, { maxOffset: number }],
  ConnectionDataBlocked: [peer.ConnectionDataBlockedFrame, { maxOffset: number }],
  ConnectionMaxStreamId: [peer.ConnectionMaxStreamIdFrame, { maxStreamId: number }],
  ConnectionStreamIdBlocked: [peer.ConnectionStreamIdBlockedFrame, { maxStreamId: number }],
  ConnectionAssetDetails: [peer.ConnectionAssetDetailsFrame, { assetCode: text, assetScale: byte }],
  StreamClose: [peer.StreamCloseFrame, { ...id, errorCode: byte, errorMessage: text }],
  StreamMoney: [peer.StreamMoneyFrame, { ...id, shares: amount }],
  StreamMaxMoney: [peer.StreamMaxMoneyFrame, { ...id, receiveMax: amount, totalReceived: amount }],
  StreamMoneyBlocked: [peer.StreamMoneyBlockedFrame, { ...id, sendMax: amount, totalSent: amount }],
  StreamData: [peer.StreamDataFrame, { ...id, offset: number, data: bytes }],
  StreamMaxData: [peer.StreamMaxDataFrame, { ...id, maxOffset: number }],
  StreamDataBlocked: [peer.StreamDataBlockedFrame, { ...id, maxOffset: number }],
  StreamReceipt: [peer.StreamReceiptFrame, { ...id, receipt: bytes }],
} as const;

/** The peer takes integers beyond 32 bits as text, and bytes as Buffer. */
function toPeerValue(value: unknown, isByte: boolean): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number' || isByte) return value;
  return value === Infinity ? (2n ** 64n - 1n).toString() : value.toString();
}

function toPeer(frame: StreamFrame): peer.Frame {
  const [Frame, fields] = FRAMES[frame.type];
  const values = Object.entries(fields).map(([name, arbitrary]) =>
    toPeerValue(frame[name as keyof typeof frame], arbitrary === byte),
  );
  return new (Frame as unknown as new (...fields: unknown[]) => peer.Frame)(...values);
}

function toPeerPacket({
  sequence,
  ilpPacketType,
  prepareAmount,
  frames,
}: StreamPacket): peer.Packet {
  const Packet = peer.Packet as unknown as new (...fields: unknown[]) => peer.Packet;
  return new Packet(
    toPeerValue(sequence, false),
    ilpPacketType,
    prepareAmount.toString(),
    frames.map(toPeer),
  );
}

const frameOf = (type: string, fields: object): fc.Arbitrary<StreamFrame> =>
  fc.record({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<StreamFrame>;
const packetOf = (frame: fc.Arbitrary<StreamFrame>, count: number): fc.Arbitrary<StreamPacket> =>
  fc.record({
    ilpPacketType: fc.constantFrom(12 as const, 13 as const, 14 as const),
    sequence: number,
    prepareAmount: amount,
    frames: fc.array(frame, { minLength: 1, maxLength: count }),
  });

/** Both encode alike, and each reads what the other wrote. */
function agree(packet: StreamPacket): void {
  const ours = Buffer.from(encodeStreamPacket(packet));
  const theirs = toPeerPacket(packet);
  expect(ours.toString('hex')).toBe(theirs._serialize().toString('hex'));
  expect(decodeStreamPacket(new Uint8Array(theirs._serialize()))).toEqual(packet);
  expect(JSON.stringify(peer.Packet._deserializeUnencrypted(ours))).toBe(JSON.stringify(theirs));
}

describe('npm ilp-protocol-stream and we write and read the same', () => {
  it.each(Object.entries(FRAMES))('%s frames', (type, [, fields]) => {
    fc.assert(fc.property(packetOf(frameOf(type, fields), 1), agree));
  });

  it('packets of many frames', () => {
    const any = Object.entries(FRAMES).map(([type, [, fields]]) => frameOf(type, fields));
    fc.assert(fc.property(packetOf(fc.oneof(...any), 20), agree));
  });

  it('encrypted packets, with and without padding', async () => {
    const secret = secureRandomBytes(32);
    const keys = new StreamKeys(secret);
    const peerKey = await generatePskEncryptionKey(Buffer.from(secret));
    const packet: StreamPacket = {
      ilpPacketType: 12,
      sequence: 9,
      prepareAmount: 5n,
      frames: [{ type: 'StreamMoney', streamId: 1, shares: 7n }],
    };
    for (const padTo of [undefined, 32_739]) {
      const options = padTo === undefined ? {} : { padTo };
      const ours = Buffer.from(keys.seal(packet, secureRandomBytes, options));
      const read = await peer.Packet.decryptAndDeserialize(peerKey, ours);
      expect(JSON.stringify(read)).toBe(JSON.stringify(toPeerPacket(packet)));
      const size = padTo === undefined ? undefined : padTo + 28;
      const theirs = await toPeerPacket(packet).serializeAndEncrypt(peerKey, size);
      expect(theirs).toHaveLength(ours.length);
      expect(keys.open(theirs)).toEqual(packet);
    }
  });

  it('fulfillments and conditions', async () => {
    const secret = secureRandomBytes(32);
    const data = secureRandomBytes(100);
    const theirs = await generateFulfillment(
      await generateFulfillmentKey(Buffer.from(secret)),
      Buffer.from(data),
    );
    const keys = new StreamKeys(secret);
    expect(Buffer.from(keys.fulfillment(data)).equals(theirs)).toBe(true);
    expect(Buffer.from(keys.condition(data)).equals(await hash(theirs))).toBe(true);
    expect(Buffer.from(conditionOf(theirs)).equals(await hash(theirs))).toBe(true);
  });

  it('receipts', () => {
    const nonce = Buffer.from(secureRandomBytes(16));
    const secret = Buffer.from(secureRandomBytes(32));
    const totalReceived = 2n ** 63n + 1n;
    const facts = { nonce, secret, streamId: 3, totalReceived: totalReceived.toString() };
    const theirs = peerCreateReceipt(facts);
    const ours = createReceipt({ nonce, secret }, 3, totalReceived);
    expect(Buffer.from(ours).equals(theirs)).toBe(true);
    expect(verifyReceipt(theirs, secret)?.totalReceived).toBe(totalReceived);
    expect(peerVerifyReceipt(Buffer.from(ours), secret).totalReceived.toString()).toBe(
      totalReceived.toString(),
    );
  });
});
