import { InvalidArgumentError } from 'commander';
import { DEFAULT_SENDER_POLICY, type SenderPolicy } from '@pennyswitch/stream';

/** What `--patience` is where it is not given, in seconds. */
export const DEFAULT_PATIENCE_S = 20;
const MIN_S = 4;
const MAX_S = 600;

/** Reads the option `--patience`. */
export function parsePatience(text: string): number {
  const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : NaN;
  if (!(seconds >= MIN_S && seconds <= MAX_S)) {
    throw new InvalidArgumentError(`expected whole seconds from ${MIN_S} to ${MAX_S}`);
  }
  return seconds;
}

/**
 * How long a sender hopes: so many seconds without progress, half of that for a quote, and a quarter where the path answers and
 * refuses all. Packets may take as long as ever, but no longer than that.
 */
export function policyOf(patience: number): Partial<SenderPolicy> {
  const ms = patience * 1000;
  return {
    progressTimeoutMs: ms,
    quoteTimeoutMs: ms / 2,
    refusedTimeoutMs: ms / 4,
    packetTimeoutMs: Math.min(ms, DEFAULT_SENDER_POLICY.packetTimeoutMs),
  };
}
