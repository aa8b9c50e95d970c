import { hmacSha256 } from '#crypto';
import { OerDecodeError, OerReader, OerWriter } from '@pennyswitch/oer-codec';

/** The size of a receipt nonce in bytes (RFC 0039 "Specification"). */
export const RECEIPT_NONCE_LENGTH = 16;
/** The size of a receipt secret in bytes. */
export const RECEIPT_SECRET_LENGTH = 32;
/** The size of a receipt in bytes: version, nonce, stream id, total, HMAC. */
export const RECEIPT_LENGTH = 58;

const VERSION = 1;
const HMAC_LENGTH = 32;
const SIGNED_LENGTH = RECEIPT_LENGTH - HMAC_LENGTH;

/** What a verifier gives to a receiver so that the receiver's receipts can be verified (RFC 0039 "Flow"). */
export interface ReceiptSetup {
  /** 16 bytes, unique for the connection. */
  readonly nonce: Uint8Array;
  /** 32 bytes that the sender must not know. */
  readonly secret: Uint8Array;
}

/** What a receipt says: so much was received on this stream so far. */
export interface Receipt {
  /** Which connection: the verifier's nonce, 16 bytes. */
  readonly nonce: Uint8Array;
  /** Which of its streams, 0 to 255. */
  readonly streamId: number;
  /** In units of the receiver, 0 to 2^64 - 1. */
  readonly totalReceived: bigint;
}

/**
 * Makes a receipt (RFC 0039 "Specification"): 58 bytes.
 * @throws {@link OerEncodeError} for a stream id above 255 or a total above 2^64 - 1.
 * @throws RangeError for a nonce that has not 16 bytes, or a secret that has not 32.
 */
export function createReceipt(
  setup: ReceiptSetup,
  streamId: number,
  totalReceived: bigint,
): Uint8Array {
  checkLength('nonce', setup.nonce, RECEIPT_NONCE_LENGTH);
  checkLength('secret', setup.secret, RECEIPT_SECRET_LENGTH);
  const writer = new OerWriter(RECEIPT_LENGTH);
  writer.writeUInt8(VERSION);
  writer.writeOctets(setup.nonce);
  writer.writeUInt8(streamId);
  writer.writeUInt64(totalReceived);
  writer.writeOctets(hmacSha256(setup.secret, writer.finish()));
  return writer.finish();
}

/**
 * Reads a receipt without verifying it: to find out whose it is.
 * @throws {@link OerDecodeError} for bytes that are no receipt of version 1.
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length !== RECEIPT_LENGTH) {
    throw new OerDecodeError(
      bytes.length < RECEIPT_LENGTH ? 'TRUNCATED' : 'TRAILING_BYTES',
      0,
      `a receipt has ${RECEIPT_LENGTH} bytes, this has ${bytes.length}`,
    );
  }
  const reader = new OerReader(bytes);
  const version = reader.readUInt8();
  if (version !== VERSION) {
    throw reader.error('BAD_VALUE', `the receipt's version is ${version}, expected 1`, 0);
  }
  return {
    nonce: reader.readOctets(RECEIPT_NONCE_LENGTH).slice(),
    streamId: reader.readUInt8(),
    totalReceived: reader.readUInt64(),
  };
}

/**
 * Reads a receipt and checks that the holder of the secret made it.
 * @param secret the receipt secret, or a function that finds it by what the receipt says (undefined: unknown nonce).
 * @returns undefined for bytes that are no receipt, for an unknown nonce, and for a receipt that the secret did not make.
 */
export function verifyReceipt(
  bytes: Uint8Array,
  secret: Uint8Array | ((receipt: Receipt) => Uint8Array | undefined),
): Receipt | undefined {
  let receipt: Receipt;
  try {
    receipt = decodeReceipt(bytes);
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
  const key = typeof secret === 'function' ? secret(receipt) : secret;
  if (key === undefined) return undefined;
  const expected = hmacSha256(key, bytes.subarray(0, SIGNED_LENGTH));
  // Every byte is looked at, so that the time taken does not tell how many are right.
  let difference = 0;
  for (let i = 0; i < HMAC_LENGTH; i++) {
    difference |= (expected[i] as number) ^ (bytes[SIGNED_LENGTH + i] as number);
  }
  return difference === 0 ? receipt : undefined;
}

function checkLength(field: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new RangeError(`the receipt ${field} has ${bytes.length} bytes and must have ${length}`);
  }
}
