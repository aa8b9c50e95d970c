import { MAX_DATA_LENGTH, PacketType } from '@pennyswitch/ilp-packet';
import { OerEncodeError, OerReader, OerWriter, sizeOfVarUInt } from '@pennyswitch/oer-codec';
import type { StreamFrame } from './frames.js';
import {
  readFrame,
  readNumber,
  sizeOfFrame,
  sizeOfNumber,
  writeFrame,
  writeNumber,
} from './frames-codec.js';

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
  const { sequence, prepareAmount, frames } = packet;
  let size =
    2 + sizeOfNumber(sequence) + sizeOfVarUInt(prepareAmount) + sizeOfVarUInt(frames.length);
  for (const frame of frames) size += sizeOfFrame(frame);
  return size;
}

/** Where packets are written before they are encrypted or copied: one at a time, so that one place will do. */
const scratch = new Uint8Array(MAX_STREAM_PACKET_LENGTH);

/**
 * Writes a packet, not encrypted.
 * @throws {@link OerEncodeError} for a packet longer than {@link MAX_STREAM_PACKET_LENGTH}, or a field out of its range.
 */
export function encodeStreamPacket(
  packet: StreamPacket,
  options: EncodeStreamPacketOptions = NO_OPTIONS,
): Uint8Array {
  return scratch.slice(0, write(packet, options));
}

/** The same, as a view that is good until the next packet is written. */
export function writeStreamPacket(
  packet: StreamPacket,
  options: EncodeStreamPacketOptions = NO_OPTIONS,
): Uint8Array {
  return scratch.subarray(0, write(packet, options));
}

/** Writes a packet into {@link scratch} and returns its length. */
function write(
  { ilpPacketType, sequence, prepareAmount, frames }: StreamPacket,
  options: EncodeStreamPacketOptions,
): number {
  const writer = new OerWriter(scratch);
  writer.writeUInt8(VERSION);
  writer.writeUInt8(ilpPacketType);
  writeNumber(writer, sequence);
  writer.writeVarUInt64(prepareAmount);
  writer.writeCount(frames.length);
  for (const frame of frames) writeFrame(writer, frame);
  const size = Math.max(writer.length, options.padTo ?? 0);
  // A writer that has taken other bytes than these has written more than fit here.
  if (size > MAX_STREAM_PACKET_LENGTH) {
    throw new OerEncodeError(
      'TOO_LONG',
      `the packet has ${size} bytes and may have at most ${MAX_STREAM_PACKET_LENGTH}`,
    );
  }
  scratch.fill(0, writer.length, size);
  return size;
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
  const first = count === 0 ? undefined : readFrame(reader);
  // Most packets have one frame, and an array that is made with its element is made faster.
  const frames: StreamFrame[] = first === undefined ? [] : [first];
  for (let i = 1; i < count; i++) {
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
