/** RFC 0035 "Retry Behavior", on virtual time: when a reply is sent again, and when no more. */
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { OutgoingCredentials, type OutgoingAuth } from '../src/auth/outgoing.js';
import { TransportError, type HttpAnswer } from '../src/client/transport.js';
import { newCounters } from '../src/counters.js';
import { environmentOf } from '../src/environment.js';
import { attemptMs, ReplyDelivery } from '../src/exchange/reply-delivery.js';
import { DEFAULT_POLICY } from '../src/policy.js';

const DELIVERY = {
  url: new URL('http://alice.example/ilp/callback'),
  requestId: '42ee09c8-a6de-4ae3-8a47-4732b0cbb07b',
  reply: Uint8Array.of(9),
};

/** A peer that answers each attempt with a status, loses the connection, or says nothing. */
function delivering(answer: (attempt: number) => number | 'cut' | 'silence', auth?: OutgoingAuth) {
  const clock = new VirtualClock();
  const start = clock.now();
  const counters = newCounters();
  /** When each attempt began, in milliseconds after the first. */
  const attempts: number[] = [];
  const post = (_url: URL, _request: unknown, signal: AbortSignal): Promise<HttpAnswer> => {
    attempts.push(clock.now() - start);
    const outcome = answer(attempts.length);
    if (outcome === 'cut') return Promise.reject(new TransportError('lost', true, 'cut'));
    if (outcome !== 'silence') {
      return Promise.resolve({ status: outcome, headers: {}, body: new Uint8Array(0) });
    }
    return new Promise((_, reject) => {
      const abort = (): void => reject(new TransportError('aborted', true, 'cancelled'));
      signal.addEventListener('abort', abort, { once: true });
    });
  };
  const delivery = new ReplyDelivery({
    policy: DEFAULT_POLICY,
    // The waits are not shortened.
    environment: environmentOf({ clock, randomBytes: (length) => new Uint8Array(length) }),
    counters,
    credentials: new OutgoingCredentials(auth, clock),
    client: { post },
  });
  return { clock, attempts, counters, delivery, start };
}

describe('the delivery of a reply', () => {
  it('is tried again with growing waits, and given up after a minute', async () => {
    const { clock, attempts, counters, delivery } = delivering((n) => (n % 2 === 0 ? 'cut' : 503));
    expect(await clock.runUntil(delivery.deliver({ ...DELIVERY, expiresAt: undefined }))).toBe(
      false,
    );
    expect(attempts.slice(0, 9)).toEqual([0, 100, 300, 700, 1500, 3100, 6300, 11_300, 16_300]);
    expect(attempts.at(-1)).toBe(56_300);
    expect(counters).toMatchObject({ repliesUndelivered: 1, repliesRetried: attempts.length - 1 });
    expect(delivery.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([30_000, 6000, 1500])(
    'is tried at least three times before a packet of %i ms expires, though the peer is silent',
    async (ms) => {
      const { clock, attempts, delivery, start } = delivering(() => 'silence');
      const taken = delivery.deliver({ ...DELIVERY, expiresAt: start + ms });
      expect(await clock.runUntil(taken)).toBe(false);
      expect(attempts.filter((at) => at < ms).length).toBeGreaterThanOrEqual(3);
      // A late reply still settles the books: it goes on after the packet's expiry.
      expect(attempts.at(-1)).toBeGreaterThan(50_000);
    },
  );

  it.each([200, 204, 301, 400, 401, 404, 409, 429])('ends with status %i', async (status) => {
    const { clock, attempts, counters, delivery } = delivering(() => status);
    const taken = delivery.deliver({ ...DELIVERY, expiresAt: undefined });
    expect(await clock.runUntil(taken)).toBe(status < 300);
    await clock.advance(60_000);
    expect(attempts).toEqual([0]);
    expect(counters.repliesUndelivered).toBe(status < 300 ? 0 : 1);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([500, 502, 503, 504, 'cut', 'silence'] as const)('goes on after %s', async (outcome) => {
    const { clock, attempts, counters, delivery } = delivering((n) => (n < 3 ? outcome : 200));
    const taken = delivery.deliver({ ...DELIVERY, expiresAt: undefined });
    expect(await clock.runUntil(taken)).toBe(true);
    expect(attempts).toHaveLength(3);
    expect(counters).toMatchObject({ repliesRetried: 2, repliesUndelivered: 0 });
  });

  it('goes on after a token that could not be had', async () => {
    let failures = 2;
    const token = (): Promise<string> =>
      failures-- > 0 ? Promise.reject(new Error('vault')) : Promise.resolve('token');
    const { clock, attempts, delivery } = delivering(() => 200, { type: 'bearer', token });
    const taken = delivery.deliver({ ...DELIVERY, expiresAt: undefined });
    expect(await clock.runUntil(taken)).toBe(true);
    expect(attempts).toEqual([300]);
  });

  it.each(['silence', 503] as const)('ends at once when the link closes, after %s', async (is) => {
    const { clock, attempts, delivery } = delivering(() => is);
    const taken = delivery.deliver({ ...DELIVERY, expiresAt: undefined });
    await clock.advance(50);
    expect(attempts).toEqual([0]);
    delivery.endAll();
    expect(await taken).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});

it('an attempt takes a third of the time that is left, in reason', () => {
  const policy = { replyTimeoutMs: 3000 };
  expect(attemptMs(30_000, 0, policy)).toBe(3000);
  expect(attemptMs(6000, 0, policy)).toBe(2000);
  expect(attemptMs(10, 0, policy)).toBe(100);
  expect(attemptMs(0, 10, policy)).toBe(3000);
  expect(attemptMs(undefined, 0, policy)).toBe(3000);
});
