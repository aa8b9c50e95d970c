import { readIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeTimestamp,
  encodeTimestamp,
  OerDecodeError,
  OerEncodeError,
  OerReader,
  TIMESTAMP_LENGTH,
} from '@pennyswitch/oer-codec';
import { CONDITION_LENGTH, MAX_AMOUNT, MAX_DATA_LENGTH } from './limits.js';
import { PacketType } from './types.js';

/**
 * A Prepare in place: reads single fields out of the received bytes and writes amount and expiry back into them, for
 * whoever forwards packets. RFC 0027 made these fields fixed-length so that no other byte has to move.
 *
 * The constructor checks the whole packet as {@link decodePrepare} does, so that the getters cannot fail.
 */
export class PrepareView {
  /** The packet itself; {@link setAmount} and {@link setExpiresAt} change it. */
  readonly bytes: Uint8Array;
  /** The address that decides the next hop. */
  readonly destination: IlpAddress;
  readonly #amountAt: number;
  readonly #dataAt: number;
  readonly #dataEnd: number;
  readonly #view: DataView;
  #expiresAtMs: number;

  /** @throws {@link OerDecodeError} for anything that RFC 0027 does not allow. */
  constructor(bytes: Uint8Array) {
    if (bytes[0] !== PacketType.prepare) {
      throw bytes.length === 0
        ? new OerDecodeError('TRUNCATED', 0, 'the packet is empty')
        : new OerDecodeError(
            'BAD_VALUE',
            0,
            `the type id is ${bytes[0] ?? 0}, expected Prepare (12)`,
          );
    }
    const reader = new OerReader(bytes);
    reader.offset = 1;
    const content = reader.readNested();
    const at = content.offset;
    content.skip(8);
    this.#expiresAtMs = content.readTimestamp();
    content.skip(CONDITION_LENGTH);
    this.destination = readIlpAddress(content);
    const data = content.readVarOctets(MAX_DATA_LENGTH);
    this.bytes = bytes;
    this.#amountAt = at;
    this.#dataEnd = content.offset;
    this.#dataAt = content.offset - data.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** In units of the account that the packet travels over, 0 to 2^64 - 1. */
  get amount(): bigint {
    return this.#view.getBigUint64(this.#amountAt);
  }

  /** Milliseconds since 1970. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  /** A view of the 32 bytes. */
  get executionCondition(): Uint8Array {
    const start = this.#amountAt + 8 + TIMESTAMP_LENGTH;
    return this.bytes.subarray(start, start + CONDITION_LENGTH);
  }

  /** A view of the end-to-end data. */
  get data(): Uint8Array {
    return this.bytes.subarray(this.#dataAt, this.#dataEnd);
  }

  /** Writes the amount into the packet. @throws {@link OerEncodeError} outside 0 to 2^64 - 1. */
  setAmount(amount: bigint): void {
    if (!(amount >= 0n && amount <= MAX_AMOUNT)) {
      throw new OerEncodeError('OUT_OF_RANGE', `${amount} is no amount from 0 to 2^64 - 1`);
    }
    this.#view.setBigUint64(this.#amountAt, amount);
  }

  /** Writes the expiry, in milliseconds since 1970, into the packet. @throws {@link OerEncodeError} for no valid time. */
  setExpiresAt(epochMs: number): void {
    encodeTimestamp(epochMs, this.bytes, this.#amountAt + 8);
    this.#expiresAtMs = Math.floor(epochMs);
  }
}

/** The expiry of a Prepare without looking at anything else, for timers; undefined for bytes that are no Prepare. */
export function peekExpiresAt(bytes: Uint8Array): number | undefined {
  const lengthByte = bytes[1];
  if (bytes[0] !== PacketType.prepare || lengthByte === undefined) return undefined;
  const contentAt = lengthByte < 0x80 ? 2 : 2 + (lengthByte & 0x7f);
  const time = decodeTimestamp(bytes, contentAt + 8);
  return typeof time === 'number' ? time : undefined;
}
