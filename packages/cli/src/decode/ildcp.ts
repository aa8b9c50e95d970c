import { readIlpAddress } from '@pennyswitch/ilp-address';
import { decodeIldcpResponse } from '@pennyswitch/ildcp';
import type { OerReader } from '@pennyswitch/oer-codec';
import { quote, type Dissector } from './dissection.js';

/** Whether what is left to read is a configuration that a parent gives (RFC 0031). */
export function looksLikeConfiguration(reader: OerReader): boolean {
  try {
    decodeIldcpResponse(reader.bytes.subarray(reader.offset, reader.end));
    return true;
  } catch {
    return false;
  }
}

/** The data of the Fulfill that answers `peer.config` (RFC 0031, DynamicConfigurationProtocol.asn). */
export function dissectConfiguration(data: Dissector): string {
  data.field('clientAddress', readIlpAddress);
  data.field('assetScale', (reader) => reader.readUInt8());
  data.field('assetCode', (reader) => reader.readVarUtf8(), quote);
  return 'ILDCP configuration';
}
