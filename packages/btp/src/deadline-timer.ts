import type { Clock } from './environment.js';

/** What a timer of Node and browsers can count, in milliseconds. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** Whose deadlines a timer keeps. */
export interface Scheduled {
  /** When to call `tick`; may be too early, never too late. Infinity: not at all. */
  deadline(): number;
  /** Called at the deadline with the time; afterwards the deadline is asked for again. */
  tick(now: number): void;
}

/**
 * One timer for all deadlines of a connection. It is only ever moved forward: thousands of requests that are answered
 * before their deadline set and clear no timers, and a timer that fires too early looks again.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #scheduled: Scheduled;
  #timer: unknown;
  #at = Infinity;
  #stopped = false;

  constructor(clock: Clock, scheduled: Scheduled) {
    this.#clock = clock;
    this.#scheduled = scheduled;
  }

  /** When it fires next. A deadline that is not earlier needs no {@link refresh}. */
  get at(): number {
    return this.#at;
  }

  /** The deadline may be earlier than before. */
  refresh(): void {
    if (this.#stopped) return;
    const at = this.#scheduled.deadline();
    if (at >= this.#at) return;
    this.#clear();
    this.#at = at;
    const delay = Math.min(Math.max(at - this.#clock.now(), 0), MAX_DELAY_MS);
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#at = Infinity;
      this.#scheduled.tick(this.#clock.now());
      this.refresh();
    }, delay);
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
