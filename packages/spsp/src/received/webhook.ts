import type { Clock } from '@pennyswitch/stream';
import { decodeBase64, encodeBase64 } from '../base64.js';
import { Deadline } from '../deadline.js';
import { systemClock } from '../environment.js';
import { discard, type FetchFunction } from '../redirects.js';
import type { OutboxOptions } from './outbox.js';
import type { MoneyEvent } from './records.js';

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** Where events are posted to. */
  readonly url: string;
  /** Shared with the receiver of events, which checks signatures with it; at least 24 bytes. */
  readonly secret: Uint8Array;
  /** Default: the platform's. */
  readonly fetch?: FetchFunction;
  /** How long a delivery may take, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** How old a signature may be, in milliseconds, before {@link verifyWebhook} takes it for replayed. */
const TOLERANCE_MS = 300_000;
const LEAST_SECRET_LENGTH = 24;

/**
 * Delivers events over HTTP, for an `Outbox`: a POST of JSON, signed as the Standard Webhooks specification has it
 * (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`). Only a status of 2xx counts as delivered; redirects are not
 * followed.
 * @throws RangeError for a secret that is too short.
 */
export function webhook(options: WebhookOptions): OutboxOptions['deliver'] {
  const { url, secret, timeoutMs = 10_000, clock = systemClock } = options;
  const post = options.fetch ?? ((to: string, init: RequestInit) => fetch(to, init));
  if (secret.length < LEAST_SECRET_LENGTH) {
    throw new RangeError(
      `the webhook secret has ${secret.length} bytes, at least ${LEAST_SECRET_LENGTH} are needed`,
    );
  }
  return async (event, signal) => {
    const body = encodeEvent(event);
    const timestamp = Math.floor(clock.now() / 1000).toString();
    const deadline = new Deadline(clock, timeoutMs, signal);
    try {
      const response = await deadline.race(
        post(url, {
          method: 'POST',
          body,
          headers: {
            'content-type': 'application/json',
            'webhook-id': event.id,
            'webhook-timestamp': timestamp,
            'webhook-signature': `v1,${encodeBase64(await sign(secret, event.id, timestamp, body))}`,
          },
          redirect: 'manual',
          signal: deadline.signal,
        }),
      );
      discard(response);
      if (response.status < 200 || response.status > 299) {
        throw new Error(`the webhook answered with status ${response.status}`);
      }
    } finally {
      deadline.close();
    }
  };
}

/** An event as it is posted: amounts as texts, since JSON has no integers of 64 bits. */
export function encodeEvent(event: MoneyEvent): string {
  const { amount, total, invoice } = event;
  return JSON.stringify({
    ...event,
    amount: amount.toString(),
    total: total.toString(),
    invoice: invoice === undefined ? undefined : { ...invoice, amount: invoice.amount.toString() },
  });
}

/**
 * For who receives events: whether the holder of the secret has posted this body, not more than five minutes ago.
 * @param header a field of the request's header; null where it has none of that name.
 */
export async function verifyWebhook(
  body: string,
  header: (name: string) => string | null,
  secret: Uint8Array,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<boolean> {
  const id = header('webhook-id');
  const timestamp = header('webhook-timestamp');
  const signatures = header('webhook-signature');
  if (id === null || timestamp === null || signatures === null) return false;
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(clock.now() - Number(timestamp) * 1000) > TOLERANCE_MS) return false;
  const expected = await sign(secret, id, timestamp, body);
  // Several signatures where the secret is being changed.
  return signatures.split(' ').some((signature) => {
    const bytes = signature.startsWith('v1,') ? decodeBase64(signature.slice(3)) : undefined;
    return bytes !== undefined && isEqual(bytes, expected);
  });
}

async function sign(
  secret: Uint8Array,
  id: string,
  timestamp: string,
  body: string,
): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const bytes = new Uint8Array(secret);
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const text = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, text));
}

/** Looks at every byte, so that the time taken does not tell how many are right. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}
