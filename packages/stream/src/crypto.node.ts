import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';

const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const OVERHEAD = IV_LENGTH + TAG_LENGTH;
const CIPHER = 'aes-256-gcm';

/** HMAC-SHA256 of some bytes: 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(message).digest();
}

/** HMAC-SHA256 under a key that is used many times. */
export class Mac {
  readonly #key: KeyObject;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** 32 bytes. */
  digest(message: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(message).digest();
  }
}

/** AES-256-GCM in the envelope of RFC 0029 5.1.1: initialization vector, authentication tag, ciphertext. */
export class Envelope {
  readonly #key: KeyObject;

  /** @param key 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** @param iv 12 bytes that were never used with this key before. */
  seal(plaintext: Uint8Array, iv: Uint8Array): Uint8Array {
    const cipher = createCipheriv(CIPHER, this.#key, iv);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    const envelope = new Uint8Array(OVERHEAD + ciphertext.length);
    envelope.set(iv);
    envelope.set(cipher.getAuthTag(), IV_LENGTH);
    envelope.set(ciphertext, OVERHEAD);
    return envelope;
  }

  /** The plaintext, or undefined for anything that was not sealed with this key. */
  open(envelope: Uint8Array): Uint8Array | undefined {
    if (envelope.length < OVERHEAD) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, envelope.subarray(0, IV_LENGTH));
    decipher.setAuthTag(envelope.subarray(IV_LENGTH, OVERHEAD));
    const plaintext = decipher.update(envelope.subarray(OVERHEAD));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return plaintext;
  }
}
