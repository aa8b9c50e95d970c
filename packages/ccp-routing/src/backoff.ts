import type { CcpPolicy } from './policy.js';

/** How long to wait before the next attempt after so many that did not help, in milliseconds. */
export function backoffMs(
  attempts: number,
  policy: Pick<CcpPolicy, 'retryMinMs' | 'retryMaxMs'>,
): number {
  if (attempts === 0) return 0;
  return Math.min(policy.retryMinMs * 2 ** Math.min(attempts - 1, 30), policy.retryMaxMs);
}
