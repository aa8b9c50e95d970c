import type { OerReader, OerWriter } from '@pennyswitch/oer-codec';
import { MAX_ADDRESS_LENGTH, type IlpAddress } from './address.js';
import { isIlpAddressPrefix, type IlpAddressPrefix } from './prefix.js';
import { isIlpAddress } from './address.js';

/** Reads an address as it stands on the wire: ASCII with a length determinant (RFC 0030 "ILP Address"). */
export function readIlpAddress(reader: OerReader): IlpAddress {
  const start = reader.offset;
  const text = reader.readVarAscii(MAX_ADDRESS_LENGTH);
  if (isIlpAddress(text)) return text;
  reader.offset = start;
  throw reader.error('BAD_VALUE', 'the text is no ILP address (RFC 0015)');
}

/** Reads a prefix as it stands on the wire. */
export function readIlpAddressPrefix(reader: OerReader): IlpAddressPrefix {
  const start = reader.offset;
  const text = reader.readVarAscii(MAX_ADDRESS_LENGTH);
  if (isIlpAddressPrefix(text)) return text;
  reader.offset = start;
  throw reader.error('BAD_VALUE', 'the text is no ILP address prefix (RFC 0015)');
}

/** Writes an address or prefix with its length determinant. */
export function writeIlpAddress(writer: OerWriter, address: IlpAddressPrefix): void {
  writer.writeVarAscii(address);
}
