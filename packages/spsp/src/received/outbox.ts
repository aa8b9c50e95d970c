import { secureRandomBytes, type Clock, type Logger } from '@pennyswitch/stream';
import { silentLogger, systemClock } from '../environment.js';
import type { Cashbook } from './cashbook.js';
import type { MoneyEvent } from './records.js';

/** Options of {@link Outbox}. */
export interface OutboxOptions {
  readonly cashbook: Cashbook;
  /** Tells somebody of an event; what it throws is tried again. It may be called twice for one event: book by `event.id`. */
  readonly deliver: (event: MoneyEvent, signal: AbortSignal) => Promise<void>;
  /** The first pause after a failure, in milliseconds; each is twice as long as the one before. Default 1000. */
  readonly firstPauseMs?: number;
  /** The longest pause, in milliseconds; default one hour. */
  readonly longestPauseMs?: number;
  readonly clock?: Clock;
  /** From 0 to below 1, for the jitter of pauses. */
  readonly random?: () => number;
  readonly logger?: Logger;
}

/**
 * Tells somebody of every event of a cashbook at least once, in order, without end: an event is forgotten only when it was
 * delivered, and what a crash interrupts is delivered again.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  #wake: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#unsubscribe = options.cashbook.onEvent(() => this.#wake?.());
    this.#running = this.#run();
  }

  /** Delivers nothing any more. What is not delivered yet stays in the cashbook. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { cashbook } = this.#options;
    let failures = 0;
    while (!this.#isStopped()) {
      const event = cashbook.firstEvent();
      if (event === undefined) {
        await this.#pause(undefined);
        continue;
      }
      try {
        await this.#options.deliver(event, this.#stop.signal);
        await cashbook.confirmEvent(event.id);
        failures = 0;
      } catch (error) {
        if (this.#isStopped()) return;
        const pauseMs = this.#pauseAfter(failures++);
        this.#logger.warn('could not deliver an event', { id: event.id, error, pauseMs });
        await this.#pause(pauseMs);
      }
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #pauseAfter(failures: number): number {
    const {
      firstPauseMs = 1_000,
      longestPauseMs = 3_600_000,
      random = randomShare,
    } = this.#options;
    const full = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 40));
    return full / 2 + (random() * full) / 2;
  }

  /** Waits for so long, or for the next event where no time is given. */
  #pause(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = delayMs === undefined ? undefined : this.#clock.setTimeout(resolve, delayMs);
      this.#wake = () => {
        // A new event is no reason to try an old one sooner.
        if (delayMs !== undefined && !this.#isStopped()) return;
        this.#clock.clearTimeout(timer);
        resolve();
      };
      if (this.#isStopped()) this.#wake();
    });
  }
}

function randomShare(): number {
  return (secureRandomBytes(1)[0] ?? 0) / 256;
}
