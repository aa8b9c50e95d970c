import type { Clock } from './environment.js';

/** What a timer of Node and browsers can count, in milliseconds. */
const MAX_DELAY_MS = 0x7fff_ffff;

/**
 * One timer for all deadlines of a connection. It is only ever moved forward: thousands of requests that are answered
 * before their deadline set and clear no timers, and a timer that fires too early looks again.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #deadline: () => number;
  readonly #due: (now: number) => void;
  #timer: unknown;
  #at = Infinity;
  #stopped = false;

  /**
   * @param deadline when to call `due`; may be too early, never too late. Infinity: not at all.
   * @param due called at the deadline with the time; afterwards the deadline is asked for again.
   */
  constructor(clock: Clock, deadline: () => number, due: (now: number) => void) {
    this.#clock = clock;
    this.#deadline = deadline;
    this.#due = due;
  }

  /** When it fires next. A deadline that is not earlier needs no {@link refresh}. */
  get at(): number {
    return this.#at;
  }

  /** The deadline may be earlier than before. */
  refresh(): void {
    if (this.#stopped) return;
    const at = this.#deadline();
    if (at >= this.#at) return;
    this.#clear();
    this.#at = at;
    const delay = Math.min(Math.max(at - this.#clock.now(), 0), MAX_DELAY_MS);
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#at = Infinity;
      this.#due(this.#clock.now());
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
