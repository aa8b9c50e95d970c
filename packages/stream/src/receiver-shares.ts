import type { StreamMoneyFrame } from './frames.js';

/** What of a packet's amount goes to one stream. */
export interface StreamAmount {
  readonly streamId: number;
  readonly amount: bigint;
}

/**
 * Divides a packet's amount among its streams by their shares, each rounded down; the remainder goes to the lowest-numbered
 * stream, so that the parts add up to the amount (RFC 0029 5.3.8). Undefined where there are no shares to divide by.
 */
export function divideByShares(
  amount: bigint,
  frames: readonly StreamMoneyFrame[],
): StreamAmount[] | undefined {
  const [only] = frames;
  if (only !== undefined && frames.length === 1) {
    return only.shares > 0n ? [{ streamId: only.streamId, amount }] : undefined;
  }
  const sharesOf = new Map<number, bigint>();
  let sum = 0n;
  for (const { streamId, shares } of frames) {
    sharesOf.set(streamId, (sharesOf.get(streamId) ?? 0n) + shares);
    sum += shares;
  }
  if (sum === 0n) return undefined;
  let rest = amount;
  const parts = [...sharesOf]
    .filter(([, shares]) => shares > 0n)
    .sort(([a], [b]) => a - b)
    .map(([streamId, shares]) => {
      const part = (amount * shares) / sum;
      rest -= part;
      return { streamId, amount: part };
    });
  const lowest = parts[0] as StreamAmount;
  parts[0] = { streamId: lowest.streamId, amount: lowest.amount + rest };
  return parts;
}
