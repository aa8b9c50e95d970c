import { describe, expect, it } from 'vitest';
import { lossyLink, seededRandom, VirtualClock } from '@pennyswitch/testkit';

describe('VirtualClock', () => {
  it('runs timers in the order of their moments, those of one moment in the order of setting', async () => {
    const clock = new VirtualClock(1000);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.setTimeout(note('c'), 30);
    clock.setTimeout(note('a'), 10);
    clock.setTimeout(note('b'), 10);
    clock.clearTimeout(clock.setTimeout(note('never'), 20));
    await clock.advance(29);
    expect(seen).toEqual(['a@1010', 'b@1010']);
    expect(clock.now()).toBe(1029);
    await clock.advance(1);
    expect(seen).toEqual(['a@1010', 'b@1010', 'c@1030']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets promises settle between two timers, so that what waits for both runs in order', async () => {
    const clock = new VirtualClock(0);
    const steps: number[] = [];
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        await Promise.resolve();
        steps.push(clock.now());
      }
    })();
    clock.setTimeout(() => steps.push(-clock.now()), 15);
    await clock.runUntil(work);
    expect(steps).toEqual([10, -15, 20, 30]);
  });

  it('says so when a promise can never settle', async () => {
    const clock = new VirtualClock();
    await expect(clock.runUntil(new Promise(() => undefined))).rejects.toThrow('no timer is left');
  });

  it('keeps order with thousands of timers at random moments', async () => {
    const clock = new VirtualClock(0);
    const random = seededRandom(7);
    const seen: number[] = [];
    for (let i = 0; i < 2000; i++)
      clock.setTimeout(() => seen.push(clock.now()), random.int(0, 500));
    await clock.run();
    expect(seen).toHaveLength(2000);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});

describe('lossyLink', () => {
  const run = async (seed: number): Promise<string> => {
    const clock = new VirtualClock(0);
    const random = seededRandom(seed);
    const log: string[] = [];
    const link = lossyLink({
      clock,
      random,
      faults: { delayMs: [1, 50], losePrepare: 0.2, loseReply: 0.2, duplicate: 0.2 },
      to: (prepare) => {
        log.push(`${clock.now()}>${prepare[0] ?? 0}`);
        return Promise.resolve(prepare);
      },
    });
    for (let i = 0; i < 100; i++) {
      void link(Uint8Array.of(i)).then(([id]) => log.push(`${clock.now()}<${id ?? 0}`));
    }
    await clock.run();
    return log.join(' ');
  };

  it('loses, duplicates and reorders, the same for the same seed', async () => {
    const log = await run(1);
    const arrived = log
      .split(' ')
      .filter((entry) => entry.includes('>'))
      .map((e) => e.split('>')[1]);
    expect(new Set(arrived).size).toBeLessThan(100);
    expect(arrived.length).toBeGreaterThan(new Set(arrived).size);
    expect(arrived).not.toEqual(arrived.toSorted((a, b) => Number(a) - Number(b)));
    expect(await run(1)).toBe(log);
    expect(await run(2)).not.toBe(log);
  });
});
