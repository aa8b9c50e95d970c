/** What the scaling benchmark and its processes agree on. */

export const AMOUNT = 1_000_000n;
/** In each process. */
export const IN_FLIGHT = 1000;
export const PREFIX = '{bench}';

/** What a process used for its packets. */
export interface ProcessReport {
  readonly cpuMicros: number;
  readonly roundTrips: number;
}
