/** Resolves when everything that was waiting for promises only has gone as far as it can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** The same without a turn of the event loop, a third of the cost: a tick comes when no microtask is left. */
const settlePromises = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** What testkit's links and connectors need of a clock: a {@link VirtualClock}, or real time where the other side needs it. */
export interface TestClock {
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
}

/** Real time, for tests against code that cannot be given a clock. */
export const realClock: TestClock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

interface Timer {
  readonly at: number;
  /** Timers of the same moment run in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** How far {@link VirtualClock.run} and {@link VirtualClock.runUntil} go before they give up. */
export interface RunLimit {
  /** Milliseconds of virtual time; default one day. */
  readonly limitMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * Time that moves only when a test says so, as a `Clock`. Between two timers all promises settle, so whatever waits for
 * timers and promises alone runs exactly as it would in real time, at once. Sockets and other real work do not wait for it.
 */
export class VirtualClock implements TestClock {
  #now: number;
  #order = 0;
  readonly #heap: Timer[] = [];
  readonly #settle: () => Promise<void>;

  /**
   * @param start milliseconds since 1970; default some day in 2030.
   * @param options.isQuick whether what is under test waits for promises and this clock only, not for `setImmediate`; then the
   * event loop does not turn, and whoever runs for long must let it.
   */
  constructor(start: number = Date.UTC(2030, 0, 1), options: { readonly isQuick?: boolean } = {}) {
    this.#now = start;
    this.#settle = options.isQuick === true ? settlePromises : settle;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer: Timer = {
      at: this.#now + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancelled: false,
    };
    push(this.#heap, timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (timer !== undefined) (timer as Timer).cancelled = true;
  }

  /** How many timers are still to run: 0 at the end of a test that leaves nothing behind. */
  get pendingTimers(): number {
    return this.#heap.filter((timer) => !timer.cancelled).length;
  }

  /** Resolves after so many milliseconds of virtual time; somebody else must move the clock. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, ms));
  }

  /** Moves time on and runs what becomes due on the way, each timer at its own moment. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    while (await this.#runNext(end));
    this.#now = end;
  }

  /** Runs until no timer is left. @throws if there are still some at the limit, as there always are with a heartbeat. */
  async run(limit: RunLimit = {}): Promise<void> {
    const end = this.#now + (limit.limitMs ?? DAY_MS);
    await this.#settle();
    while (await this.#runNext(end));
    if (this.pendingTimers > 0) {
      throw new Error(`${this.pendingTimers} timers are left at the limit of virtual time`);
    }
  }

  /** Moves time on until a promise has settled, and returns or throws what it settled to. */
  async runUntil<T>(promise: Promise<T>, limit: RunLimit = {}): Promise<T> {
    const end = this.#now + (limit.limitMs ?? DAY_MS);
    const state = { settled: false };
    const done = (): void => void (state.settled = true);
    promise.then(done, done);
    await this.#settle();
    while (!state.settled) {
      if (!(await this.#runNext(end))) {
        throw new Error(
          this.pendingTimers > 0
            ? 'the promise did not settle within the limit of virtual time'
            : 'the promise did not settle, and no timer is left that could settle it',
        );
      }
    }
    return promise;
  }

  /** Runs the earliest timer if it is due by `end`. */
  async #runNext(end: number): Promise<boolean> {
    for (;;) {
      const timer = this.#heap[0];
      if (timer === undefined || timer.at > end) return false;
      pop(this.#heap);
      if (timer.cancelled) continue;
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      await this.#settle();
      return true;
    }
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Timer;
    if (!isBefore(timer, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    let smaller = left;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, left)) {
      smaller = right;
      child++;
    }
    if (!isBefore(smaller, last)) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = last;
}
