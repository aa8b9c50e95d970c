import {
  formatGeneralizedTime,
  OerDecodeError,
  OerEncodeError,
  OerReader,
  OerWriter,
  sizeOfVarOctets,
} from '@pennyswitch/oer-codec';
import { MAX_ERROR_DATA_LENGTH } from './error-codes.js';
import {
  BtpType,
  type BtpError,
  type BtpFulfill,
  type BtpPacket,
  type BtpPrepare,
  type BtpWritablePacket,
} from './packet.js';
import { readProtocolData, sizeOfProtocolData, writeProtocolData } from './protocol-data.js';

/** How a packet is read. */
export interface BtpDecodeOptions {
  /**
   * Only canonical bytes, none behind the packet, no trailing zeros in times. Default false: deployed peers write all
   * of these, and RFC 0030 lets readers skip what follows a sequence.
   */
  readonly strict?: boolean;
}

/** Type and request id. */
const HEADER_SIZE = 5;

/**
 * Writes a packet of BTP 2.0 (RFC 0023; BilateralTransferProtocol.asn).
 * @throws {@link OerEncodeError} for a request id that is no UInt32, an amount beyond 64 bits, two sub-protocols of one
 * name, a name that is not ASCII, an error code that is not three characters, error data above 8192 bytes.
 */
export function encodeBtpPacket(packet: BtpWritablePacket): Uint8Array {
  const { type, protocolData } = packet;
  const protocolSize = sizeOfProtocolData(protocolData);
  if (type === BtpType.error) return encodeError(packet, protocolSize);
  const contentSize = (type === BtpType.transfer ? 8 : 0) + protocolSize;
  const writer = openPacket(type, packet.requestId, contentSize);
  if (type === BtpType.transfer) writer.writeUInt64(packet.amount);
  writeProtocolData(writer, protocolData);
  return writer.finish();
}

function encodeError(error: BtpError, protocolSize: number): Uint8Array {
  const { code, name, data } = error;
  if (code.length !== 3) {
    throw new OerEncodeError(
      'BAD_VALUE',
      `the error code ${JSON.stringify(code)} is not three characters`,
    );
  }
  if (data.length > MAX_ERROR_DATA_LENGTH) {
    throw new OerEncodeError(
      'TOO_LONG',
      `error data of ${data.length} bytes, at most ${MAX_ERROR_DATA_LENGTH} are allowed`,
    );
  }
  const triggeredAt = formatGeneralizedTime(error.triggeredAt);
  const contentSize =
    code.length +
    sizeOfVarOctets(name.length) +
    sizeOfVarOctets(triggeredAt.length) +
    sizeOfVarOctets(data.length) +
    protocolSize;
  const writer = openPacket(error.type, error.requestId, contentSize);
  writer.writeAscii(code);
  writer.writeVarAscii(name);
  writer.writeVarAscii(triggeredAt);
  writer.writeVarOctets(data);
  writeProtocolData(writer, error.protocolData);
  return writer.finish();
}

function openPacket(type: number, requestId: number, contentSize: number): OerWriter {
  const writer = new OerWriter(HEADER_SIZE + sizeOfVarOctets(contentSize));
  writer.writeUInt8(type);
  writer.writeUInt32(requestId);
  writer.writeLength(contentSize);
  return writer;
}

/**
 * Reads any packet. Octets of the result are views into the input.
 * @throws {@link OerDecodeError}, whatever the bytes. `BAD_VALUE` means a packet whose structure could be read but that
 * breaks another rule (two sub-protocols of one name): it may be answered with an Error, the others may not (RFC 0023
 * "Flow": unreadable packets get no response).
 */
export function decodeBtpPacket(octets: Uint8Array, options: BtpDecodeOptions = {}): BtpPacket {
  const strict = options.strict ?? false;
  const reader = new OerReader(octets, { strict });
  const type = reader.readUInt8();
  const requestId = reader.readUInt32();
  const content = reader.readNested();
  if (strict) reader.expectEnd();
  const packet = readContent(type, requestId, content, strict);
  if (strict) content.expectEnd();
  return packet;
}

function readContent(
  type: number,
  requestId: number,
  reader: OerReader,
  strict: boolean,
): BtpPacket {
  switch (type) {
    case BtpType.message:
    case BtpType.response:
      return { type, requestId, protocolData: readProtocolData(reader) };
    case BtpType.transfer: {
      const amount = reader.readUInt64();
      return { type, requestId, amount, protocolData: readProtocolData(reader) };
    }
    case BtpType.error:
      return readError(requestId, reader, strict);
    case BtpType.prepare:
      return readPrepare(requestId, reader, strict);
    case BtpType.fulfill:
      return readFulfill(requestId, reader);
    case BtpType.reject: {
      const transferId = reader.readOctets(16);
      return { type, requestId, transferId, protocolData: readProtocolData(reader) };
    }
    default:
      // Not BAD_VALUE: whether an unknown type is a request cannot be known, so it gets no answer.
      throw new OerDecodeError('OUT_OF_RANGE', 0, `${type} is no BTP type (1 to 7)`);
  }
}

function readError(requestId: number, reader: OerReader, strict: boolean): BtpError {
  const code = reader.readAscii(3);
  const name = reader.readVarAscii();
  const triggeredAt = reader.readGeneralizedTime(!strict);
  const data = reader.readVarOctets(strict ? MAX_ERROR_DATA_LENGTH : Infinity);
  const protocolData = readProtocolData(reader);
  return { type: BtpType.error, requestId, code, name, triggeredAt, data, protocolData };
}

function readPrepare(requestId: number, reader: OerReader, strict: boolean): BtpPrepare {
  const transferId = reader.readOctets(16);
  const amount = reader.readUInt64();
  const executionCondition = reader.readOctets(32);
  const expiresAt = reader.readGeneralizedTime(!strict);
  const protocolData = readProtocolData(reader);
  return {
    type: BtpType.prepare,
    requestId,
    transferId,
    amount,
    executionCondition,
    expiresAt,
    protocolData,
  };
}

function readFulfill(requestId: number, reader: OerReader): BtpFulfill {
  const transferId = reader.readOctets(16);
  const fulfillment = reader.readOctets(32);
  const protocolData = readProtocolData(reader);
  return { type: BtpType.fulfill, requestId, transferId, fulfillment, protocolData };
}
