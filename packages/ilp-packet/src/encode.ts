import { putIlpAddress } from '@pennyswitch/ilp-address';
import {
  allocateBytes,
  encodeTimestamp,
  lengthOfLength,
  OerEncodeError,
  putInt64,
  putLength,
  sizeOfVarOctets,
  TIMESTAMP_LENGTH,
  utf8Length,
  type OerErrorCode,
} from '@pennyswitch/oer-codec';
import { isIlpErrorCode } from './error-codes.js';
import { CONDITION_LENGTH, MAX_DATA_LENGTH, MAX_MESSAGE_LENGTH } from './limits.js';
import {
  PacketType,
  type IlpFulfill,
  type IlpPacket,
  type IlpPrepare,
  type IlpReject,
} from './types.js';

// Hand-tuned: the size first, one allocation, then every field straight to its place. The longest packet is about
// 43,000 bytes, so a length determinant has at most two length bytes.

const FIXED = 8 + TIMESTAMP_LENGTH + CONDITION_LENGTH;
/** No address is longer; one that is gets its error where its characters are looked at. */
const MAX_ADDRESS = 1023;

/**
 * Writes a Prepare (RFC 0027 "ILP Prepare").
 *
 * As with Node's `Buffer`, the `buffer` of the result may hold more than the packet (see `allocateBytes` of oer-codec).
 * @throws {@link OerEncodeError} for an amount beyond 64 bits, a condition that is not 32 bytes, a destination that is
 * no ILP address, data above 32767 bytes, a time outside the years 0000 to 9999. Its `path` names the field.
 */
export function encodePrepare(prepare: IlpPrepare): Uint8Array {
  const { amount, executionCondition, destination, data } = prepare;
  const addressLength = destination.length;
  const dataLength = data.length;
  if (BigInt.asUintN(64, amount) !== amount) {
    throw problem('amount', 'OUT_OF_RANGE', `${amount} is no amount from 0 to 2^64 - 1`);
  }
  checkHash('executionCondition', executionCondition);
  checkData(dataLength);
  if (addressLength > MAX_ADDRESS) throw noAddress('destination', destination);
  const content = FIXED + sizeOfVarOctets(addressLength) + sizeOfVarOctets(dataLength);
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = PacketType.prepare;
  let at = putLength(bytes, 1, content);
  putInt64(bytes, at, amount);
  putExpiry(bytes, at + 8, prepare.expiresAt.getTime());
  bytes.set(executionCondition, at + (8 + TIMESTAMP_LENGTH));
  at = putLength(bytes, at + FIXED, addressLength);
  if (!putIlpAddress(bytes, at, destination)) throw noAddress('destination', destination);
  at = putLength(bytes, at + addressLength, dataLength);
  bytes.set(data, at);
  return bytes;
}

/**
 * Writes a Fulfill (RFC 0027 "ILP Fulfill").
 * @throws {@link OerEncodeError} for a fulfillment that is not 32 bytes, or data above 32767 bytes.
 */
export function encodeFulfill(fulfill: IlpFulfill): Uint8Array {
  const { fulfillment, data } = fulfill;
  const dataLength = data.length;
  checkHash('fulfillment', fulfillment);
  checkData(dataLength);
  const content = CONDITION_LENGTH + sizeOfVarOctets(dataLength);
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = PacketType.fulfill;
  let at = putLength(bytes, 1, content);
  bytes.set(fulfillment, at);
  at = putLength(bytes, at + CONDITION_LENGTH, dataLength);
  bytes.set(data, at);
  return bytes;
}

/**
 * Writes a Reject (RFC 0027 "ILP Reject").
 * @throws {@link OerEncodeError} for a code that is not F, T or R and two digits, a `triggeredBy` that is neither
 * empty nor an address, a message above 8191 bytes or with a lone surrogate, data above 32767 bytes.
 */
