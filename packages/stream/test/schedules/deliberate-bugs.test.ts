import { afterAll, describe, expect, it } from 'vitest';
import { DELIBERATE_BUGS } from './deliberate-bugs.js';
import { SchedulePool } from './schedule-pool.js';

/** Each must be found within so many schedules. */
const SEEDS = 200;

describe('deliberate bugs', () => {
  const found: string[] = [];
  afterAll(() => console.info(`the seed that found each deliberate bug:\n${found.join('\n')}`));

  it('are at least twenty', () => {
    expect(DELIBERATE_BUGS.length).toBeGreaterThanOrEqual(20);
  });

  it.for(DELIBERATE_BUGS)('$name: is found', { timeout: 600_000 }, async (bug) => {
    const pool = await SchedulePool.start({ threads: 1, change: bug });
    try {
      const { failure } = await pool.run({ kind: bug.kind, from: 1, count: SEEDS });
      const [what = ''] = failure?.what.split('\n') ?? [];
      found.push(`${String(failure?.seed ?? 'none').padStart(5)}  ${bug.name} (${what})`);
      expect(failure).toBeDefined();
    } finally {
      await pool.stop();
    }
  });
});
