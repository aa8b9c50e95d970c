/** The size in bytes of the length determinant for `length` bytes (X.696 8.6, RFC 0030 "Length determinant"). */
export function lengthOfLength(length: number): number {
  return length < 0x80 ? 1 : 1 + bytesOfUInt(length);
}

/** The size in bytes of a variable-length octet string of `length` bytes, length determinant included. */
export function sizeOfVarOctets(length: number): number {
  return lengthOfLength(length) + length;
}

/** How many bytes the magnitude of an unsigned integer takes, at least one. */
export function bytesOfUInt(value: number | bigint): number {
  const number = Number(value);
  if (number < 0x1_0000_0000) return bytesOfUInt32(number);
  if (typeof value === 'number') return 4 + bytesOfUInt32(value / 0x1_0000_0000);
  if (value <= 0xffff_ffff_ffff_ffffn) return 4 + bytesOfUInt32(Number(value >> 32n));
  return (value.toString(16).length + 1) >> 1;
}

/** The same below 2^32; fractions do not count. */
export function bytesOfUInt32(value: number): number {
  return 4 - (Math.clz32(value | 1) >> 3);
}

/** The size in bytes of a variable-length unsigned integer, length determinant included. */
export function sizeOfVarUInt(value: number | bigint): number {
  return sizeOfVarOctets(bytesOfUInt(value));
}

/** How many bytes the two's complement form of an integer takes, at least one. */
export function bytesOfInt(value: bigint): number {
  // One bit for the sign beside the magnitude; -128 needs no more bits than 127 does.
  const magnitude = value < 0n ? -value - 1n : value;
  return (magnitude.toString(2).length >> 3) + 1;
}
