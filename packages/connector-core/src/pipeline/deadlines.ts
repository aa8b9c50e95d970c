import type { Clock } from '../environment.js';

/** What ends at a deadline. */
export interface Expiring {
  expire(): void;
}

interface Moment {
  readonly timer: unknown;
  readonly waiting: Set<Expiring>;
}

/** Timers for very many packets: all that expire in the same millisecond share one. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #moments = new Map<number, Moment>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expire` at a moment, in milliseconds since 1970. */
  add(at: number, expiring: Expiring): void {
    const moment = this.#moments.get(at);
    if (moment !== undefined) {
      moment.waiting.add(expiring);
      return;
    }
    const timer = this.#clock.setTimeout(() => {
      this.#run(at);
    }, at - this.#clock.now());
    this.#moments.set(at, { timer, waiting: new Set([expiring]) });
  }

  /** Takes that back; `at` as it was given. */
  remove(at: number, expiring: Expiring): void {
    const moment = this.#moments.get(at);
    if (moment === undefined) return;
    moment.waiting.delete(expiring);
    if (moment.waiting.size > 0) return;
    this.#clock.clearTimeout(moment.timer);
    this.#moments.delete(at);
  }

  #run(at: number): void {
    const moment = this.#moments.get(at);
    if (moment === undefined) return;
    // Timers may come early: a system's clock can be set back, and counts in whole milliseconds.
    if (this.#clock.now() < at) {
      this.#moments.delete(at);
      for (const expiring of moment.waiting) this.add(at, expiring);
      return;
    }
    this.#moments.delete(at);
    for (const expiring of moment.waiting) expiring.expire();
  }
}
