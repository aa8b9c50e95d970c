/**
 * SHA-256 (FIPS 180-4) where there is no `node:crypto`: WebCrypto's is asynchronous, and a library's is larger than the
 * rest of this package. It hashes what is, or is about to become, public; a test holds it to `node:crypto`.
 */

/** The round constants and, behind them, the initial hash: made at the first call. */
let constants: Int32Array | undefined;

/** The first 32 bits of the fractions of the cube roots of the first 64 primes, and of the square roots of the first 8. */
function makeConstants(): Int32Array {
  const all = new Int32Array(72);
  let count = 0;
  for (let candidate = 2; count < 64; candidate++) {
    let divisor = 2;
    while (candidate % divisor !== 0) divisor++;
    if (divisor !== candidate) continue;
    all[count] = fractionOf(Math.cbrt(candidate));
    if (count < 8) all[64 + count] = fractionOf(Math.sqrt(candidate));
    count++;
  }
  return all;
}

function fractionOf(root: number): number {
  return Math.floor((root % 1) * 0x1_0000_0000);
}

/** SHA-256 of some bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const k = (constants ??= makeConstants());
  const padded = new DataView(new ArrayBuffer((bytes.length + 72) & ~63));
  const room = new Uint8Array(padded.buffer);
  room.set(bytes);
  room[bytes.length] = 0x80;
  padded.setUint32(room.length - 8, bytes.length / 0x2000_0000);
  padded.setUint32(room.length - 4, bytes.length << 3);
  const hash = k.slice(64);
  for (let at = 0; at < room.length; at += 64) addBlock(hash, k, padded, at);
  const result = new DataView(new ArrayBuffer(32));
  for (const [i, word] of hash.entries()) result.setInt32(i * 4, word);
  return new Uint8Array(result.buffer);
}

/** FIPS 180-4, 6.2.2: adds the block of 64 bytes at `at` to the hash. */
function addBlock(hash: Int32Array, k: Int32Array, bytes: DataView, at: number): void {
  const words = new Int32Array(64);
  let [a, b, c, d, e, f, g, h] = hash as unknown as Eight;
  for (let i = 0; i < 64; i++) {
    const before = words[i - 15] as number;
    const last = words[i - 2] as number;
    const word = (words[i] =
      i < 16
        ? bytes.getInt32(at + i * 4)
        : (words[i - 16] as number) +
          (words[i - 7] as number) +
          (rotate(before, 7) ^ rotate(before, 18) ^ (before >>> 3)) +
          (rotate(last, 17) ^ rotate(last, 19) ^ (last >>> 10)));
    const t1 =
      h +
      (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
      ((e & f) ^ (~e & g)) +
      (k[i] as number) +
      word;
    const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) hash[i] = (hash[i] as number) + word;
}

type Eight = readonly [number, number, number, number, number, number, number, number];

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** Whether 32 bytes are the SHA-256 of some bytes. */
export function isSha256Of(bytes: Uint8Array, digest: Uint8Array): boolean {
  return sha256(bytes).every((byte, i) => byte === digest[i]);
}
