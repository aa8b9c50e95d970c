import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hash,
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

/** Of SHA-256, in bytes: what it takes at once, and what it gives. */
const BLOCK_LENGTH = 64;
const DIGEST_LENGTH = 32;
/** Messages up to here are hashed in one call; beyond, the work itself costs more than how it is started. */
const SHORT_MESSAGE = 4096;

/** The padded key and what is hashed behind it, for all keys: hashing is one call, so that nobody is interrupted. */
const innerInput = new Uint8Array(BLOCK_LENGTH + SHORT_MESSAGE);
const outerInput = new Uint8Array(BLOCK_LENGTH + DIGEST_LENGTH);

/**
 * HMAC-SHA256 under a key that is used many times. Written out as its two hashes (RFC 2104), because a short message costs
 * three times as much through an Hmac object.
 */
export class Mac {
  readonly #key: KeyObject;
  readonly #innerPad: Uint8Array;
  readonly #outerPad: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    const short = key.length > BLOCK_LENGTH ? createHash('sha256').update(key).digest() : key;
    this.#innerPad = padded(short, 0x36);
    this.#outerPad = padded(short, 0x5c);
  }

  /** 32 bytes. */
  digest(message: Uint8Array): Uint8Array {
    const { length } = message;
    if (length > SHORT_MESSAGE) return createHmac('sha256', this.#key).update(message).digest();
    innerInput.set(this.#innerPad);
    innerInput.set(message, BLOCK_LENGTH);
    outerInput.set(this.#outerPad);
    putDigest(innerInput.subarray(0, BLOCK_LENGTH + length), outerInput, BLOCK_LENGTH);
    const digest = new Uint8Array(DIGEST_LENGTH);
    putDigest(outerInput, digest, 0);
    return digest;
  }
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  return Uint8Array.from({ length: BLOCK_LENGTH }, (_, i) => (key[i] ?? 0) ^ pad);
}

/** Puts the SHA-256 of `input` into `target`. As text on the way, which costs a third of what a Buffer does. */
function putDigest(input: Uint8Array, target: Uint8Array, offset: number): void {
  const text = hash('sha256', input, 'binary');
  for (let i = 0; i < DIGEST_LENGTH; i++) target[offset + i] = text.charCodeAt(i);
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
