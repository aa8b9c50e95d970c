import { randomFraction, type RandomBytes } from '../environment.js';

/** How long to wait before the next attempt; `failures` is how many there were, from 1 on. Shortened at random by up to half. */
export function backoffMs(
  failures: number,
  policy: { readonly retryInitialMs: number; readonly retryMaxMs: number },
  randomBytes: RandomBytes,
): number {
  const full = Math.min(policy.retryInitialMs * 2 ** (failures - 1), policy.retryMaxMs);
  return full * (1 - randomFraction(randomBytes) / 2);
}
