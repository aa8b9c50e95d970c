import { Envelope, hmacSha256, Mac } from '#crypto';
import { conditionOf, MAX_DATA_LENGTH } from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import type { RandomBytes } from './environment.js';
import {
  decodeStreamPacket,
  writeStreamPacket,
  type EncodeStreamPacketOptions,
  type StreamPacket,
} from './packet.js';

/** The size of a shared secret that this package makes, in bytes (RFC 0029 4.1 recommends it). */
export const SHARED_SECRET_LENGTH = 32;

const IV_LENGTH = 12;
const ENCRYPTION = ascii('ilp_stream_encryption');
const FULFILLMENT = ascii('ilp_stream_fulfillment');

/**
 * The keys of one connection, derived once from its shared secret: encrypts and decrypts packets (RFC 0029 5.1) and makes
 * fulfillments (6). Both endpoints have the same.
 */
export class StreamKeys {
  readonly #envelope: Envelope;
  readonly #fulfillment: Mac;

  /** @param sharedSecret what the server gave to the client over a private channel; deployed servers give 32 bytes. */
  constructor(sharedSecret: Uint8Array) {
    if (sharedSecret.length < 16) {
      throw new RangeError(
        `the shared secret has ${sharedSecret.length} bytes, at least 16 are needed (32 recommended, RFC 0029 4.1)`,
      );
    }
    this.#envelope = new Envelope(hmacSha256(sharedSecret, ENCRYPTION));
    this.#fulfillment = new Mac(hmacSha256(sharedSecret, FULFILLMENT));
  }

  /**
   * Writes and encrypts a packet: the data of an ILP packet.
   * @param randomBytes gives the initialization vector, which must never repeat under one shared secret.
   * @throws {@link OerEncodeError} as {@link encodeStreamPacket} does.
   */
  seal(
    packet: StreamPacket,
    randomBytes: RandomBytes,
    options?: EncodeStreamPacketOptions,
  ): Uint8Array {
    return this.#envelope.seal(writeStreamPacket(packet, options), randomBytes(IV_LENGTH));
  }

  /**
   * Decrypts and reads the data of an ILP packet; undefined for what the other endpoint did not make, and for what it made
   * but cannot be read. {@link decrypt} tells the two apart.
   */
  open(data: Uint8Array): StreamPacket | undefined {
    const plaintext = this.decrypt(data);
    if (plaintext === undefined) return undefined;
    try {
      return decodeStreamPacket(plaintext);
    } catch (error) {
      if (error instanceof OerDecodeError) return undefined;
      throw error;
    }
  }

  /** Decrypts without reading: bytes that the other endpoint made, or undefined where they are not authentic. */
  decrypt(data: Uint8Array): Uint8Array | undefined {
    return data.length > MAX_DATA_LENGTH ? undefined : this.#envelope.open(data);
  }

  /** The fulfillment of the Prepare that carries this data, encrypted as it is: 32 bytes (RFC 0029 6.3). */
  fulfillment(data: Uint8Array): Uint8Array {
    return this.#fulfillment.digest(data);
  }

  /** The condition for a Prepare that the receiver shall be able to fulfill: 32 bytes (RFC 0029 6.2). */
  condition(data: Uint8Array): Uint8Array {
    return conditionOf(this.fulfillment(data));
  }
}

/** A condition that nobody can fulfill, for probes (RFC 0029 6.1): 32 random bytes. */
export function unfulfillableCondition(randomBytes: RandomBytes): Uint8Array {
  return randomBytes(32);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
