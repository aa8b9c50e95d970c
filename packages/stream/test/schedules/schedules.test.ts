import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CONNECTION_FRAMES,
  PAYMENT_FRAMES,
  PREPARE_FAULTS,
  REORDERED_FRAMES,
  REPLY_FAULTS,
} from './expected.js';
import type { ScheduleKind } from './run-schedules.js';
import { describeReport, SchedulePool } from './schedule-pool.js';

/** `SCHEDULES=100000 npm test` runs so many in all. */
const TOTAL = Number(process.env['SCHEDULES'] ?? 10_000);

describe('random schedules on virtual time, by the books of the auditor', () => {
  let pool: SchedulePool;
  beforeAll(async () => {
    pool = await SchedulePool.start({ threads: 2 });
  });
  afterAll(() => pool.stop());

  it.each([
    { kind: 'payment', part: 0.75, complete: 'complete', frames: PAYMENT_FRAMES },
    { kind: 'connection', part: 0.25, complete: 'complete', frames: CONNECTION_FRAMES },
  ] satisfies Part[])(
    'each $kind is exact on both ends, whatever happens on its path',
    async ({ kind, part, complete, frames }) => {
      const count = Math.ceil(TOTAL * part);
      const report = await pool.run({ kind, from: 1, count });
      console.info(describeReport(report));
      expect(report.failure).toBeUndefined();
      expect(report.schedules).toBeGreaterThanOrEqual(count);
      expect(report.medianPackets).toBeGreaterThanOrEqual(50);
      expect(report.results.get(complete)).toBeGreaterThan(count / 2);
      if (TOTAL < 10_000) return;
      const { coverage } = report;
      expect(coverage.holes(PREPARE_FAULTS, frames.prepare)).toEqual([]);
      expect(coverage.holes(['reorder prepares'], REORDERED_FRAMES[kind])).toEqual([]);
      expect(coverage.holes(REPLY_FAULTS, frames.reply)).toEqual([]);
    },
    1_200_000,
  );
});

interface Part {
  readonly kind: ScheduleKind;
  /** Of all. */
  readonly part: number;
  /** How the good ones end. */
  readonly complete: string;
  readonly frames: typeof PAYMENT_FRAMES | typeof CONNECTION_FRAMES;
}
