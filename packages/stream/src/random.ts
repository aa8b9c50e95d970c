const POOL_LENGTH = 4096;

let pool = new Uint8Array(0);
let used = 0;

/**
 * Random bytes from the platform's cryptographic generator, drawn in blocks: a call to the generator costs more than the
 * encryption of a small packet does. No byte is given out twice.
 */
export function secureRandomBytes(length: number): Uint8Array {
  if (length > POOL_LENGTH / 8) return globalThis.crypto.getRandomValues(new Uint8Array(length));
  if (used + length > pool.length) {
    pool = globalThis.crypto.getRandomValues(new Uint8Array(POOL_LENGTH));
    used = 0;
  }
  const bytes = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}
