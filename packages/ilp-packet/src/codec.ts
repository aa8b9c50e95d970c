import {
  readIlpAddress,
  writeIlpAddress,
  isIlpAddress,
  type IlpAddress,
} from '@pennyswitch/ilp-address';
import {
  OerDecodeError,
  OerEncodeError,
  OerReader,
  OerWriter,
  sizeOfVarOctets,
  TIMESTAMP_LENGTH,
  utf8Length,
} from '@pennyswitch/oer-codec';
import { isIlpErrorCode } from './error-codes.js';
import { CONDITION_LENGTH, MAX_DATA_LENGTH, MAX_MESSAGE_LENGTH } from './limits.js';
import {
  PacketType,
  type IlpFulfill,
  type IlpPacket,
  type IlpPrepare,
  type IlpReject,
  type IlpReply,
} from './types.js';

/** How a packet is read. */
export interface DecodeOptions {
  /** Only canonical bytes, and none behind the packet. Default false: RFC 0027 and 0030 let both pass. */
  readonly strict?: boolean;
}

const PREPARE_FIXED = 8 + TIMESTAMP_LENGTH + CONDITION_LENGTH;

/**
 * Writes a Prepare (RFC 0027 "ILP Prepare").
 * @throws {@link OerEncodeError} for an amount beyond 64 bits, a condition that is not 32 bytes, a destination that is
 * no ILP address, data above 32767 bytes, a time outside the years 0000 to 9999.
 */
export function encodePrepare(prepare: IlpPrepare): Uint8Array {
  const { destination, data } = prepare;
  if (!isIlpAddress(destination)) {
    throw new OerEncodeError(
      'BAD_VALUE',
      `${JSON.stringify(destination)} is no ILP address (RFC 0015)`,
    );
  }
  checkOctets('data', data, 0, MAX_DATA_LENGTH);
  checkOctets('executionCondition', prepare.executionCondition, CONDITION_LENGTH, CONDITION_LENGTH);
  const content =
    PREPARE_FIXED + sizeOfVarOctets(destination.length) + sizeOfVarOctets(data.length);
  const writer = openPacket(PacketType.prepare, content);
  writer.writeUInt64(prepare.amount);
  writer.writeTimestamp(prepare.expiresAt.getTime());
  writer.writeOctets(prepare.executionCondition);
  writeIlpAddress(writer, destination);
  writer.writeVarOctets(data);
  return writer.finish();
}

/**
 * Writes a Fulfill (RFC 0027 "ILP Fulfill").
 * @throws {@link OerEncodeError} for a fulfillment that is not 32 bytes, or data above 32767 bytes.
 */
export function encodeFulfill(fulfill: IlpFulfill): Uint8Array {
  checkOctets('fulfillment', fulfill.fulfillment, CONDITION_LENGTH, CONDITION_LENGTH);
  checkOctets('data', fulfill.data, 0, MAX_DATA_LENGTH);
  const writer = openPacket(
    PacketType.fulfill,
    CONDITION_LENGTH + sizeOfVarOctets(fulfill.data.length),
  );
  writer.writeOctets(fulfill.fulfillment);
  writer.writeVarOctets(fulfill.data);
  return writer.finish();
}

/**
 * Writes a Reject (RFC 0027 "ILP Reject").
 * @throws {@link OerEncodeError} for a code that is not F, T or R and two digits, a `triggeredBy` that is neither
 * empty nor an address, a message above 8191 bytes or with a lone surrogate, data above 32767 bytes.
 */
