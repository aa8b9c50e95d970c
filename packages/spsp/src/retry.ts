const FIRST_MS = 200;
const LONGEST_MS = 5_000;

/**
 * How long to wait before a retry, in milliseconds: twice as long each time, from half of it to all of it by chance, so that
 * clients that failed together do not come back together; never sooner than the server said.
 * @param retries how many there were before this one.
 */
export function delayBefore(
  retries: number,
  serverSaysMs: number | undefined,
  random: () => number,
): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** retries);
  return Math.max(serverSaysMs ?? 0, full / 2 + (random() * full) / 2);
}

/** The delay of a Retry-After header (RFC 9110 10.2.3): seconds or a date; undefined where it says neither. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
