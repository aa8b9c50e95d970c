/** One packet: sealed, opened and fulfilled, and its frames alone. */
import {
  decodeStreamPacket,
  encodeStreamPacket,
  secureRandomBytes,
  StreamKeys,
  type StreamPacket,
} from '@pennyswitch/stream';
import { measure } from '../measure.js';
import * as floor from './floor.js';

const SECRET = new Uint8Array(32).fill(7);
const DATA_SIZES = [0, 100, 1024, 16_384] as const;

/** A packet of a payment, with so many bytes of data in a second frame. */
function packetWith(dataLength: number): StreamPacket {
  return {
    ilpPacketType: 12,
    sequence: 123_456,
    prepareAmount: 1_000_000n,
    frames: [
      { type: 'StreamMoney', streamId: 1, shares: 1n },
      ...(dataLength === 0
        ? []
        : [
            {
              type: 'StreamData',
              streamId: 1,
              offset: 0,
              data: new Uint8Array(dataLength),
            } as const,
          ]),
    ],
  };
}

export function runPackets(): void {
  console.log('\nsealing, opening and fulfilling one packet; CPU microseconds, medians');
  console.log('  data       ours  node:crypto alone  ours / floor (goal 0.85)');
  for (const size of DATA_SIZES) {
    const keys = new StreamKeys(SECRET);
    const bare = floor.floorKeys(SECRET);
    const packet = packetWith(size);
    const plaintext = encodeStreamPacket(packet);
    const result = measure([
      {
        name: 'ours',
        job: () => {
          const data = keys.seal(packet, secureRandomBytes);
          return [keys.open(data), keys.fulfillment(data)];
        },
      },
      {
        name: 'floor',
        job: () => {
          const data = floor.seal(bare.encryption, plaintext, secureRandomBytes(12));
          return [floor.open(bare.encryption, data), floor.hmac(bare.fulfillment, data)];
        },
      },
    ]);
    const [ours = NaN, alone = NaN] = [result.get('ours'), result.get('floor')];
    console.log(
      `${String(size).padStart(6)} ${us(ours).padStart(10)} ${us(alone).padStart(18)} ${(alone / ours).toFixed(2).padStart(13)}`,
    );
  }
}

export function runFrames(): void {
  const packet = {
    ilpPacketType: 12,
    sequence: 123_456,
    prepareAmount: 1_000_000n,
    frames: [{ type: 'StreamMoney', streamId: 1, shares: 1n }],
  } as const;
  const bytes = floor.writeMoney(packet);
  const result = measure([
    { name: 'ours', job: () => decodeStreamPacket(encodeStreamPacket(packet)) },
    {
      name: 'floor',
      job: () => {
        return floor.readMoney(floor.writeMoney(packet));
      },
    },
    { name: 'ours, write', job: () => encodeStreamPacket(packet) },
    { name: 'floor, write', job: () => floor.writeMoney(packet) },
    { name: 'ours, read', job: () => decodeStreamPacket(bytes) },
    { name: 'floor, read', job: () => floor.readMoney(bytes) },
  ]);
  console.log('\nframes alone, written and read; CPU nanoseconds, medians');
  for (const [name, ns] of result) console.log(`  ${name.padEnd(14)} ${ns.toFixed(0).padStart(6)}`);
  const ratio = (result.get('floor') ?? NaN) / (result.get('ours') ?? NaN);
  console.log(`  ours / floor   ${ratio.toFixed(2).padStart(6)} (goal 0.5)`);
}

function us(ns: number): string {
  return (ns / 1000).toFixed(2);
}