export function encodeReject(reject: IlpReject): Uint8Array {
  const { code, triggeredBy, message } = reject;
  if (!isIlpErrorCode(code)) {
    throw problem(
      'code',
      'BAD_VALUE',
      `${JSON.stringify(code)} is no ILP error code (F, T or R and two digits)`,
    );
  }
  if (triggeredBy.length > MAX_ADDRESS) throw noAddress('triggeredBy', triggeredBy);
  // Nearly all messages are ASCII, which shows while they are written.
  return (
    (message.length <= MAX_MESSAGE_LENGTH ? writeReject(reject, message.length) : undefined) ??
    (writeReject(reject, checkMessage(message)) as Uint8Array)
  );
}

/**
 * Writes a Reject whose message takes `messageLength` bytes: as many as it has characters if it is ASCII, otherwise
 * more. Undefined for a message that is not ASCII although its length says so.
 */
function writeReject(reject: IlpReject, messageLength: number): Uint8Array | undefined {
  const { triggeredBy, message, data } = reject;
  const addressLength = triggeredBy.length;
  const dataLength = data.length;
  checkData(dataLength);
  const content =
    3 +
    sizeOfVarOctets(addressLength) +
    sizeOfVarOctets(messageLength) +
    sizeOfVarOctets(dataLength);
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = PacketType.reject;
  let at = putLength(bytes, 1, content);
  putAscii(bytes, at, reject.code);
  at = putLength(bytes, at + 3, addressLength);
  if (triggeredBy !== '' && !putIlpAddress(bytes, at, triggeredBy)) {
    throw noAddress('triggeredBy', triggeredBy);
  }
  at = putLength(bytes, at + addressLength, messageLength);
  if (messageLength !== message.length) putUtf8(bytes, at, message);
  else if (!putAscii(bytes, at, message)) return undefined;
  at = putLength(bytes, at + messageLength, dataLength);
  bytes.set(data, at);
  return bytes;
}

/** Writes any packet by its `type`. */
export function encodePacket(packet: IlpPacket): Uint8Array {
  switch (packet.type) {
    case PacketType.prepare:
      return encodePrepare(packet);
    case PacketType.fulfill:
      return encodeFulfill(packet);
    case PacketType.reject:
      return encodeReject(packet);
  }
}

/** Writes the expiry of a Prepare, in milliseconds since 1970. */
export function putExpiry(bytes: Uint8Array, at: number, epochMs: number): void {
  try {
    encodeTimestamp(epochMs, bytes, at);
  } catch (error) {
    throw error instanceof OerEncodeError ? error.within('expiresAt') : error;
  }
}

/** Writes the characters of a text, a byte each, and says whether they are all ASCII. */
function putAscii(bytes: Uint8Array, at: number, text: string): boolean {
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    seen |= code;
    bytes[at + i] = code;
  }
  return seen < 0x80;
}

let encoder: TextEncoder | undefined;

function putUtf8(bytes: Uint8Array, at: number, text: string): void {
  encoder ??= new TextEncoder();
  encoder.encodeInto(text, bytes.subarray(at));
}

/** The size of a message in bytes of UTF-8. */
function checkMessage(message: string): number {
  const length = utf8Length(message);
  if (length < 0) throw problem('message', 'BAD_TEXT', 'the text has a lone surrogate');
  if (length > MAX_MESSAGE_LENGTH) {
    throw problem(
      'message',
      'TOO_LONG',
      `the message has ${length} bytes, at most ${MAX_MESSAGE_LENGTH} are allowed`,
    );
  }
  return length;
}

function checkHash(field: string, octets: Uint8Array): void {
  if (octets.length !== CONDITION_LENGTH) {
    throw problem(field, 'BAD_VALUE', `${octets.length} bytes, must be ${CONDITION_LENGTH}`);
  }
}

function checkData(length: number): void {
  if (length > MAX_DATA_LENGTH) {
    throw problem(
      'data',
      'TOO_LONG',
      `${length} bytes of data, at most ${MAX_DATA_LENGTH} are allowed`,
    );
  }
}

function noAddress(field: string, text: string): OerEncodeError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return problem(field, 'BAD_VALUE', `${JSON.stringify(shown)} is no ILP address (RFC 0015)`);
}

function problem(field: string, code: OerErrorCode, reason: string): OerEncodeError {
  return new OerEncodeError(code, reason).within(field);
}
