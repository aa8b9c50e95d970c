import type { Clock } from './clock.js';

/** What a timer of Node and browsers can count, in milliseconds. */
const MAX_DELAY_MS = 0x7fff_ffff;

/** Whose deadlines a timer keeps. */
export interface Scheduled {
  /** When to call `tick`; may be too early, never too late. Infinity: not at all. */
  deadline(): number;
  /** Called at the deadline with the time; afterwards the deadline is asked for again. */
  tick(now: number): void;
}

/** Deadlines that are farther away than this share timers. */
const FAR_MS = 2000;
/** How far apart those timers are. */
const SLOT_MS = 1000;

/**
 * Timers that many connections share, for deadlines that are seconds away: an idle connection has one all the time, and a
 * timer of its own for it would be a good part of what it costs. They fire up to a second early.
 */
export class SharedTimers {
  readonly #clock: Clock;
  readonly #slots = new Map<
    number,
    { readonly timer: unknown; readonly waiting: Set<DeadlineTimer> }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns when `waiting.fire()` is called; not later than `at`. */
  add(at: number, waiting: DeadlineTimer): number {
    const slot = at - (at % SLOT_MS);
    const known = this.#slots.get(slot);
    if (known !== undefined) {
      known.waiting.add(waiting);
      return slot;
    }
    const delay = Math.min(slot - this.#clock.now(), MAX_DELAY_MS);
    const timer = this.#clock.setTimeout(() => this.#fire(slot), delay);
    this.#slots.set(slot, { timer, waiting: new Set([waiting]) });
    return slot;
  }

  /** Takes it back; `slot` as {@link add} returned it. */
  remove(slot: number, waiting: DeadlineTimer): void {
    const known = this.#slots.get(slot);
    if (known?.waiting.delete(waiting) !== true || known.waiting.size > 0) return;
    this.#clock.clearTimeout(known.timer);
    this.#slots.delete(slot);
  }

  #fire(slot: number): void {
    const known = this.#slots.get(slot);
    this.#slots.delete(slot);
    for (const waiting of known?.waiting ?? []) waiting.fire();
  }
}

/**
 * One timer for all deadlines of a connection. It is only ever moved forward: thousands of requests that are answered
 * before their deadline set and clear no timers, and a timer that fires too early looks again.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #shared: SharedTimers;
  readonly #scheduled: Scheduled;
  /** A timer of its own; undefined while it shares one, or has none. */
  #timer: unknown;
  #at = Infinity;
  #stopped = false;

  constructor(clock: Clock, shared: SharedTimers, scheduled: Scheduled) {
    this.#clock = clock;
    this.#shared = shared;
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
    if (at === Infinity) return;
    const delay = at - this.#clock.now();
    if (delay > FAR_MS) {
      this.#at = this.#shared.add(at, this);
      return;
    }
    this.#at = at;
    this.#timer = this.#clock.setTimeout(() => this.fire(), Math.max(delay, 0));
  }

  /** The time has come, or nearly so. */
  fire(): void {
    this.#timer = undefined;
    this.#at = Infinity;
    const now = this.#clock.now();
    if (this.#scheduled.deadline() <= now) this.#scheduled.tick(now);
    this.refresh();
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    else if (this.#at !== Infinity) this.#shared.remove(this.#at, this);
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
