import { ilpAddressOf, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  getCanonicalLength,
  lengthOfLength,
  TIMESTAMP_LENGTH,
  tryDecodeTimestamp,
} from '@pennyswitch/oer-codec';
import { locatePrepareExactly, type DecodeOptions } from './decode-exactly.js';
import { CONDITION_LENGTH, MAX_DATA_LENGTH } from './limits.js';
import { PacketType } from './types.js';

/** Where the fields of a Prepare stand, and those of them that checking had to read. */
export interface LocatedPrepare {
  amountAt: number;
  expiresAtMs: number;
  destination: IlpAddress;
  dataAt: number;
  dataEnd: number;
}

/**
 * What {@link locatePrepare} found last. One object for all packets: whoever calls it takes what it needs before
 * anything else runs, and a connector makes no garbage of it.
 */
export const located: LocatedPrepare = {
  amountAt: 0,
  expiresAtMs: 0.5, // A fraction, so that the engine reserves room for a double from the start.
  destination: '' as IlpAddress,
  dataAt: 0,
  dataEnd: 0,
};

const FIXED = 8 + TIMESTAMP_LENGTH + CONDITION_LENGTH;

/**
 * Checks a whole Prepare and fills {@link located}.
 * @throws {@link OerDecodeError} for anything that RFC 0027 does not allow; its `path` names the field.
 */
export function locatePrepare(bytes: Uint8Array, options?: DecodeOptions): void {
  if (!locateCanonicalPrepare(bytes)) locatePrepareExactly(bytes, options, located);
}

/** The same for the canonical form with nothing behind it, which is also what strict reading allows. */
function locateCanonicalPrepare(bytes: Uint8Array): boolean {
  const end = bytes.length;
  const content = getCanonicalLength(bytes, 1);
  const amountAt = 1 + lengthOfLength(content);
  if (bytes[0] !== PacketType.prepare || content < FIXED + 2 || amountAt + content !== end) {
    return false;
  }
  const expiresAtMs = tryDecodeTimestamp(bytes, amountAt + 8);
  const addressLength = getCanonicalLength(bytes, amountAt + FIXED);
  const addressAt = amountAt + FIXED + lengthOfLength(addressLength);
  const addressEnd = addressAt + addressLength;
  const dataLength = getCanonicalLength(bytes, addressEnd);
  const dataAt = addressEnd + lengthOfLength(dataLength);
  if (
    Number.isNaN(expiresAtMs) ||
    addressLength < 0 ||
    dataLength < 0 ||
    dataLength > MAX_DATA_LENGTH ||
    dataAt + dataLength !== end
  ) {
    return false;
  }
  const destination = ilpAddressOf(bytes, addressAt, addressEnd);
  if (destination === undefined) return false;
  located.amountAt = amountAt;
  located.expiresAtMs = expiresAtMs;
  located.destination = destination;
  located.dataAt = dataAt;
  located.dataEnd = end;
  return true;
}
