import { randomFraction, type RandomBytes } from './environment.js';

/** How long to wait between attempts, in milliseconds. */
export interface BackoffPolicy {
  /** Before the second attempt. */
  readonly firstMs: number;
  /** Never more than this. */
  readonly maxMs: number;
}

/**
 * The pause after a number of failed attempts: doubled each time up to the maximum, and between half and the whole of
 * that at random, so that many that failed together do not come back together.
 */
export function backoffDelay(
  policy: BackoffPolicy,
  failures: number,
  randomBytes: RandomBytes,
): number {
  const whole = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.max(0, failures - 1));
  return Math.ceil(whole * (0.5 + randomFraction(randomBytes) / 2));
}
