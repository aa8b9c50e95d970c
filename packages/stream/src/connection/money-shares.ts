import type { StreamMoneyFrame } from '../frames.js';
import type { StreamState } from './stream-state.js';

/** What of a packet's money goes to one stream. */
export interface MoneyShare {
  readonly stream: StreamState;
  amount: bigint;
}

/**
 * Divides a packet's amount by the shares of its frames, each part rounded down; the remainder goes to the lowest-numbered
 * stream that has room for it (RFC 0029 5.3.8). Undefined where there are no shares to divide by.
 */
export function divideMoney(
  amount: bigint,
  frames: readonly StreamMoneyFrame[],
  streams: ReadonlyMap<number, StreamState>,
): MoneyShare[] | undefined {
  const shares = new Map<StreamState, bigint>();
  let sum = 0n;
  for (const frame of frames) {
    const stream = streams.get(frame.streamId);
    if (stream === undefined || frame.shares === 0n) continue;
    shares.set(stream, (shares.get(stream) ?? 0n) + frame.shares);
    sum += frame.shares;
  }
  if (sum === 0n) return undefined;
  let rest = amount;
  const parts: MoneyShare[] = [...shares]
    .sort(([a], [b]) => a.id - b.id)
    .map(([stream, share]) => {
      const part = (amount * share) / sum;
      rest -= part;
      return { stream, amount: part };
    });
  const taker = parts.find((part) => part.amount + rest <= part.stream.moneyRoom) ?? parts[0];
  if (taker !== undefined) taker.amount += rest;
  return parts;
}
