/** What `mutate-selftest.ts` mutates: the tests beside it leave some mutants alive. */

/** Kilometres per hour. */
const LIMIT = 50;

export function isTooFast(speed: number): boolean {
  return speed > LIMIT;
}

/** No test goes near the boundary. */
export function isReckless(speed: number): boolean {
  return speed > 120;
}

/** No test goes here at all. */
export function isStanding(speed: number): boolean {
  return speed === 0;
}

/** What is made while the file is loaded. */
export const NAMES: readonly string[] = Array.from({ length: 3 }, (_, i) => `lane ${i + 1}`);

export function sumUpTo(end: number): number {
  let sum = 0;
  for (let i = 1; i <= end; i++) sum += i;
  return sum;
}
