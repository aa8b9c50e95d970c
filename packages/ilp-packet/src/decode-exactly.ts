import { readIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { OerDecodeError, OerReader } from '@pennyswitch/oer-codec';
import { isIlpErrorCode, type IlpErrorCode } from './error-codes.js';
import { CONDITION_LENGTH, MAX_DATA_LENGTH, MAX_MESSAGE_LENGTH } from './limits.js';
import { PacketType, type IlpFulfill, type IlpPacket, type IlpReject } from './types.js';
import type { LocatedPrepare } from './locate-prepare.js';

/** How a packet is read. */
export interface DecodeOptions {
  /** Only canonical bytes, and none behind the packet. Default false: RFC 0027 and 0030 let both pass. */
  readonly strict?: boolean;
}

/** The definition of how a Prepare is read: every form that passes, and what is wrong with the rest. */
export function locatePrepareExactly(
  bytes: Uint8Array,
  options: DecodeOptions | undefined,
  into: LocatedPrepare,
): void {
  const { outer, reader } = open(bytes, PacketType.prepare, options);
  into.amountAt = reader.offset;
  readField('amount', () => reader.skip(8));
  into.expiresAtMs = readField('expiresAt', () => reader.readTimestamp());
  readField('executionCondition', () => reader.skip(CONDITION_LENGTH));
  into.destination = readField('destination', () => readIlpAddress(reader));
  const { length } = readField('data', () => reader.readVarOctets(MAX_DATA_LENGTH));
  into.dataEnd = reader.offset;
  into.dataAt = into.dataEnd - length;
  close(outer, reader);
}

/** The definition of how a Fulfill is read. */
export function decodeFulfillExactly(
  bytes: Uint8Array,
  options: DecodeOptions | undefined,
): IlpFulfill {
  const { outer, reader } = open(bytes, PacketType.fulfill, options);
  const fulfill = {
    fulfillment: readField('fulfillment', () => reader.readOctets(CONDITION_LENGTH)),
    data: readField('data', () => reader.readVarOctets(MAX_DATA_LENGTH)),
  };
  close(outer, reader);
  return fulfill;
}

/** The definition of how a Reject is read. */
export function decodeRejectExactly(
  bytes: Uint8Array,
  options: DecodeOptions | undefined,
): IlpReject {
  const { outer, reader } = open(bytes, PacketType.reject, options);
  const reject = {
    code: readField('code', () => readCode(reader)),
    triggeredBy: readField('triggeredBy', () => readTriggeredBy(reader)),
    message: readField('message', () => reader.readVarUtf8(MAX_MESSAGE_LENGTH)),
    data: readField('data', () => reader.readVarOctets(MAX_DATA_LENGTH)),
  };
  close(outer, reader);
  return reject;
}

/** The error for bytes that are no packet, or not one of the `expected` kind. */
export function notAPacket(bytes: Uint8Array, expected: string): OerDecodeError {
  const error =
    bytes.length === 0
      ? new OerDecodeError('TRUNCATED', 0, 'the packet is empty')
      : new OerDecodeError(
          'BAD_VALUE',
          0,
          `the type id is ${bytes[0] as number}, expected ${expected}`,
        );
  return error.within('type');
}

const TYPE_NAMES = { 12: 'Prepare (12)', 13: 'Fulfill (13)', 14: 'Reject (14)' } as const;

function open(
  bytes: Uint8Array,
  type: IlpPacket['type'],
  options: DecodeOptions | undefined,
): { outer: OerReader; reader: OerReader } {
  if (bytes[0] !== type) throw notAPacket(bytes, TYPE_NAMES[type]);
  const outer = new OerReader(bytes, { strict: options?.strict ?? false, start: 1 });
  return { outer, reader: outer.readNested() };
}

function close(outer: OerReader, reader: OerReader): void {
  if (outer.strict) {
    reader.expectEnd();
    outer.expectEnd();
  }
}

/** Reads a field and names it in the error if it cannot be read. */
export function readField<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof OerDecodeError ? error.within(name) : error;
  }
}

function readCode(reader: OerReader): IlpErrorCode {
  const at = reader.offset;
  const code = reader.readAscii(3);
  if (isIlpErrorCode(code)) return code;
  throw reader.error('BAD_VALUE', 'the error code is not F, T or R and two digits', at);
}

function readTriggeredBy(reader: OerReader): IlpAddress | '' {
  if (reader.peekUInt8() !== 0) return readIlpAddress(reader);
  reader.skip(1);
  return '';
}
