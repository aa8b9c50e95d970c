/**
 * For hand-tuned codecs: values at a given offset of bytes whose bounds the caller has checked. The cursors are made
 * of these too.
 *
 * A `DataView` would do the same, but making one per packet costs more than reading all its fields.
 */

const VIEW: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/**
 * The bytes `start..end` as a view, without a copy. A plain `Uint8Array` whatever `bytes` is: the `subarray` of a Node
 * `Buffer` would be one, whose `slice` does not copy.
 */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** The 8 bytes at `at`, for one of the numbers that they may stand for to be taken out of the view that is returned. */
export function load64(bytes: Uint8Array, at: number): DataView {
  VIEW.setUint32(0, getUInt32(bytes, at));
  VIEW.setUint32(4, getUInt32(bytes, at + 4));
  return VIEW;
}

/** The unsigned integer in the 8 bytes at `at`. */
export function getUInt64(bytes: Uint8Array, at: number): bigint {
  return load64(bytes, at).getBigUint64(0);
}

/** The unsigned integer in the 4 bytes at `at`. */
export function getUInt32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Writes the low 64 bits of `value` at `at`: signed and unsigned alike. */
export function putInt64(bytes: Uint8Array, at: number, value: bigint): void {
  VIEW.setBigUint64(0, value);
  store64(bytes, at);
}

/** Writes an IEEE 754 number of 8 bytes at `at`. */
export function putFloat64(bytes: Uint8Array, at: number, value: number): void {
  VIEW.setFloat64(0, value);
  store64(bytes, at);
}

function store64(bytes: Uint8Array, at: number): void {
  putUInt32(bytes, at, VIEW.getUint32(0));
  putUInt32(bytes, at + 4, VIEW.getUint32(4));
}

/** The bits of an IEEE 754 number of 4 bytes. */
export function float32Bits(value: number): number {
  VIEW.setFloat32(0, value);
  return VIEW.getUint32(0);
}

/** The high 32 bits of the low 64 of `value`. */
export function highHalf(value: bigint): number {
  VIEW.setBigUint64(0, value);
  return VIEW.getUint32(0);
}

/** The low 32 bits of the last `value` whose {@link highHalf} was asked for. */
export function lowHalf(): number {
  return VIEW.getUint32(4);
}

/** Writes the low 32 bits of `value` at `at`: signed and unsigned alike. */
export function putUInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes a length determinant below 2^16 in its shortest form and returns the offset behind it. */
export function putLength(bytes: Uint8Array, at: number, length: number): number {
  if (length < 0x80) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < 0x100) {
    bytes[at] = 0x81;
    bytes[at + 1] = length;
    return at + 2;
  }
  bytes[at] = 0x82;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = length;
  return at + 3;
}

/**
 * The length determinant at `at` if it is below 2^16 and in its shortest form, so that `lengthOfLength` tells its
 * size; otherwise -1, for the caller to take the way that knows every form. Does not check it against the end.
 */
export function getCanonicalLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first;
  if (first === 0x81) {
    const length = bytes[at + 1] as number;
    return length >= 0x80 ? length : -1;
  }
  if (first === 0x82) {
    const length = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    return length >= 0x100 ? length : -1;
  }
  return -1;
}
