import type { Clock } from '@pennyswitch/stream';

/** A signal that fires when a time is over or a caller's signal fires, and waits that end with it. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #timer: unknown;
  readonly #caller: AbortSignal | undefined;
  readonly #endsAt: number;
  #isOver = false;

  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    this.#endsAt = clock.now() + timeoutMs;
    this.signal = this.#controller.signal;
    this.#timer = clock.setTimeout(() => {
      this.#isOver = true;
      this.#abort();
    }, timeoutMs);
    if (caller?.aborted === true) this.#abort();
    else caller?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Whether it was the time that ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How much time is left, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.now());
  }

  /** The promise's outcome, or a rejection as soon as the signal fires: for what does not listen to the signal itself. */
  async race<T>(promise: Promise<T>): Promise<T> {
    let stop = (): void => undefined;
    const fired = new Promise<never>((_, reject) => {
      stop = () => {
        reject(new Error('aborted'));
      };
    });
    if (this.signal.aborted) stop();
    this.signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([promise, fired]);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }

  /** Resolves after so many milliseconds, or rejects when the signal fires. */
  async wait(delayMs: number): Promise<void> {
    let timer: unknown;
    const over = new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, delayMs);
    });
    try {
      await this.race(over);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** Lets go of timer and listener. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    this.#controller.abort();
  };
}
