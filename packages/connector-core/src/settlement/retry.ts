import { backoffDelay, type BackoffPolicy } from '../backoff.js';
import type { Clock, RandomBytes } from '../environment.js';

/** What repeated attempts need. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly backoff: BackoffPolicy;
  readonly signal: AbortSignal;
  /** Told of each failure. */
  readonly onFailure: (error: unknown, failures: number) => void;
  /** How many failures to take; missing for no end. */
  readonly maxFailures?: number;
}

/**
 * Repeats an attempt until it succeeds, with growing pauses.
 * @returns whether it succeeded: false if it was aborted or failed too often. Never rejects.
 */
export async function retry(attempt: () => Promise<void>, options: RetryOptions): Promise<boolean> {
  const { signal, maxFailures = Infinity } = options;
  for (let failures = 0; !signal.aborted;) {
    try {
      await attempt();
      return true;
    } catch (error) {
      if (isAborted(signal)) return false;
      failures += 1;
      options.onFailure(error, failures);
      if (failures >= maxFailures) return false;
      await pause(backoffDelay(options.backoff, failures, options.randomBytes), options);
    }
  }
  return false;
}

/** Behind an await the signal may have changed, which the compiler does not know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function pause(delayMs: number, { clock, signal }: RetryOptions): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = clock.setTimeout(wake, delayMs);
    signal.addEventListener('abort', wake);
  });
}
