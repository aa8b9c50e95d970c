import type { Clock } from '../environment.js';

/** Resolves to true after the time, or to false as soon as the signal comes. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const done = (waited: boolean): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(waited);
    };
    const abort = (): void => done(false);
    const timer = clock.setTimeout(() => done(true), ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** A set that can be waited for until it is empty. */
export class InFlight<T> {
  readonly #items = new Set<T>();
  readonly #waiters = new Set<() => void>();

  get size(): number {
    return this.#items.size;
  }

  add(item: T): void {
    this.#items.add(item);
  }

  delete(item: T): void {
    if (!this.#items.delete(item) || this.#items.size > 0) return;
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }

  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#items].values();
  }

  /** Resolves when nothing is left. */
  whenEmpty(): Promise<void> {
    if (this.#items.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add(resolve));
  }
}
