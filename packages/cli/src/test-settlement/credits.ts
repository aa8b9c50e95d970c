import { randomBytes } from 'node:crypto';
import type { Quantity } from './quantity.js';

/** Where a credit goes: one account in one accounting system. */
export interface CreditTarget {
  /** The base URL of the accounting system. */
  readonly accounting: string;
  readonly token: string;
  readonly account: string;
}

const FIRST_RETRY_MS = 100;
/** RFC 0038 "Retry behavior" allows up to an hour; a test system has no reason to wait that long. */
const LAST_RETRY_MS = 5_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Tells accounting systems of money that arrived for them, once each: one idempotency key per credit, repeated until
 * it is acknowledged (RFC 0038 "Retry behavior").
 */
export class Credits {
  readonly #pending = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  readonly #log: (message: string) => void;

  constructor(log: (message: string) => void) {
    this.#log = log;
  }

  /** How many credits are not acknowledged yet. */
  get unacknowledged(): number {
    return this.#pending.size;
  }

  /** Starts to deliver one credit. */
  send(target: CreditTarget, given: Quantity): void {
    const delivery = this.#deliver(target, given, randomBytes(16).toString('hex')).finally(() => {
      this.#pending.delete(delivery);
    });
    this.#pending.add(delivery);
  }

  /** Stops repeating. What was not acknowledged is lost with the process: these books live in memory only. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#pending);
  }

  async #deliver(target: CreditTarget, given: Quantity, key: string): Promise<void> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      const failure = await this.#attempt(target, given, key);
      if (failure === undefined || this.#abort.signal.aborted) return;
      this.#log(
        `credit to ${target.account} not acknowledged (${failure}); again in about ${wait} ms`,
      );
      await this.#sleep(wait * (0.75 + Math.random() / 2));
    }
  }

  /** @returns what went wrong, or undefined when the credit is acknowledged. */
  async #attempt(target: CreditTarget, given: Quantity, key: string): Promise<string | undefined> {
    try {
      const response = await fetch(
        `${target.accounting}/accounts/${encodeURIComponent(target.account)}/settlements`,
        {
          method: 'POST',
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${target.token}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(given),
          signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        },
      );
      await response.arrayBuffer();
      return response.ok ? undefined : `HTTP ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#abort.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#abort.signal.addEventListener('abort', done);
    });
  }
}
