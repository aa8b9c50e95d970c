import type { Clock } from '../environment.js';
import { Slots } from './slots.js';

/** What ends at a deadline. */
export interface Expiring {
  /** When it ends, in milliseconds since 1970. */
  readonly deadline: number;
  expire(): void;
}

/**
 * One timer for very many packets. Hardly any lives to its deadline, so that the timer is set to the earliest and only ever
 * moved forward: it may find that nothing expires yet, and looks for the next then.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new Slots<Expiring>();
  #timer: unknown;
  /** Not later than the earliest deadline. */
  #earliest = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `expire` at the deadline.
   * @returns what {@link remove} takes.
   */
  add(expiring: Expiring): number {
    const { deadline } = expiring;
    if (deadline < this.#earliest) this.#arm(deadline);
    return this.#waiting.add(expiring);
  }

  /** Takes that back; does nothing if it has expired. */
  remove(slot: number, expiring: Expiring): void {
    this.#waiting.remove(slot, expiring);
    if (this.#waiting.size === 0) this.#arm(Infinity);
  }

  #arm(at: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#earliest = at;
    if (at === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, at - this.#clock.now());
  }

  #run(): void {
    // It can be earlier than the timer was set for: a system's clock can be set back, and counts in whole milliseconds.
    const now = this.#clock.now();
    const expired: [slot: number, expiring: Expiring][] = [];
    let earliest = Infinity;
    for (const [slot, expiring] of this.#waiting.entries()) {
      if (expiring.deadline <= now) expired.push([slot, expiring]);
      else earliest = Math.min(earliest, expiring.deadline);
    }
    for (const [slot, expiring] of expired) this.#waiting.remove(slot, expiring);
    this.#arm(earliest);
    for (const [, expiring] of expired) expiring.expire();
  }
}
