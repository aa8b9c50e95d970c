import { LedgerError } from '../errors.js';

/**
 * The book of one account, in units of its asset, kept twice: what is owed, and what moved since the book was opened.
 * The two views must agree after every step ({@link assertBalanced}).
 */
export interface Balance {
  /**
   * What the peer owes for its packets that were fulfilled through us, less what it settled (RFC 0038 "Accounting").
   * Below zero: it paid ahead.
   */
  readonly receivable: bigint;
  /** What we owe the peer for packets that it fulfilled, less what we settled. Below zero: we paid ahead. */
  readonly payable: bigint;
  /** Of packets from the peer that are under way. */
  readonly heldIncoming: bigint;
  /** Of packets to the peer that are under way. */
  readonly heldOutgoing: bigint;
  /** All that was ever fulfilled of the peer's packets. */
  readonly clearedIncoming: bigint;
  /** All that the peer ever fulfilled of ours. */
  readonly clearedOutgoing: bigint;
  /** All that the peer ever settled. */
  readonly settledIncoming: bigint;
  /** All that we ever settled. */
  readonly settledOutgoing: bigint;
}

/** A book that nothing was written in. */
export const EMPTY_BALANCE: Balance = {
  receivable: 0n,
  payable: 0n,
  heldIncoming: 0n,
  heldOutgoing: 0n,
  clearedIncoming: 0n,
  clearedOutgoing: 0n,
  settledIncoming: 0n,
  settledOutgoing: 0n,
};

/**
 * What the peer owes us on the whole: receivable - payable. RFC 0032's balance; the peer's is the same number with
 * the other sign when no packet is under way and no settlement on its way.
 */
export function netOf(balance: Pick<Balance, 'receivable' | 'payable'>): bigint {
  return balance.receivable - balance.payable;
}

/** Checks that both views of a book agree. @throws {@link LedgerError} `OUT_OF_BALANCE`. */
export function assertBalanced(account: string, book: Balance): void {
  if (book.heldIncoming < 0n || book.heldOutgoing < 0n) {
    throw new LedgerError('OUT_OF_BALANCE', `account ${account}: less than nothing is held`);
  }
  if (book.receivable !== book.clearedIncoming - book.settledIncoming) {
    throw new LedgerError(
      'OUT_OF_BALANCE',
      `account ${account}: receivable is not cleared - settled`,
    );
  }
  if (book.payable !== book.clearedOutgoing - book.settledOutgoing) {
    throw new LedgerError('OUT_OF_BALANCE', `account ${account}: payable is not cleared - settled`);
  }
}
