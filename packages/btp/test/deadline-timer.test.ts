import { describe, expect, it } from 'vitest';
import { DeadlineTimer, SharedTimers, type Scheduled } from '../src/deadline-timer.js';

/** A clock that is moved by hand, and counts the timers that are set. */
class HandClock {
  time = 1_000_000;
  readonly timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, delayMs: number): object {
    const timer = {};
    this.timers.set(timer, { at: this.time + delayMs, callback });
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.timers.delete(timer as object);
  }

  moveTo(time: number): void {
    for (;;) {
      const [next] = [...this.timers].sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined || next[1].at > time) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].callback();
    }
    this.time = time;
  }
}

class Job implements Scheduled {
  at = Infinity;
  readonly ticks: number[] = [];

  deadline(): number {
    return this.at;
  }

  tick(now: number): void {
    this.ticks.push(now);
    this.at = Infinity;
  }
}

function setUp(): { clock: HandClock; start: number; shared: SharedTimers } {
  const clock = new HandClock();
  return { clock, start: clock.now(), shared: new SharedTimers(clock) };
}

describe('a deadline timer', () => {
  it.each([0, 1, 1999, 2000, 2001, 2500, 30_000, 30_001, 3 * 2 ** 31])(
    'ticks at a deadline %d ms away, not before and not after',
    (delay) => {
      const { clock, start, shared } = setUp();
      const job = new Job();
      job.at = start + delay;
      new DeadlineTimer(clock, shared, job).refresh();
      clock.moveTo(start + delay - 1);
      expect(job.ticks).toEqual([]);
      clock.moveTo(start + delay);
      expect(job.ticks).toEqual([start + delay]);
      expect(clock.timers.size).toBe(0);
    },
  );

  it('moves forward when a nearer deadline comes, and looks again when that one has gone', () => {
    const { clock, start, shared } = setUp();
    const job = new Job();
    const timer = new DeadlineTimer(clock, shared, job);
    job.at = start + 30_000;
    timer.refresh();
    job.at = start + 100;
    timer.refresh();
    expect(timer.at).toBe(start + 100);
    job.at = start + 30_000;
    clock.moveTo(start + 29_999);
    expect(job.ticks).toEqual([]);
    clock.moveTo(start + 30_000);
    expect(job.ticks).toEqual([start + 30_000]);
  });

  it('leaves nothing behind when it is stopped', () => {
    const { clock, start, shared } = setUp();
    for (const delay of [100, 30_000]) {
      const job = new Job();
      job.at = start + delay;
      const timer = new DeadlineTimer(clock, shared, job);
      timer.refresh();
      timer.stop();
      timer.refresh();
    }
    expect(clock.timers.size).toBe(0);
  });

  it('shares one timer with all whose deadline is in the same second, while it is far away', () => {
    const { clock, start, shared } = setUp();
    const jobs = Array.from({ length: 1000 }, (_, i) => {
      const job = new Job();
      job.at = start + 30_000 + i;
      new DeadlineTimer(clock, shared, job).refresh();
      return job;
    });
    expect(clock.timers.size).toBeLessThanOrEqual(2);
    clock.moveTo(start + 31_000);
    expect(jobs.map(({ ticks }) => ticks)).toEqual(jobs.map((_, i) => [start + 30_000 + i]));
  });
});
