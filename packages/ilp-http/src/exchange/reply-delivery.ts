import { setMaxListeners } from 'node:events';
import type { OutgoingCredentials } from '../auth/outgoing.js';
import { abortable, type HttpClient } from '../client/client.js';
import { describe } from '../client/transport.js';
import type { IlpHttpCounters } from '../counters.js';
import type { Environment } from '../environment.js';
import { OCTET_STREAM } from '../headers.js';
import type { IlpHttpPolicy } from '../policy.js';
import { backoffMs } from './backoff.js';
import { InFlight, sleep } from './timers.js';

/** A reply on its way to the peer's callback URL. */
export interface Delivery {
  readonly url: URL;
  readonly requestId: string;
  readonly reply: Uint8Array;
  /** When the packet expires, if known: there is more than one attempt before (RFC 0035 "Retry Behavior"). */
  readonly expiresAt: number | undefined;
}

/** What deliveries to one peer need. */
export interface DeliverySettings {
  readonly policy: IlpHttpPolicy;
  readonly environment: Environment;
  readonly counters: IlpHttpCounters;
  readonly credentials: OutgoingCredentials;
  readonly client: Pick<HttpClient, 'post'>;
}

/** Attempts before the packet expires, and the least time that one gets. */
const ATTEMPTS_BEFORE_EXPIRY = 3;
const MIN_ATTEMPT_MS = 100;

/** Delivers replies to callback URLs (RFC 0035 "ILP Fulfill/Reject Reply"), again and again until the peer answers. */
export class ReplyDelivery {
  readonly #settings: DeliverySettings;
  readonly #inFlight = new InFlight<object>();
  readonly #closed = new AbortController();

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
    // One for each delivery under way, which the limit of requests bounds: many of them are no leak.
    setMaxListeners(0, this.#closed.signal);
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** @returns whether the peer took the reply; false if it refused it, or if nothing was heard from it for too long. */
  async deliver(delivery: Delivery): Promise<boolean> {
    const { counters } = this.#settings;
    this.#inFlight.add(delivery);
    try {
      const taken = !this.#closed.signal.aborted && (await this.#attempts(delivery));
      if (!taken) counters.repliesUndelivered += 1;
      return taken;
    } finally {
      this.#inFlight.delete(delivery);
    }
  }

  whenEmpty(): Promise<void> {
    return this.#inFlight.whenEmpty();
  }

  /** Gives up what is still on its way. */
  endAll(): void {
    this.#closed.abort();
  }

  async #attempts(delivery: Delivery): Promise<boolean> {
    const { policy, environment, counters } = this.#settings;
    const { clock, logger, randomBytes } = environment;
    const { requestId } = delivery;
    const giveUpAt = clock.now() + policy.replyRetryMs;
    for (let failures = 1; ; failures++) {
      const result = await this.#attempt(delivery);
      if (typeof result === 'number' && result < 500) {
        // 2xx and 4xx conclude (RFC 0035). A redirect is not followed, and would come again.
        const taken = result >= 200 && result < 300;
        if (!taken) logger.warn('the peer refused a reply', { requestId, status: result });
        return taken;
      }
      const waitMs = backoffMs(failures, policy, randomBytes);
      if (this.#closed.signal.aborted || clock.now() + waitMs >= giveUpAt) {
        logger.error('a reply could not be delivered', { requestId, attempts: failures, result });
        return false;
      }
      const waited = await sleep(clock, waitMs, this.#closed.signal);
      if (!waited) return false;
      counters.repliesRetried += 1;
    }
  }

  /** @returns the status of the peer's answer, or why there is none. */
  async #attempt(delivery: Delivery): Promise<number | string> {
    const { policy, environment, counters, credentials, client } = this.#settings;
    const { clock } = environment;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = clock.setTimeout(abort, attemptMs(delivery.expiresAt, clock.now(), policy));
    this.#closed.signal.addEventListener('abort', abort, { once: true });
    try {
      const authorization = await abortable(credentials.authorization(), controller.signal);
      const headers = {
        'content-type': OCTET_STREAM,
        'request-id': delivery.requestId,
        ...(authorization !== undefined && { authorization }),
      };
      const request = { headers, body: delivery.reply };
      const { status } = await client.post(delivery.url, request, controller.signal);
      counters.bytesSent += delivery.reply.length;
      return status;
    } catch (error) {
      return describe(error);
    } finally {
      clock.clearTimeout(timer);
      this.#closed.signal.removeEventListener('abort', abort);
    }
  }
}

/** How long an attempt may take. */
export function attemptMs(
  expiresAt: number | undefined,
  now: number,
  policy: { readonly replyTimeoutMs: number },
): number {
  if (expiresAt === undefined || expiresAt <= now) return policy.replyTimeoutMs;
  const share = (expiresAt - now) / ATTEMPTS_BEFORE_EXPIRY;
  return Math.min(policy.replyTimeoutMs, Math.max(share, MIN_ATTEMPT_MS));
}
