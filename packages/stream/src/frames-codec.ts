import { isIlpAddress, MAX_ADDRESS_LENGTH, type IlpAddress } from '@pennyswitch/ilp-address';
import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import {
  sizeOfVarOctets,
  sizeOfVarUInt,
  utf8Length,
  type OerReader,
  type OerWriter,
} from '@pennyswitch/oer-codec';
import type { StreamFrame, StreamFrameType } from './frames.js';

type FrameOf<Type extends StreamFrameType> = Extract<StreamFrame, { type: Type }>;

/** How the contents of one type of frame are measured, written and read; type id and length stand before them. */
interface FrameCodec<Type extends StreamFrameType> {
  /** The first byte of the frame. */
  readonly id: number;
  readonly size: (frame: FrameOf<Type>) => number;
  readonly write: (writer: OerWriter, frame: FrameOf<Type>) => void;
  readonly read: (reader: OerReader) => FrameOf<Type>;
}

/** The contents of every frame, field by field as in Stream.asn. */
const CODECS: { readonly [Type in StreamFrameType]: FrameCodec<Type> } = {
  ConnectionClose: {
    id: 0x01,
    size: (frame) => 1 + sizeOfText(frame.errorMessage),
    write: (writer, frame) => {
      writer.writeUInt8(frame.errorCode);
      writer.writeVarUtf8(frame.errorMessage);
    },
    read: (reader) => ({
      type: 'ConnectionClose',
      errorCode: reader.readUInt8(),
      errorMessage: reader.readVarUtf8(),
    }),
  },
  ConnectionNewAddress: {
    id: 0x02,
    size: (frame) => sizeOfVarOctets(frame.sourceAddress.length),
    write: (writer, frame) => writer.writeVarAscii(frame.sourceAddress),
    read: (reader) => ({ type: 'ConnectionNewAddress', sourceAddress: readAddress(reader) }),
  },
  ConnectionMaxData: {
    id: 0x03,
    size: (frame) => sizeOfNumber(frame.maxOffset),
    write: (writer, frame) => writeNumber(writer, frame.maxOffset),
    read: (reader) => ({ type: 'ConnectionMaxData', maxOffset: readNumber(reader) }),
  },
  ConnectionDataBlocked: {
    id: 0x04,
    size: (frame) => sizeOfNumber(frame.maxOffset),
    write: (writer, frame) => writeNumber(writer, frame.maxOffset),
    read: (reader) => ({ type: 'ConnectionDataBlocked', maxOffset: readNumber(reader) }),
  },
  ConnectionMaxStreamId: {
    id: 0x05,
    size: (frame) => sizeOfNumber(frame.maxStreamId),
    write: (writer, frame) => writeNumber(writer, frame.maxStreamId),
    read: (reader) => ({ type: 'ConnectionMaxStreamId', maxStreamId: readNumber(reader) }),
  },
  ConnectionStreamIdBlocked: {
    id: 0x06,
    size: (frame) => sizeOfNumber(frame.maxStreamId),
    write: (writer, frame) => writeNumber(writer, frame.maxStreamId),
    read: (reader) => ({ type: 'ConnectionStreamIdBlocked', maxStreamId: readNumber(reader) }),
  },
  ConnectionAssetDetails: {
    id: 0x07,
    size: (frame) => sizeOfText(frame.assetCode) + 1,
    write: (writer, frame) => {
      writer.writeVarUtf8(frame.assetCode);
      writer.writeUInt8(frame.assetScale);
    },
    read: (reader) => ({
      type: 'ConnectionAssetDetails',
      assetCode: reader.readVarUtf8(),
      assetScale: reader.readUInt8(),
    }),
  },
  StreamClose: {
    id: 0x10,
    size: (frame) => sizeOfNumber(frame.streamId) + 1 + sizeOfText(frame.errorMessage),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writer.writeUInt8(frame.errorCode);
      writer.writeVarUtf8(frame.errorMessage);
    },
    read: (reader) => ({
      type: 'StreamClose',
      streamId: readNumber(reader),
      errorCode: reader.readUInt8(),
      errorMessage: reader.readVarUtf8(),
    }),
  },
  StreamMoney: {
    id: 0x11,
    size: (frame) => sizeOfNumber(frame.streamId) + sizeOfVarUInt(frame.shares),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writer.writeVarUInt64(frame.shares);
    },
    read: (reader) => ({
      type: 'StreamMoney',
      streamId: readNumber(reader),
      shares: reader.readVarUInt64(),
    }),
  },
  StreamMaxMoney: {
    id: 0x12,
    size: (frame) =>
      sizeOfNumber(frame.streamId) +
      sizeOfVarUInt(frame.receiveMax) +
      sizeOfVarUInt(frame.totalReceived),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writer.writeVarUInt64(frame.receiveMax);
      writer.writeVarUInt64(frame.totalReceived);
    },
    read: (reader) => ({
      type: 'StreamMaxMoney',
      streamId: readNumber(reader),
      receiveMax: reader.readVarUIntSaturated(),
      totalReceived: reader.readVarUInt64(),
    }),
  },
  StreamMoneyBlocked: {
    id: 0x13,
    size: (frame) =>
      sizeOfNumber(frame.streamId) + sizeOfVarUInt(frame.sendMax) + sizeOfVarUInt(frame.totalSent),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writer.writeVarUInt64(frame.sendMax);
      writer.writeVarUInt64(frame.totalSent);
    },
    read: (reader) => ({
      type: 'StreamMoneyBlocked',
      streamId: readNumber(reader),
      sendMax: reader.readVarUIntSaturated(),
      totalSent: reader.readVarUInt64(),
    }),
  },
  StreamData: {
    id: 0x14,
    size: (frame) =>
      sizeOfNumber(frame.streamId) +
      sizeOfNumber(frame.offset) +
      sizeOfVarOctets(frame.data.length),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writeNumber(writer, frame.offset);
      writer.writeVarOctets(frame.data);
    },
    read: (reader) => ({
      type: 'StreamData',
      streamId: readNumber(reader),
      offset: readNumber(reader),
      data: reader.readVarOctets(),
    }),
  },
  StreamMaxData: {
    id: 0x15,
    size: (frame) => sizeOfNumber(frame.streamId) + sizeOfNumber(frame.maxOffset),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writeNumber(writer, frame.maxOffset);
    },
    read: (reader) => ({
      type: 'StreamMaxData',
      streamId: readNumber(reader),
      maxOffset: readNumber(reader),
    }),
  },
  StreamDataBlocked: {
    id: 0x16,
    size: (frame) => sizeOfNumber(frame.streamId) + sizeOfNumber(frame.maxOffset),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writeNumber(writer, frame.maxOffset);
    },
    read: (reader) => ({
      type: 'StreamDataBlocked',
      streamId: readNumber(reader),
      maxOffset: readNumber(reader),
    }),
  },
  StreamReceipt: {
    id: 0x17,
    size: (frame) => sizeOfNumber(frame.streamId) + sizeOfVarOctets(frame.receipt.length),
    write: (writer, frame) => {
      writeNumber(writer, frame.streamId);
      writer.writeVarOctets(frame.receipt);
    },
    read: (reader) => ({
      type: 'StreamReceipt',
      streamId: readNumber(reader),
      receipt: reader.readVarOctets(),
    }),
  },
};

