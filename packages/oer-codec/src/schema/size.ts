import { OerEncodeError } from '../errors.js';
import type { OerReader } from '../reader.js';

/** The SIZE constraint of a string or list: one number, or the fewest and the most. */
export type Size = number | { readonly min?: number; readonly max?: number };

/** A SIZE constraint as two numbers. */
export interface SizeRange {
  readonly min: number;
  readonly max: number;
  /** Whether only one size is allowed, so that some types need no length determinant. */
  readonly fixed: boolean;
  /** As ASN.1 writes it, with a space before it; empty without a constraint. */
  readonly text: string;
}

/** Reads a SIZE constraint; none means any size. */
export function sizeRange(size: Size | undefined): SizeRange {
  if (size === undefined) return { min: 0, max: Infinity, fixed: false, text: '' };
  const { min = 0, max = Infinity } = typeof size === 'number' ? { min: size, max: size } : size;
  if (!(Number.isSafeInteger(min) && min >= 0 && min <= max)) {
    throw new RangeError(`a size from ${min} to ${max} is none`);
  }
  if (min === max) return { min, max, fixed: true, text: ` (SIZE (${min}))` };
  const text = ` (SIZE (${min}..${max === Infinity ? 'MAX' : max}))`;
  return { min, max, fixed: false, text };
}

/** Refuses to write a value of another size. */
export function checkWrittenSize(range: SizeRange, size: number, name: string): void {
  if (size < range.min || size > range.max) {
    throw new OerEncodeError('TOO_LONG', `a size of ${size} is not allowed in ${name}`);
  }
}

/** Refuses a value of another size that was read; moves the reader back to `start`. */
export function checkReadSize(
  range: SizeRange,
  size: number,
  name: string,
  reader: OerReader,
  start: number,
): void {
  if (size < range.min || size > range.max) {
    reader.offset = start;
    throw reader.error('TOO_LONG', `a size of ${size} is not allowed in ${name}`);
  }
}
