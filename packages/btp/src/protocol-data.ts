import {
  OerEncodeError,
  sizeOfVarOctets,
  sizeOfVarUInt,
  type OerReader,
  type OerWriter,
} from '@pennyswitch/oer-codec';
import { ContentType, type ProtocolData } from './packet.js';

/** The longest name of a sub-protocol, in characters. The ASN.1 module has no limit; every known name is under 30. */
export const MAX_PROTOCOL_NAME_LENGTH = 255;
/** The most sub-protocol entries in a packet. The ASN.1 module has no limit; every known packet has under 10. */
export const MAX_PROTOCOL_DATA_ENTRIES = 255;

/** Name, content type and data take at least a byte each. */
const MINIMUM_ENTRY_SIZE = 3;
const UTF8 = new TextEncoder();

/** An entry of `application/octet-stream`, the content type of `ilp`. */
export function octetsData(protocolName: string, data: Uint8Array): ProtocolData {
  return { protocolName, contentType: ContentType.octetStream, data };
}

/** An entry of `text/plain; charset=utf-8`. */
export function textData(protocolName: string, text: string): ProtocolData {
  return { protocolName, contentType: ContentType.textPlainUtf8, data: UTF8.encode(text) };
}

/** An entry of `application/json`. */
export function jsonData(protocolName: string, value: unknown): ProtocolData {
  return {
    protocolName,
    contentType: ContentType.json,
    data: UTF8.encode(JSON.stringify(value)),
  };
}

/** The data of the entry named `protocolName`, or undefined. */
export function findData(
  protocolData: readonly ProtocolData[],
  protocolName: string,
): Uint8Array | undefined {
  for (const entry of protocolData) if (entry.protocolName === protocolName) return entry.data;
  return undefined;
}

/** The size of the encoding, in bytes. */
export function sizeOfProtocolData(protocolData: readonly ProtocolData[]): number {
  let size = sizeOfVarUInt(protocolData.length);
  for (const { protocolName, data } of protocolData) {
    size += sizeOfVarOctets(protocolName.length) + 1 + sizeOfVarOctets(data.length);
  }
  return size;
}

/** @throws {@link OerEncodeError} for two entries of one name, a name that is not ASCII, too long a name or list. */
export function writeProtocolData(writer: OerWriter, protocolData: readonly ProtocolData[]): void {
  if (protocolData.length > MAX_PROTOCOL_DATA_ENTRIES) {
    throw new OerEncodeError(
      'TOO_LONG',
      `${protocolData.length} sub-protocol entries, at most ${MAX_PROTOCOL_DATA_ENTRIES} are allowed`,
    );
  }
  const twice = duplicateName(protocolData);
  if (twice !== undefined) {
    throw new OerEncodeError(
      'BAD_VALUE',
      `two sub-protocol entries are named ${JSON.stringify(twice)} (RFC 0023 Authentication)`,
    );
  }
  writer.writeCount(protocolData.length);
  for (const { protocolName, contentType, data } of protocolData) {
    if (protocolName.length > MAX_PROTOCOL_NAME_LENGTH) {
      throw new OerEncodeError(
        'TOO_LONG',
        `a sub-protocol's name of ${protocolName.length} characters, at most ${MAX_PROTOCOL_NAME_LENGTH} are allowed`,
      );
    }
    writer.writeVarAscii(protocolName);
    writer.writeUInt8(contentType);
    writer.writeVarOctets(data);
  }
}

/**
 * Reads the entries; their data are views into the input.
 * @throws OerDecodeError; two entries of one name and too many entries are `BAD_VALUE`, which unlike the others is no
 * structural fault.
 */
export function readProtocolData(reader: OerReader): ProtocolData[] {
  const start = reader.offset;
  const count = reader.readCount(MINIMUM_ENTRY_SIZE);
  if (count > MAX_PROTOCOL_DATA_ENTRIES) {
    for (let i = 0; i < count; i++) skipEntry(reader);
    const message = `${count} sub-protocol entries, at most ${MAX_PROTOCOL_DATA_ENTRIES} are allowed`;
    throw reader.error('BAD_VALUE', message, start);
  }
  const entries: ProtocolData[] = [];
  for (let i = 0; i < count; i++) {
    entries.push({
      protocolName: reader.readVarAscii(MAX_PROTOCOL_NAME_LENGTH),
      contentType: reader.readUInt8(),
      data: reader.readVarOctets(),
    });
  }
  const twice = duplicateName(entries);
  if (twice !== undefined) {
    throw reader.error(
      'BAD_VALUE',
      `two sub-protocol entries are named ${JSON.stringify(twice)} (RFC 0023 Authentication)`,
      start,
    );
  }
  return entries;
}

/** Whether there is an entry at all decides how the packet is wrong. */
function skipEntry(reader: OerReader): void {
  reader.readVarAscii(MAX_PROTOCOL_NAME_LENGTH);
  reader.readUInt8();
  reader.readVarOctets();
}

function duplicateName(entries: readonly ProtocolData[]): string | undefined {
  if (entries.length < 2) return undefined;
  const seen = new Set<string>();
  for (const { protocolName } of entries) {
    if (seen.has(protocolName)) return protocolName;
    seen.add(protocolName);
  }
  return undefined;
}
