import { gcm } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const OVERHEAD = IV_LENGTH + TAG_LENGTH;

/** HMAC-SHA256 of some bytes: 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, key, message);
}

/** HMAC-SHA256 under a key that is used many times: the state behind the padded key is computed once. */
export class Mac {
  readonly #keyed: ReturnType<typeof hmac.create>;

  constructor(key: Uint8Array) {
    this.#keyed = hmac.create(sha256, key);
  }

  /** 32 bytes. */
  digest(message: Uint8Array): Uint8Array {
    return this.#keyed.clone().update(message).digest();
  }
}

/** AES-256-GCM in the envelope of RFC 0029 5.1.1: initialization vector, authentication tag, ciphertext. */
export class Envelope {
  readonly #key: Uint8Array;

  /** @param key 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key.slice();
  }

  /** @param iv 12 bytes that were never used with this key before. */
  seal(plaintext: Uint8Array, iv: Uint8Array): Uint8Array {
    // The library puts the tag behind the ciphertext, STREAM before it.
    const sealed = gcm(this.#key, iv).encrypt(plaintext);
    const envelope = new Uint8Array(IV_LENGTH + sealed.length);
    envelope.set(iv);
    envelope.set(sealed.subarray(plaintext.length), IV_LENGTH);
    envelope.set(sealed.subarray(0, plaintext.length), OVERHEAD);
    return envelope;
  }

  /** The plaintext, or undefined for anything that was not sealed with this key. */
  open(envelope: Uint8Array): Uint8Array | undefined {
    if (envelope.length < OVERHEAD) return undefined;
    const sealed = new Uint8Array(envelope.length - IV_LENGTH);
    sealed.set(envelope.subarray(OVERHEAD));
    sealed.set(envelope.subarray(IV_LENGTH, OVERHEAD), envelope.length - OVERHEAD);
    try {
      return gcm(this.#key, envelope.subarray(0, IV_LENGTH)).decrypt(sealed);
    } catch {
      return undefined;
    }
  }
}
