import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../src/pipeline/deadlines.js';

describe('deadlines', () => {
  it('expire at their moment, those of the same one together', async () => {
    const clock = new VirtualClock(0);
    const deadlines = new Deadlines(clock);
    const expired: [string, number][] = [];
    const add = (name: string, at: number): void => {
      deadlines.add({ deadline: at, expire: () => void expired.push([name, clock.now()]) });
    };
    add('b', 20);
    add('a', 10);
    add('c', 20);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(100);
    expect(expired).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
  });

  it('that are taken back leave no timer', async () => {
    const clock = new VirtualClock(0);
    const deadlines = new Deadlines(clock);
    const expired: number[] = [];
    const one = { deadline: 10, expire: () => void expired.push(1) };
    const two = { deadline: 10, expire: () => void expired.push(2) };
    const [first, second] = [deadlines.add(one), deadlines.add(two)];
    deadlines.remove(first, one);
    await clock.advance(5);
    expect(clock.pendingTimers).toBe(1);
    deadlines.remove(second, two);
    expect(clock.pendingTimers).toBe(0);
    deadlines.remove(second, two);
    await clock.advance(100);
    expect(expired).toEqual([]);
  });

  it('wait for their moment if the timer comes early', async () => {
    const clock = new VirtualClock(0);
    const hasty = {
      now: () => clock.now(),
      setTimeout: (callback: () => void, delayMs: number) =>
        clock.setTimeout(callback, Math.max(1, delayMs - 3)),
      clearTimeout: (timer: unknown) => {
        clock.clearTimeout(timer);
      },
    };
    const deadlines = new Deadlines(hasty);
    const expired: number[] = [];
    deadlines.add({ deadline: 10, expire: () => void expired.push(clock.now()) });
    await clock.advance(100);
    expect(expired).toEqual([10]);
  });
  it('later than one that was taken back are kept too', async () => {
    const clock = new VirtualClock(0);
    const deadlines = new Deadlines(clock);
    const expired: number[] = [];
    const early = { deadline: 10, expire: () => void expired.push(-1) };
    const slot = deadlines.add(early);
    deadlines.add({ deadline: 20, expire: () => void expired.push(clock.now()) });
    deadlines.remove(slot, early);
    await clock.advance(100);
    expect(expired).toEqual([20]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that have passed take nothing from those which came to their place', async () => {
    const clock = new VirtualClock(0);
    const deadlines = new Deadlines(clock);
    const expired: number[] = [];
    const first = { deadline: 10, expire: () => undefined };
    const slot = deadlines.add(first);
    await clock.advance(10);
    deadlines.add({ deadline: 20, expire: () => void expired.push(clock.now()) });
    deadlines.remove(slot, first);
    await clock.advance(100);
    expect(expired).toEqual([20]);
  });
});
