import type { FaultCoverage, ScheduleFault } from './fault-coverage.js';

/** What one schedule was like. */
export interface ScheduleReport {
  /** How it ended: a few words, to be counted. */
  readonly result: string;
  /** How many packets its ends sent. */
  readonly packets: number;
  /** What happened to them. */
  readonly faults: readonly ScheduleFault[];
}

/** Draws everything from a seed, runs it on virtual time, and compares what both ends report with the auditor's books. */
export type RunSchedule = (seed: number, coverage: FaultCoverage) => Promise<ScheduleReport>;
