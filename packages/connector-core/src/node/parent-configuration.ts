import { fetchIldcp, type IldcpResponse } from '@pennyswitch/ildcp';
import type { Account } from '../account/account.js';
import { backoffDelay, type BackoffPolicy } from '../backoff.js';
import type { Clock, Logger, RandomBytes } from '../environment.js';
import { messageOf } from '../errors.js';

/** What asking a parent needs. */
export interface ParentConfigurationOptions {
  readonly parent: Account;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  /** How often to ask again once there was an answer, in milliseconds. */
  readonly refreshMs: number;
  /** Takes an answer; what it throws is logged, and the parent asked again later. */
  readonly onConfigured: (response: IldcpResponse) => Promise<void>;
}

const BACKOFF: BackoffPolicy = { firstMs: 500, maxMs: 60_000 };
const TIMEOUT_MS = 10_000;

/**
 * Asks one parent for our address and the account's asset (RFC 0031): when its link comes up, again while it does not answer, and
 * from time to time after that, since parents get new addresses too. Nothing waits for it.
 */
export class ParentConfiguration {
  readonly #options: ParentConfigurationOptions;
  #timer: unknown;
  #isAsking = false;
  #askAgain = false;
  #failures = 0;
  #isStopped = false;

  constructor(options: ParentConfigurationOptions) {
    this.#options = options;
  }

  /** Asks now, or right after the question that is under way. */
  refresh(): void {
    if (this.#isStopped) return;
    if (this.#isAsking) {
      this.#askAgain = true;
      return;
    }
    this.#options.clock.clearTimeout(this.#timer);
    void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const { parent, clock, logger, onConfigured, refreshMs, randomBytes } = this.#options;
    this.#isAsking = true;
    this.#askAgain = false;
    try {
      const response = await fetchIldcp(
        (prepare) => parent.link.send(prepare, { deadline: clock.now() + TIMEOUT_MS }),
        { now: () => clock.now(), timeoutMs: TIMEOUT_MS },
      );
      if (!this.#hasStopped()) await onConfigured(response);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      logger.warn('the parent gave no configuration', {
        account: parent.id,
        failures: this.#failures,
        error: messageOf(error),
      });
    }
    this.#isAsking = false;
    if (this.#hasStopped()) return;
    const delayMs = this.#shouldAskAgain()
      ? 0
      : this.#failures === 0
        ? refreshMs
        : backoffDelay(BACKOFF, this.#failures, randomBytes);
    this.#timer = clock.setTimeout(() => {
      this.refresh();
    }, delayMs);
  }

  /** Behind an await the fields may have changed, which the compiler does not know. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }

  #shouldAskAgain(): boolean {
    return this.#askAgain;
  }
}
