import { OerReader, OerWriter } from '@pennyswitch/oer-codec';

/** The data of an F08 Reject (InterledgerErrorData.asn): helps the sender to find the path's packet size. */
export interface AmountTooLargeData {
  /** What arrived at the connector that rejects, in the units of its incoming account. */
  readonly receivedAmount: bigint;
  /** The most that it forwards in one packet (inclusive), in the same units. */
  readonly maximumAmount: bigint;
}

/** Writes the data of an F08 Reject: 16 bytes. */
export function encodeAmountTooLargeData(data: AmountTooLargeData): Uint8Array {
  const writer = new OerWriter(16);
  writer.writeUInt64(data.receivedAmount);
  writer.writeUInt64(data.maximumAmount);
  return writer.finish();
}

/** Reads the data of an F08 Reject; bytes behind the two amounts are ignored (RFC 0030 "Extensibility"). */
export function decodeAmountTooLargeData(data: Uint8Array): AmountTooLargeData {
  const reader = new OerReader(data);
  return { receivedAmount: reader.readUInt64(), maximumAmount: reader.readUInt64() };
}
