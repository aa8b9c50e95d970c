import { MAX_AMOUNT, MAX_DATA_LENGTH, PacketType } from '@pennyswitch/ilp-packet';
import {
  OerEncodeError,
  OerReader,
  OerWriter,
  sizeOfVarOctets,
  sizeOfVarUInt,
} from '@pennyswitch/oer-codec';
import type { StreamFrame } from './frames.js';
import { readFrame, readNumber, sizeOfContents, sizeOfFrame, writeFrame } from './frames-codec.js';

/** What encryption adds to a packet: initialization vector and authentication tag, in bytes (RFC 0029 5.1.1). */
export const ENVELOPE_OVERHEAD = 28;

/** The longest packet before encryption, in bytes (Stream.asn, `SIZE (0..32739)`). */
export const MAX_STREAM_PACKET_LENGTH: number = MAX_DATA_LENGTH - ENVELOPE_OVERHEAD;

/**
 * How many packets either endpoint may send on one connection, and the highest sequence (RFC 0029 5.1.3): more would wear
 * the encryption key out.
 */
export const MAX_SEQUENCE: number = 2 ** 31;

/** What travels, encrypted, in the data of an ILP packet (RFC 0029 5.2). */
export interface StreamPacket {
  /** The type of ILP packet that it must travel in: 12 Prepare, 13 Fulfill, 14 Reject. On any other, discard it. */
  readonly ilpPacketType: (typeof PacketType)[keyof typeof PacketType];
  /** The sender counts its Prepares; the reply repeats the number. One above 2^53 - 1 is read as `Infinity`. */
  readonly sequence: number;
  /** On a Prepare the least that the receiver may accept, on a reply what arrived there: 0 to 2^64 - 1. */
  readonly prepareAmount: bigint;
  /** In their order; those of unknown types are left out when read. */
  readonly frames: readonly StreamFrame[];
}

/** How a packet is written. */
export interface EncodeStreamPacketOptions {
  /** Zero bytes are added behind the frames up to this length, in bytes before encryption; a longer packet stays as it is. */
  readonly padTo?: number;
}

const VERSION = 1;
const NO_OPTIONS: EncodeStreamPacketOptions = {};

/** How many bytes a packet takes before encryption, without padding. */
export function sizeOfStreamPacket(packet: StreamPacket): number {
  let size = sizeOfHeader(packet);
  for (const frame of packet.frames) size += sizeOfFrame(frame);
  return size;
}

function sizeOfHeader({ sequence, prepareAmount, frames }: StreamPacket): number {
  return (
    2 +
    (sequence === Infinity ? 9 : sizeOfVarUInt(sequence)) +
    sizeOfVarUInt(prepareAmount) +
    sizeOfVarUInt(frames.length)
  );
}

/**
 * Writes a packet, not encrypted.
 * @throws {@link OerEncodeError} for a packet longer than {@link MAX_STREAM_PACKET_LENGTH}, or a field out of its range.
 */
export function encodeStreamPacket(
  packet: StreamPacket,
  options: EncodeStreamPacketOptions = NO_OPTIONS,
): Uint8Array {
  const { sequence, prepareAmount, frames } = packet;
  // Each frame is measured once: its own length stands before it, and the sum says how much to allocate.
  const sizes = new Array<number>(frames.length);
  let size = sizeOfHeader(packet);
  for (let i = 0; i < sizes.length; i++) {
    const contents = sizeOfContents(frames[i] as StreamFrame);
    sizes[i] = contents;
    size += 1 + sizeOfVarOctets(contents);
  }
  const padding = Math.max(0, (options.padTo ?? 0) - size);
  if (size + padding > MAX_STREAM_PACKET_LENGTH) {
    throw new OerEncodeError(
      'TOO_LONG',
      `the packet has ${size + padding} bytes and may have at most ${MAX_STREAM_PACKET_LENGTH}`,
    );
  }
  if (prepareAmount > MAX_AMOUNT) {
    throw new OerEncodeError('OUT_OF_RANGE', `prepareAmount ${prepareAmount} is above 2^64 - 1`);
  }
  const writer = new OerWriter(size + padding);
  writer.writeUInt8(VERSION);
  writer.writeUInt8(packet.ilpPacketType);
  writer.writeVarUInt(sequence === Infinity ? MAX_AMOUNT : sequence);
  writer.writeVarUInt(prepareAmount);
  writer.writeCount(frames.length);
  for (let i = 0; i < sizes.length; i++) {
    writeFrame(writer, frames[i] as StreamFrame, sizes[i] as number);
  }
  if (padding > 0) writer.writeOctets(new Uint8Array(padding));
  return writer.finish();
}

/**
 * Reads a decrypted packet. Frames of unknown types and whatever follows the last frame are ignored.
 * @throws {@link OerDecodeError} for another version than 1, an ILP packet type that does not exist, malformed frames.
 */
export function decodeStreamPacket(bytes: Uint8Array): StreamPacket {
  const reader = new OerReader(bytes);
  const version = reader.readUInt8();
  if (version !== VERSION) {
    throw reader.error('BAD_VALUE', `the STREAM version is ${version}, expected 1`, 0);
  }
  const ilpPacketType = reader.readUInt8();
  if (
    ilpPacketType !== PacketType.prepare &&
    ilpPacketType !== PacketType.fulfill &&
    ilpPacketType !== PacketType.reject
  ) {
    throw reader.error('BAD_VALUE', `the ILP packet type is ${ilpPacketType}, not 12 to 14`, 1);
  }
  const sequence = readNumber(reader);
  const prepareAmount = reader.readVarUInt64();
  const count = reader.readCount(2);
  const frames: StreamFrame[] = [];
  for (let i = 0; i < count; i++) {
    const frame = readFrame(reader);
    if (frame !== undefined) frames.push(frame);
  }
  return {
    ilpPacketType,
    sequence,
    prepareAmount,
    frames,
  };
}
