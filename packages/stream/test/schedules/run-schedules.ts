import { FaultCoverage, type CoverageCounts } from './fault-coverage.js';
import { runConnection } from './connection-schedule.js';
import { runPayment } from './payment-schedule.js';
import type { RunSchedule } from './schedule.js';

/** What is drawn and run: a payment to a stateless receiver, or a connection with money and data in both directions. */
export type ScheduleKind = 'payment' | 'connection';

const RUN: Readonly<Record<ScheduleKind, RunSchedule>> = {
  payment: runPayment,
  connection: runConnection,
};

/** Some schedules of one kind, with seeds from `from` up. */
export interface ScheduleRange {
  readonly kind: ScheduleKind;
  readonly from: number;
  readonly count: number;
}

/** What some schedules were like, as it can be sent from one thread to another. */
export interface RangeReport {
  readonly range: ScheduleRange;
  /** Packets of each schedule with at least two kinds of fault; others are run and checked, and not counted. */
  readonly packets: readonly number[];
  /** How many ended how. */
  readonly results: Readonly<Record<string, number>>;
  readonly coverage: CoverageCounts;
  /** How long it took, in milliseconds. */
  readonly elapsedMs: number;
  /** The first schedule in which something was wrong: none is run after it. */
  readonly failure: { readonly seed: number; readonly what: string } | undefined;
}

/** Runs schedules one after the other. Never throws. */
export async function runRange(range: ScheduleRange): Promise<RangeReport> {
  const coverage = new FaultCoverage();
  const results: Record<string, number> = {};
  const packets: number[] = [];
  const startedAt = performance.now();
  let failure: RangeReport['failure'];
  for (let seed = range.from; seed < range.from + range.count; seed++) {
    try {
      const report = await RUN[range.kind](seed, coverage);
      results[report.result] = (results[report.result] ?? 0) + 1;
      if (report.faults.length >= 2) packets.push(report.packets);
    } catch (error) {
      failure = { seed, what: error instanceof Error ? (error.stack ?? '') : String(error) };
      break;
    }
    // The clocks of schedules do not let the event loop turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const elapsedMs = performance.now() - startedAt;
  return { range, packets, results, coverage: coverage.toJSON(), elapsedMs, failure };
}
