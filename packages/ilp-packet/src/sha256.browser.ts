import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** SHA-256 of some bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** Whether 32 bytes are the SHA-256 of some bytes. */
export function isSha256Of(bytes: Uint8Array, digest: Uint8Array): boolean {
  return sha256(bytes).every((byte, i) => byte === digest[i]);
}
