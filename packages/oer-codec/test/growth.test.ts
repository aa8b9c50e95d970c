import { expect, test } from 'vitest';
import { growth } from './growth.js';

/** A clock on which work takes as long as it says, and every so `often` a hundred times as long. */
class BusyClock {
  time = 0;
  #runs = 0;

  constructor(readonly often: number) {}

  readonly now = (): number => this.time;

  work(duration: number): () => void {
    return () => {
      this.#runs += 1;
      this.time += this.#runs % this.often === 0 ? duration * 100 : duration;
    };
  }
}

test.each([50, 97, 1000, Infinity])(
  'quadratic is not taken for linear, nor the other way round, with 1 run of %d disturbed',
  (often) => {
    const clock = new BusyClock(often);
    const quadratic = (size: number): (() => void) => clock.work(size * size);
    const linear = (size: number): (() => void) => clock.work(size);
    expect(growth(32, 12, quadratic(4), quadratic(128), clock.now)).toBeGreaterThan(12);
    expect(growth(32, 12, linear(4), linear(128), clock.now)).toBeLessThan(12);
  },
);
