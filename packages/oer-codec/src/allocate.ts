const SLAB_SIZE = 0x4000;
/** Up to this many bytes, engines keep an array inside its object, which costs nothing extra. */
const SMALL = 64;
/** Above this many, an allocation costs no more than the bytes that are then copied into it. */
const LARGE = 2048;

let slab: ArrayBuffer | undefined;
let used = 0;

/**
 * Zeroed bytes for a value to be written into, cut from a shared buffer of 16 KiB where `length` is between 65 and
 * 2048: engines take longer to allocate a buffer of its own than a codec does to write a packet.
 *
 * As with Node's `Buffer`, the `buffer` of the result may therefore hold other values before `byteOffset` and behind
 * the end, and must not be transferred. The array itself is nobody else's: no byte is handed out twice.
 */
export function allocateBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length <= SMALL || length > LARGE) return new Uint8Array(length);
  // A slab that somebody transferred away all the same has no bytes left.
  if (slab === undefined || used + length > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_SIZE);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used = (used + length + 7) & ~7;
  return bytes;
}
