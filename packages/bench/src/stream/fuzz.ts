import type { ScheduleKind } from '../../../stream/test/schedules/run-schedules.js';
import { describeReport, SchedulePool } from '../../../stream/test/schedules/schedule-pool.js';

/** How often progress is told, in milliseconds. */
const TELL_MS = 10_000;

/**
 * Runs the random schedules of the stream package's tests, as many as are wanted, and prints what they were like.
 * @returns whether nothing was wrong.
 */
export async function fuzzSchedules(options: {
  readonly kind: ScheduleKind;
  readonly from: number;
  readonly count: number;
  readonly threads: number;
}): Promise<boolean> {
  const { kind, from, count, threads } = options;
  const pool = await SchedulePool.start({ threads });
  let toldAt = performance.now();
  const report = await pool.run({ kind, from, count }, (counted) => {
    if (performance.now() < toldAt + TELL_MS) return;
    toldAt = performance.now();
    console.log(`${counted} of ${count} ${kind} schedules`);
  });
  await pool.stop();
  console.log(describeReport(report));
  return report.failure === undefined;
}
