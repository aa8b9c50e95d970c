/**
 * STREAM (RFC 0029): money and data, end to end, over Interledger packets.
 *
 * @packageDocumentation
 */

// The wire: packets, frames, encryption, conditions.
export type {
  ConnectionAssetDetailsFrame,
  ConnectionCloseFrame,
  ConnectionDataBlockedFrame,
  ConnectionMaxDataFrame,
  ConnectionMaxStreamIdFrame,
  ConnectionNewAddressFrame,
  ConnectionStreamIdBlockedFrame,
  StreamCloseFrame,
  StreamDataBlockedFrame,
  StreamDataFrame,
  StreamFrame,
  StreamFrameType,
  StreamMaxDataFrame,
  StreamMaxMoneyFrame,
  StreamMoneyBlockedFrame,
  StreamMoneyFrame,
  StreamReceiptFrame,
} from './frames.js';
export { FRAME_TYPE_IDS, sizeOfFrame } from './frames-codec.js';
export {
  decodeStreamPacket,
  encodeStreamPacket,
  ENVELOPE_OVERHEAD,
  MAX_SEQUENCE,
  MAX_STREAM_PACKET_LENGTH,
  sizeOfStreamPacket,
  type EncodeStreamPacketOptions,
  type StreamPacket,
} from './packet.js';
export { StreamErrorCode, streamErrorName } from './error-codes.js';
export { SHARED_SECRET_LENGTH, StreamKeys, unfulfillableCondition } from './keys.js';
export type { Clock, Logger, RandomBytes } from './environment.js';
