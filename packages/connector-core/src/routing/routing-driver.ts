import type { CcpRequest, CcpRouter } from '@pennyswitch/ccp-routing';
import type { Account } from '../account/account.js';
import type { Clock, Logger } from '../environment.js';
import { messageOf } from '../errors.js';

/** What the driver needs. */
export interface RoutingDriverOptions {
  readonly router: CcpRouter;
  readonly findAccount: (id: string) => Account | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Runs the routing machine: sends what it wants to send over the accounts' links, and comes back when it says. It has no rules
 * of its own.
 */
export class RoutingDriver {
  readonly #options: RoutingDriverOptions;
  #timer: unknown;
  #isRunning = false;

  constructor(options: RoutingDriverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isRunning = true;
    this.pump();
  }

  stop(): void {
    this.#isRunning = false;
    this.#options.clock.clearTimeout(this.#timer);
  }

  /** Sends whatever is due. To be called after everything that was told to the machine. */
  pump(): void {
    const { router, clock } = this.#options;
    if (!this.#isRunning) return;
    const now = clock.now();
    for (let due = router.poll(now); due !== undefined; due = router.poll(now)) {
      void this.#send(due);
    }
    clock.clearTimeout(this.#timer);
    const deadline = router.deadline();
    if (deadline === undefined) return;
    this.#timer = clock.setTimeout(
      () => {
        this.pump();
      },
      Math.max(0, deadline - now),
    );
  }

  async #send({ accountId, id, prepare, deadline }: CcpRequest): Promise<void> {
    const { router, clock, logger, findAccount } = this.#options;
    let reply: Uint8Array | undefined;
    try {
      reply = await findAccount(accountId)?.link.send(prepare, { deadline });
    } catch (error) {
      logger.debug('a routing packet got no reply', {
        account: accountId,
        error: messageOf(error),
      });
    }
    router.handleReply(id, reply, clock.now());
    this.pump();
  }
}
