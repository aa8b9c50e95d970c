import { describe, expect, it } from 'vitest';
import { assertBalanced, EMPTY_BALANCE, type Balance } from '../src/ledger/balance.js';

describe('a book', () => {
  it('is balanced when it is empty', () => {
    assertBalanced('a', EMPTY_BALANCE);
  });

  it.each<[keyof Balance, bigint]>([
    ['receivable', 1n],
    ['payable', 1n],
    ['clearedIncoming', 1n],
    ['clearedOutgoing', 1n],
    ['settledIncoming', 1n],
    ['settledOutgoing', 1n],
    ['heldIncoming', -1n],
    ['heldOutgoing', -1n],
  ])('is not when one side of an entry is missing: %s', (side, value) => {
    expect(() => {
      assertBalanced('a', { ...EMPTY_BALANCE, [side]: value });
    }).toThrow(expect.objectContaining({ code: 'OUT_OF_BALANCE' }));
  });
});
