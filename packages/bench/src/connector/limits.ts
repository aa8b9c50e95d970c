import type { AccountLimits } from '@pennyswitch/connector-core';

/** Limits that are checked for every packet and that no packet of a benchmark reaches. */
export const LIMITS: AccountLimits = {
  maxPacketAmount: 1n << 40n,
  maximumBalance: 1n << 62n,
  minimumBalance: -(1n << 62n),
  packets: { limit: 1_000_000_000 },
  incomingThroughput: { limit: 1n << 60n },
  outgoingThroughput: { limit: 1n << 60n },
};
