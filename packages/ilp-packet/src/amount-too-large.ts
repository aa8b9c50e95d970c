import { OerEncodeError, OerReader, putInt64 } from '@pennyswitch/oer-codec';
import { readField } from './decode-exactly.js';

/** The data of an F08 Reject (InterledgerErrorData.asn): helps the sender to find the path's packet size. */
export interface AmountTooLargeData {
  /** What arrived at the connector that rejects, in the units of its incoming account. */
  readonly receivedAmount: bigint;
  /** The most that it forwards in one packet (inclusive), in the same units. */
  readonly maximumAmount: bigint;
}

/** Writes the data of an F08 Reject: 16 bytes. @throws {@link OerEncodeError} for an amount beyond 64 bits. */
export function encodeAmountTooLargeData(data: AmountTooLargeData): Uint8Array {
  const bytes = new Uint8Array(16);
  for (const [at, field] of [
    [0, 'receivedAmount'],
    [8, 'maximumAmount'],
  ] as const) {
    const amount = data[field];
    if (BigInt.asUintN(64, amount) !== amount) {
      throw new OerEncodeError('OUT_OF_RANGE', `${amount} is no amount from 0 to 2^64 - 1`).within(
        field,
      );
    }
    putInt64(bytes, at, amount);
  }
  return bytes;
}

/**
 * Reads the data of an F08 Reject; bytes behind the two amounts are ignored (RFC 0030 "Extensibility").
 * @throws {@link OerDecodeError} `TRUNCATED` for fewer than 16 bytes; its `path` names the field.
 */
export function decodeAmountTooLargeData(data: Uint8Array): AmountTooLargeData {
  const reader = new OerReader(data);
  return {
    receivedAmount: readField('receivedAmount', () => reader.readUInt64()),
    maximumAmount: readField('maximumAmount', () => reader.readUInt64()),
  };
}
