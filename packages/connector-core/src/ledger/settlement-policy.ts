import type { Balance } from './balance.js';

/** When, and how much, a connector settles an account without being told to; in units of the account. */
export interface SettlementPolicy {
  /** Settle as soon as we owe this much, what the peer owes us deducted. Below zero: pay ahead. */
  readonly threshold: bigint;
  /** Settle down to owing this much; below the threshold. Below zero: pay ahead by as much. */
  readonly settleTo: bigint;
  /** Settle only multiples of this, at least 1: the settlement system's smallest unit. The rest stays owed. */
  readonly unit: bigint;
}

/**
 * What must be settled now, a multiple of the unit; 0 for nothing. What the peer owes is deducted from what we owe, but
 * what it paid ahead is not owed back to it.
 */
export function settlementDue(
  balance: Pick<Balance, 'receivable' | 'payable'>,
  policy: SettlementPolicy,
): bigint {
  const owed = balance.payable - (balance.receivable > 0n ? balance.receivable : 0n);
  if (owed < policy.threshold) return 0n;
  const amount = owed - policy.settleTo;
  return amount <= 0n ? 0n : amount - (amount % policy.unit);
}
