/** The size in bytes of the length determinant for `length` bytes (X.696 8.6, RFC 0030 "Length determinant"). */
export function lengthOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  if (length < 0x1_0000) return 3;
  if (length < 0x100_0000) return 4;
  if (length < 0x1_0000_0000) return 5;
  if (length < 0x100_0000_0000) return 6;
  if (length < 0x1_0000_0000_0000) return 7;
  return 8;
}

/** The size in bytes of a variable-length octet string of `length` bytes, length determinant included. */
export function sizeOfVarOctets(length: number): number {
  return lengthOfLength(length) + length;
}

/** How many bytes the magnitude of an unsigned integer takes, at least one. */
export function bytesOfUInt(value: number | bigint): number {
  if (typeof value === 'number') {
    if (value < 0x100) return 1;
    if (value < 0x1_0000) return 2;
    if (value < 0x100_0000) return 3;
    if (value < 0x1_0000_0000) return 4;
    if (value < 0x100_0000_0000) return 5;
    if (value < 0x1_0000_0000_0000) return 6;
    return 7;
  }
  if (value <= 0xffff_ffffn) return bytesOfUInt(Number(value));
  if (value <= 0xffff_ffff_ffff_ffffn) return 4 + bytesOfUInt(Number(value >> 32n));
  return (value.toString(16).length + 1) >> 1;
}

/** The size in bytes of a variable-length unsigned integer, length determinant included. */
export function sizeOfVarUInt(value: number | bigint): number {
  return sizeOfVarOctets(bytesOfUInt(value));
}

/** How many bytes the two's complement form of an integer takes, at least one. */
export function bytesOfInt(value: bigint): number {
  // One bit for the sign beside the magnitude; -128 needs no more bits than 127 does.
  const magnitude = value < 0n ? -value - 1n : value;
  return magnitude === 0n ? 1 : (magnitude.toString(2).length >> 3) + 1;
}