/** The codec of a frame. The table above pairs each type with its own, which the compiler cannot follow by itself. */
function codecOf(frame: StreamFrame): FrameCodec<StreamFrameType> {
  return CODECS[frame.type] as unknown as FrameCodec<StreamFrameType>;
}

const READERS: ((reader: OerReader) => StreamFrame)[] = [];
for (const codec of Object.values(CODECS)) READERS[codec.id] = codec.read;

/** The first byte of every type of frame. */
export const FRAME_TYPE_IDS: Readonly<Record<StreamFrameType, number>> = Object.fromEntries(
  Object.entries(CODECS).map(([type, codec]) => [type, codec.id]),
) as Record<StreamFrameType, number>;

/** How many bytes a frame takes in a packet. */
export function sizeOfFrame(frame: StreamFrame): number {
  return 1 + sizeOfVarOctets(codecOf(frame).size(frame));
}

/**
 * Writes a frame.
 * @throws {@link OerEncodeError} for an amount above 2^64 - 1, a negative or fractional number, an error code above 255.
 */
export function writeFrame(writer: OerWriter, frame: StreamFrame): void {
  const codec = codecOf(frame);
  writer.writeUInt8(codec.id);
  if (frame.type === 'StreamData') {
    // Measured first: contents that are written before a long length have to be moved for it.
    writer.writeLength(codec.size(frame));
    codec.write(writer, frame);
    return;
  }
  const start = writer.beginOctets();
  codec.write(writer, frame);
  writer.endOctets(start);
}

/**
 * Reads a frame, or moves past one of an unknown type and returns undefined (RFC 0029 5.3). Bytes behind the last known
 * field are ignored.
 * @throws {@link OerDecodeError} for a known type whose contents are malformed.
 */
export function readFrame(reader: OerReader): StreamFrame | undefined {
  const start = reader.offset;
  const read = READERS[reader.readUInt8()];
  if (read === undefined) {
    reader.skipVarOctets();
    return undefined;
  }
  const end = reader.readLength() + reader.offset;
  const frame = read(reader);
  // A reader of its own for the contents would find this out by itself, and cost as much as the rest of the frame.
  if (reader.offset > end) throw reader.error('TRUNCATED', 'a field ends beyond its frame', start);
  reader.offset = end;
  return frame;
}

/** A number, Infinity for one that is too large to count exactly. */
export function sizeOfNumber(value: number): number {
  return value === Infinity ? 9 : sizeOfVarUInt(value);
}

/** Infinity is written as the largest number there is. */
export function writeNumber(writer: OerWriter, value: number): void {
  writer.writeVarUInt(value === Infinity ? MAX_AMOUNT : value);
}

/** A number beyond what the language counts exactly is read as Infinity. */
export function readNumber(reader: OerReader): number {
  // Nearly all are stream ids of one byte.
  const { bytes, offset } = reader;
  if (bytes[offset] === 1 && offset + 1 < reader.end) {
    reader.offset = offset + 2;
    return bytes[offset + 1] as number;
  }
  const value = reader.readVarUIntNumber(Infinity);
  return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
}

function sizeOfText(text: string): number {
  return sizeOfVarOctets(Math.max(0, utf8Length(text)));
}

function readAddress(reader: OerReader): IlpAddress | '' {
  const start = reader.offset;
  const text = reader.readVarAscii(MAX_ADDRESS_LENGTH);
  if (text === '' || isIlpAddress(text)) return text;
  reader.offset = start;
  throw reader.error('BAD_VALUE', 'the text is no ILP address (RFC 0015)');
}
