import type { IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeTimestamp,
  getUInt64,
  OerEncodeError,
  putInt64,
  TIMESTAMP_LENGTH,
  viewOf,
} from '@pennyswitch/oer-codec';
import { putExpiry } from './encode.js';
import { CONDITION_LENGTH } from './limits.js';
import { located, locatePrepare } from './locate-prepare.js';
import { PacketType } from './types.js';

/**
 * A Prepare in place: reads single fields out of the received bytes and writes amount and expiry back into them, for
 * whoever forwards packets. RFC 0027 made these fields fixed-length so that no other byte has to move.
 *
 * The constructor checks the whole packet as `decodePrepare` does, so that the getters cannot fail.
 */
export class PrepareView {
  /** The packet itself; {@link setAmount} and {@link setExpiresAt} change it. */
  readonly bytes: Uint8Array;
  /** The address that decides the next hop. */
  readonly destination: IlpAddress;
  readonly #amountAt: number;
  readonly #dataAt: number;
  readonly #dataEnd: number;
  #expiresAtMs: number;

  /** @throws {@link OerDecodeError} for anything that RFC 0027 does not allow; its `path` names the field. */
  constructor(bytes: Uint8Array) {
    locatePrepare(bytes);
    this.bytes = bytes;
    this.destination = located.destination;
    this.#amountAt = located.amountAt;
    this.#dataAt = located.dataAt;
    this.#dataEnd = located.dataEnd;
    this.#expiresAtMs = located.expiresAtMs;
  }

  /** In units of the account that the packet travels over, 0 to 2^64 - 1. */
  get amount(): bigint {
    return getUInt64(this.bytes, this.#amountAt);
  }

  /** Milliseconds since 1970. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  /** A view of the 32 bytes. */
  get executionCondition(): Uint8Array {
    const start = this.#amountAt + 8 + TIMESTAMP_LENGTH;
    return viewOf(this.bytes, start, start + CONDITION_LENGTH);
  }

  /** A view of the end-to-end data. */
  get data(): Uint8Array {
    return viewOf(this.bytes, this.#dataAt, this.#dataEnd);
  }

  /** Writes the amount into the packet. @throws {@link OerEncodeError} outside 0 to 2^64 - 1. */
  setAmount(amount: bigint): void {
    if (BigInt.asUintN(64, amount) !== amount) {
      throw new OerEncodeError('OUT_OF_RANGE', `${amount} is no amount from 0 to 2^64 - 1`).within(
        'amount',
      );
    }
    putInt64(this.bytes, this.#amountAt, amount);
  }

  /** Writes the expiry, in milliseconds since 1970, into the packet. @throws {@link OerEncodeError} for no valid time. */
  setExpiresAt(epochMs: number): void {
    putExpiry(this.bytes, this.#amountAt + 8, epochMs);
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
