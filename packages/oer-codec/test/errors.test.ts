import { describe, expect, test } from 'vitest';
import { OerDecodeError, OerEncodeError } from '../src/index.js';

describe('a decode error', () => {
  test('says what, the code, where, and in which field', () => {
    const error = new OerDecodeError('TRUNCATED', 7, 'needs 4 bytes, 2 are left');
    expect(error.message).toBe('needs 4 bytes, 2 are left (TRUNCATED at byte 7)');
    expect(error.path).toEqual([]);
    expect(error.within('amount').within('prepare')).toBe(error);
    expect(error.path).toEqual(['prepare', 'amount']);
    expect(error.message).toBe('needs 4 bytes, 2 are left (TRUNCATED at byte 7 in prepare.amount)');
    expect(error.name).toBe('OerDecodeError');
    expect(error.reason).toBe('needs 4 bytes, 2 are left');
    expect(error.stack).toContain('needs 4 bytes');
  });
});

describe('an encode error', () => {
  test('says what, the code and in which field', () => {
    const error = new OerEncodeError('OUT_OF_RANGE', '-1 is negative');
    expect(error.message).toBe('-1 is negative (OUT_OF_RANGE)');
    expect(error.within('b').within('a')).toBe(error);
    expect(error.message).toBe('-1 is negative (OUT_OF_RANGE in a.b)');
    expect(error.path).toEqual(['a', 'b']);
    expect(error.name).toBe('OerEncodeError');
  });
});