export function encodeReject(reject: IlpReject): Uint8Array {
  const { code, triggeredBy, message, data } = reject;
  if (!isIlpErrorCode(code)) {
    throw new OerEncodeError(
      'BAD_VALUE',
      `${JSON.stringify(code)} is no ILP error code (F, T or R and two digits)`,
    );
  }
  if (triggeredBy !== '' && !isIlpAddress(triggeredBy)) {
    throw new OerEncodeError(
      'BAD_VALUE',
      `triggeredBy ${JSON.stringify(triggeredBy)} is no ILP address (RFC 0015)`,
    );
  }
  const messageLength = utf8Length(message);
  if (messageLength > MAX_MESSAGE_LENGTH) {
    throw new OerEncodeError(
      'TOO_LONG',
      `message has ${messageLength} bytes, at most ${MAX_MESSAGE_LENGTH} are allowed`,
    );
  }
  checkOctets('data', data, 0, MAX_DATA_LENGTH);
  const content =
    3 +
    sizeOfVarOctets(triggeredBy.length) +
    sizeOfVarOctets(Math.max(0, messageLength)) +
    sizeOfVarOctets(data.length);
  const writer = openPacket(PacketType.reject, content);
  writer.writeAscii(code);
  writer.writeVarAscii(triggeredBy);
  writer.writeVarUtf8(message);
  writer.writeVarOctets(data);
  return writer.finish();
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

function openPacket(type: number, contentLength: number): OerWriter {
  const writer = new OerWriter(1 + sizeOfVarOctets(contentLength));
  writer.writeUInt8(type);
  writer.writeLength(contentLength);
  return writer;
}

function checkOctets(field: string, octets: Uint8Array, min: number, max: number): void {
  if (octets.length < min || octets.length > max) {
    const allowed = min === max ? `must have ${min}` : `may have at most ${max}`;
    throw new OerEncodeError('TOO_LONG', `${field} has ${octets.length} bytes and ${allowed}`);
  }
}

/** The type id of a packet, which decides how the rest is read; undefined for bytes that cannot start a packet. */
export function packetType(bytes: Uint8Array): IlpPacket['type'] | undefined {
  const type = bytes[0];
  return type === PacketType.prepare || type === PacketType.fulfill || type === PacketType.reject
    ? type
    : undefined;
}

/**
 * Reads a Prepare. `executionCondition` and `data` are views into `bytes`.
 * @throws {@link OerDecodeError} for anything that RFC 0027 does not allow.
 */
export function decodePrepare(bytes: Uint8Array, options?: DecodeOptions): IlpPrepare {
  const { outer, reader } = openReader(bytes, PacketType.prepare, options);
  const prepare = {
    amount: reader.readUInt64(),
    expiresAt: new Date(reader.readTimestamp()),
    executionCondition: reader.readOctets(CONDITION_LENGTH),
    destination: readIlpAddress(reader),
    data: reader.readVarOctets(MAX_DATA_LENGTH),
  };
  close(outer, reader);
  return prepare;
}

/**
 * Reads a Fulfill. `fulfillment` and `data` are views into `bytes`.
 * @throws {@link OerDecodeError} for anything that RFC 0027 does not allow.
 */
export function decodeFulfill(bytes: Uint8Array, options?: DecodeOptions): IlpFulfill {
  const { outer, reader } = openReader(bytes, PacketType.fulfill, options);
  const fulfill = {
    fulfillment: reader.readOctets(CONDITION_LENGTH),
    data: reader.readVarOctets(MAX_DATA_LENGTH),
  };
  close(outer, reader);
  return fulfill;
}

/**
 * Reads a Reject. `data` is a view into `bytes`. An empty `triggeredBy` passes: deployed receivers send it.
 * @throws {@link OerDecodeError} for anything else that RFC 0027 does not allow.
 */
export function decodeReject(bytes: Uint8Array, options?: DecodeOptions): IlpReject {
  const { outer, reader } = openReader(bytes, PacketType.reject, options);
  const at = reader.offset;
  const code = reader.readAscii(3);
  if (!isIlpErrorCode(code)) {
    throw reader.error('BAD_VALUE', 'the error code is not F, T or R and two digits', at);
  }
  const reject = {
    code,
    triggeredBy: readTriggeredBy(reader),
    message: reader.readVarUtf8(MAX_MESSAGE_LENGTH),
    data: reader.readVarOctets(MAX_DATA_LENGTH),
  };
  close(outer, reader);
  return reject;
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

function notAPacket(bytes: Uint8Array, expected: string): OerDecodeError {
  return bytes.length === 0
    ? new OerDecodeError('TRUNCATED', 0, 'the packet is empty')
    : new OerDecodeError('BAD_VALUE', 0, `the type id is ${bytes[0] ?? 0}, expected ${expected}`);
}

const TYPE_NAMES = { 12: 'Prepare (12)', 13: 'Fulfill (13)', 14: 'Reject (14)' } as const;

function openReader(
  bytes: Uint8Array,
  type: IlpPacket['type'],
  options: DecodeOptions | undefined,
): { outer: OerReader; reader: OerReader } {
  if (bytes[0] !== type) throw notAPacket(bytes, TYPE_NAMES[type]);
  const outer = new OerReader(bytes, { strict: options?.strict ?? false });
  outer.offset = 1;
  return { outer, reader: outer.readNested() };
}

function close(outer: OerReader, reader: OerReader): void {
  if (outer.strict) {
    reader.expectEnd();
    outer.expectEnd();
  }
}

function readTriggeredBy(reader: OerReader): IlpAddress | '' {
  if (reader.peekUInt8() !== 0) return readIlpAddress(reader);
  reader.skip(1);
  return '';
}
