import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { OerDecodeError, OerEncodeError, OerReader, OerWriter } from '@pennyswitch/oer-codec';
import type { Asset } from './asset.js';
import { CredentialsError } from './credentials-error.js';
import { RECEIPT_NONCE_LENGTH, RECEIPT_SECRET_LENGTH, type ReceiptSetup } from './receipt.js';

/** What credentials carry for the receiver, encrypted: nobody else can read or change it. */
export interface CredentialDetails {
  /** The application's own: whom or what the money is for. */
  readonly tag?: string;
  /** What the receiver counts in, told to the sender; fixed here because it may not change during a connection. */
  readonly asset?: Asset;
  /** Makes the receiver add a receipt to each Fulfill (RFC 0039). */
  readonly receipts?: ReceiptSetup;
  /** The first moment, in milliseconds since 1970, at which the receiver takes no more packets. */
  readonly expiresAt?: number;
  /** The most that the connection may receive in total, in units of the receiver's asset. */
  readonly limit?: bigint;
}

/** Which details follow the first byte, in this order. */
const Flag = { tag: 1, asset: 2, receipts: 4, expiresAt: 8, limit: 16 } as const;
const ALL_FLAGS = 31;

/**
 * Writes details as they stand in a token, before encryption:
 *
 *     flags UInt8
 *     [tag VarUtf8] [asset code VarUtf8, scale UInt8] [receipt nonce 16, receipt secret 32]
 *     [expiresAt VarUInt] [limit VarUInt]
 *
 * @throws {@link CredentialsError} `BAD_DETAILS`
 */
export function encodeTokenDetails(details: CredentialDetails): Uint8Array {
  const { tag, asset, receipts, expiresAt, limit } = details;
  const writer = new OerWriter(64);
  try {
    writer.writeUInt8(
      (tag === undefined ? 0 : Flag.tag) |
        (asset === undefined ? 0 : Flag.asset) |
        (receipts === undefined ? 0 : Flag.receipts) |
        (expiresAt === undefined ? 0 : Flag.expiresAt) |
        (limit === undefined ? 0 : Flag.limit),
    );
    if (tag !== undefined) writer.writeVarUtf8(tag);
    if (asset !== undefined) {
      writer.writeVarUtf8(asset.code);
      writer.writeUInt8(asset.scale);
    }
    if (receipts !== undefined) {
      checkLength('receipts.nonce', receipts.nonce, RECEIPT_NONCE_LENGTH);
      checkLength('receipts.secret', receipts.secret, RECEIPT_SECRET_LENGTH);
      writer.writeOctets(receipts.nonce);
      writer.writeOctets(receipts.secret);
    }
    if (expiresAt !== undefined) writer.writeVarUInt(expiresAt);
    if (limit !== undefined) {
      if (limit > MAX_AMOUNT)
        throw new OerEncodeError('OUT_OF_RANGE', `${limit} is above 2^64 - 1`);
      writer.writeVarUInt(limit);
    }
  } catch (error) {
    if (!(error instanceof OerEncodeError)) throw error;
    throw new CredentialsError('BAD_DETAILS', `a detail cannot be encoded: ${error.reason}`, {
      cause: error,
    });
  }
  return writer.finish();
}

/** Reads decrypted details; undefined where they are of a later format than this. */
export function decodeTokenDetails(bytes: Uint8Array): CredentialDetails | undefined {
  const reader = new OerReader(bytes);
  try {
    const flags = reader.readUInt8();
    if ((flags & ~ALL_FLAGS) !== 0) return undefined;
    const details = {
      ...(flags & Flag.tag ? { tag: reader.readVarUtf8() } : {}),
      ...(flags & Flag.asset
        ? { asset: { code: reader.readVarUtf8(), scale: reader.readUInt8() } }
        : {}),
      ...(flags & Flag.receipts
        ? {
            receipts: {
              nonce: reader.readOctets(RECEIPT_NONCE_LENGTH).slice(),
              secret: reader.readOctets(RECEIPT_SECRET_LENGTH).slice(),
            },
          }
        : {}),
      ...(flags & Flag.expiresAt ? { expiresAt: reader.readVarUIntNumber() } : {}),
      ...(flags & Flag.limit ? { limit: reader.readVarUInt64() } : {}),
    };
    reader.expectEnd();
    return details;
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}

function checkLength(field: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new CredentialsError(
      'BAD_DETAILS',
      `${field} has ${bytes.length} bytes and must have ${length}`,
    );
  }
}
