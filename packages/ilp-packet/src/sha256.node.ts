import { createHash } from 'node:crypto';

/** SHA-256 of some bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // Without Buffer, whose slice() does not copy.
  const { buffer, byteOffset, length } = createHash('sha256').update(bytes).digest();
  return new Uint8Array(buffer, byteOffset, length);
}
