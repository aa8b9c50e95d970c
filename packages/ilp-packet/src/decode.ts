import { ilpAddressOf } from '@pennyswitch/ilp-address';
import {
  asciiSlice,
  getCanonicalLength,
  getUInt64,
  lengthOfLength,
  TIMESTAMP_LENGTH,
  viewOf,
} from '@pennyswitch/oer-codec';
import {
  decodeFulfillExactly,
  decodeRejectExactly,
  notAPacket,
  type DecodeOptions,
} from './decode-exactly.js';
import { errorCodeAt } from './error-codes.js';
import { CONDITION_LENGTH, MAX_DATA_LENGTH } from './limits.js';
import { located, locatePrepare } from './locate-prepare.js';
import {
  PacketType,
  type IlpFulfill,
  type IlpPacket,
  type IlpPrepare,
  type IlpReject,
  type IlpReply,
} from './types.js';

// Each packet is read twice over in this package: here, in one pass over the canonical form that nearly every packet
// has, and in decode-exactly.ts, which knows every form that passes and what is wrong with the rest. The second is the
// definition; a test holds the first to it.

/** The type id of a packet, which decides how the rest is read; undefined for bytes that cannot start a packet. */
export function packetType(bytes: Uint8Array): IlpPacket['type'] | undefined {
  const type = bytes[0];
  return type === PacketType.prepare || type === PacketType.fulfill || type === PacketType.reject
    ? type
    : undefined;
}

/**
 * Reads a Prepare. `executionCondition` and `data` are views into `bytes`.
 * @throws {@link OerDecodeError} for anything that RFC 0027 does not allow; its `path` names the field.
 */
export function decodePrepare(bytes: Uint8Array, options?: DecodeOptions): IlpPrepare {
  locatePrepare(bytes, options);
  const { amountAt, expiresAtMs, destination, dataAt, dataEnd } = located;
  const conditionAt = amountAt + (8 + TIMESTAMP_LENGTH);
  return {
    amount: getUInt64(bytes, amountAt),
    expiresAt: new Date(expiresAtMs),
    executionCondition: viewOf(bytes, conditionAt, conditionAt + CONDITION_LENGTH),
    destination,
    data: viewOf(bytes, dataAt, dataEnd),
  };
}

/**
 * Reads a Fulfill. `fulfillment` and `data` are views into `bytes`.
 * @throws {@link OerDecodeError} for anything that RFC 0027 does not allow; its `path` names the field.
 */
export function decodeFulfill(bytes: Uint8Array, options?: DecodeOptions): IlpFulfill {
  const end = bytes.length;
  const content = getCanonicalLength(bytes, 1);
  const at = 1 + lengthOfLength(content);
  if (bytes[0] === PacketType.fulfill && content > CONDITION_LENGTH && at + content === end) {
    const lengthAt = at + CONDITION_LENGTH;
    const length = getCanonicalLength(bytes, lengthAt);
    const dataAt = lengthAt + lengthOfLength(length);
    if (length >= 0 && length <= MAX_DATA_LENGTH && dataAt + length === end) {
      return { fulfillment: viewOf(bytes, at, lengthAt), data: viewOf(bytes, dataAt, end) };
    }
  }
  return decodeFulfillExactly(bytes, options);
}

/** Longer messages, and those that are not all ASCII, are read the other way. */
const SHORT_MESSAGE = 127;

/**
 * Reads a Reject. `data` is a view into `bytes`. An empty `triggeredBy` passes: deployed receivers send it.
 * @throws {@link OerDecodeError} for anything else that RFC 0027 does not allow; its `path` names the field.
 */
export function decodeReject(bytes: Uint8Array, options?: DecodeOptions): IlpReject {
  const end = bytes.length;
  const content = getCanonicalLength(bytes, 1);
  const at = 1 + lengthOfLength(content);
  // Every length read below is checked by where the last field ends; bytes beyond the end read as undefined.
  if (bytes[0] === PacketType.reject && content > 5 && at + content === end) {
    const code = errorCodeAt(bytes, at);
    const triggerLength = getCanonicalLength(bytes, at + 3);
    const triggerAt = at + 3 + lengthOfLength(triggerLength);
    const triggerEnd = triggerAt + triggerLength;
    const messageLength = bytes[triggerEnd] as number;
    const messageEnd = triggerEnd + 1 + messageLength;
    const length = getCanonicalLength(bytes, messageEnd);
    const dataAt = messageEnd + lengthOfLength(length);
    if (
      code !== undefined &&
      triggerLength >= 0 &&
      messageLength <= SHORT_MESSAGE &&
      length >= 0 &&
      length <= MAX_DATA_LENGTH &&
      dataAt + length === end &&
      isAsciiBytes(bytes, triggerEnd + 1, messageEnd)
    ) {
      const triggeredBy = triggerLength === 0 ? '' : ilpAddressOf(bytes, triggerAt, triggerEnd);
      if (triggeredBy !== undefined) {
        const message = asciiSlice(bytes, triggerEnd + 1, messageEnd);
        return { code, triggeredBy, message, data: viewOf(bytes, dataAt, end) };
      }
    }
  }
  return decodeRejectExactly(bytes, options);
}

function isAsciiBytes(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let i = start; i < end; i++) seen |= bytes[i] as number;
  return seen < 0x80;
}

/** Reads any packet. */
export function decodePacket(bytes: Uint8Array, options?: DecodeOptions): IlpPacket {
  switch (packetType(bytes)) {
    case PacketType.prepare:
      return { type: PacketType.prepare, ...decodePrepare(bytes, options) };
    case PacketType.fulfill:
      return { type: PacketType.fulfill, ...decodeFulfill(bytes, options) };
    case PacketType.reject:
      return { type: PacketType.reject, ...decodeReject(bytes, options) };
    default:
      throw notAPacket(bytes, 'Prepare (12), Fulfill (13) or Reject (14)');
  }
}

/** Reads what answers a Prepare: a Fulfill or a Reject. A Prepare in that place is an error. */
export function decodeReply(bytes: Uint8Array, options?: DecodeOptions): IlpReply {
  const type = packetType(bytes);
  if (type === PacketType.fulfill) return { type, ...decodeFulfill(bytes, options) };
  if (type === PacketType.reject) return { type, ...decodeReject(bytes, options) };
  throw notAPacket(bytes, 'Fulfill (13) or Reject (14)');
}
