import { asciiSlice, OerEncodeError, type OerReader, type OerWriter } from '@pennyswitch/oer-codec';
import { isIlpAddress, MAX_ADDRESS_LENGTH, type IlpAddress } from './address.js';
import { isIlpAddressPrefix, type IlpAddressPrefix } from './prefix.js';
import { isAddressBytes } from './syntax.js';

/** Reads an address as it stands on the wire: ASCII with a length determinant (RFC 0030 "ILP Address"). */
export function readIlpAddress(reader: OerReader): IlpAddress {
  const start = reader.offset;
  const text = reader.readVarAscii(MAX_ADDRESS_LENGTH);
  if (isIlpAddress(text)) return text;
  reader.offset = start;
  throw reader.error('BAD_VALUE', 'the text is no ILP address (RFC 0015)');
}

/**
 * Addresses seen lately, each in the slot that its last two characters choose. Packets of one payment all have the same
 * destination: comparing it costs a third of checking it and making its string again, and a string that was a key
 * before is found faster in the next table.
 */
const RECENT: (IlpAddress | undefined)[] = [];
const SLOTS = 64;

/**
 * The address that the bytes `start..end` spell (without a length determinant), or undefined. For hand-tuned codecs:
 * checks the bytes before it makes a string of them.
 */
export function ilpAddressOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): IlpAddress | undefined {
  if (end - start < 3) return undefined;
  const slot = ((bytes[end - 1] as number) * 31 + (bytes[end - 2] as number)) % SLOTS;
  const recent = RECENT[slot];
  if (recent !== undefined && spells(bytes, start, end, recent)) return recent;
  if (!isAddressBytes(bytes, start, end)) return undefined;
  return (RECENT[slot] = asciiSlice(bytes, start, end) as IlpAddress);
}

function spells(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  let different = 0;
  for (let i = 0; i < text.length; i++) {
    different |= (bytes[start + i] as number) ^ text.charCodeAt(i);
  }
  return different === 0;
}

/** Reads a prefix as it stands on the wire. */
export function readIlpAddressPrefix(reader: OerReader): IlpAddressPrefix {
  const start = reader.offset;
  const text = reader.readVarAscii(MAX_ADDRESS_LENGTH);
  if (isIlpAddressPrefix(text)) return text;
  reader.offset = start;
  throw reader.error('BAD_VALUE', 'the text is no ILP address prefix (RFC 0015)');
}

/**
 * Writes an address or prefix with its length determinant.
 * @throws {@link OerEncodeError} `BAD_VALUE` for a text that is neither: a type that was cast is no proof.
 */
export function writeIlpAddress(writer: OerWriter, address: IlpAddressPrefix): void {
  if (!isIlpAddressPrefix(address)) {
    throw new OerEncodeError('BAD_VALUE', 'the text is no ILP address (RFC 0015)');
  }
  writer.writeVarAscii(address);
}

/**
 * Writes the characters of an address, without a length determinant, to `at` of bytes that have room for them, and
 * says whether it is one. For hand-tuned codecs.
 */
export function putIlpAddress(bytes: Uint8Array, at: number, address: IlpAddress): boolean {
  let seen = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    seen |= code;
    bytes[at + i] = code;
  }
  return seen < 0x80 && isAddressBytes(bytes, at, at + address.length);
}
