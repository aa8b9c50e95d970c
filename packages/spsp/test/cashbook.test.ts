import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { StreamReceiver, type Asset } from '@pennyswitch/stream';
import { seededRandom, TinyConnector, VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it, vi } from 'vitest';
import {
  Cashbook,
  createSpspHandler,
  encodeEvent,
  MemoryJournal,
  Outbox,
  pay,
  SpspClient,
  statusOf,
  verifyWebhook,
  webhook,
  type Journal,
  type MoneyEvent,
  type SpspAmount,
} from '../src/index.js';

const EUR: Asset = { code: 'EUR', scale: 2 };
const SERVER_SECRET = new Uint8Array(32).fill(1);

/** A payee whose books are in a journal; `restart` is what a crash leaves of it: the journal. */
async function payee(journal: Journal = new MemoryJournal(), clock = new VirtualClock()) {
  const randomBytes = seededRandom(clock.now() % 1e6).bytes;
  const cashbook = await Cashbook.open({ journal, asset: EUR, clock, randomBytes });
  const receiver = new StreamReceiver({
    secret: SERVER_SECRET,
    address: () => parseIlpAddress('test.wallet'),
    asset: EUR,
    clock,
    randomBytes,
    ...cashbook.receiverOptions,
  });
  const handle = createSpspHandler({
    answer: cashbook.answer(receiver, { tagOf: (path) => (path === '/bob' ? 'bob' : undefined) }),
  });
  const client = new SpspClient({ fetch: (url, init) => handle(new Request(url, init)), clock });
  const connector = new TinyConnector({
    next: receiver.handle,
    clock,
    settings: { maxPacketAmount: 100n },
  });
  const base = { send: connector.handle, source: { asset: EUR }, client, clock, randomBytes };
  const start = (pointer: string, amount: SpspAmount) => pay({ ...base, pointer, amount });
  return {
    clock,
    cashbook,
    handle,
    connector,
    start,
    pay: (pointer: string, amount: SpspAmount) => clock.runUntil(start(pointer, amount)),
    restart: () => payee(journal, clock),
  };
}

function eventsOf(cashbook: Cashbook): MoneyEvent[] {
  const events: MoneyEvent[] = [];
  cashbook.onEvent((event) => events.push(event));
  return events;
}

describe('an invoice', () => {
  it('accepts up to its amount, over any number of payments, and then no more', async () => {
    const p = await payee();
    const { id } = await p.cashbook.createInvoice({ amount: 1000n, description: 'a chair' });
    const pointer = `$wallet.example/invoices/${id}`;
    await p.pay(pointer, { send: '4' });
    expect(p.cashbook.invoice(id)).toMatchObject({ received: 400n });
    const details = await p.handle(new Request(`https://wallet.example/invoices/${id}`));
    expect(await details.json()).toMatchObject({
      push: {
        balance: '400',
        invoice: {
          amount: '1000',
          asset: { code: 'EUR', scale: 2 },
          additional_fields: { description: 'a chair' },
        },
      },
    });
    await expect(p.pay(pointer, { send: '7' })).rejects.toMatchObject({ code: 'RECEIVE_LIMIT' });
    expect(await p.pay(pointer, { due: true })).toMatchObject({ delivered: 600n });
    await expect(p.pay(pointer, { send: '1' })).rejects.toMatchObject({
      code: 'GONE',
      status: 410,
    });
    const invoice = p.cashbook.invoice(id);
    expect([invoice?.received, invoice && statusOf(invoice, p.clock.now())]).toEqual([
      1000n,
      'paid',
    ]);
  });

  it('never gets more than its amount from many who pay it at once', async () => {
    const p = await payee();
    const { id } = await p.cashbook.createInvoice({ amount: 1000n });
    const payers = Array.from({ length: 5 }, () =>
      p.start(`$wallet.example/invoices/${id}`, { send: '7.77' }).catch(() => undefined),
    );
    const outcomes = await p.clock.runUntil(Promise.all(payers));
    await p.clock.run();
    const delivered = outcomes.reduce((sum, outcome) => sum + (outcome?.delivered ?? 0n), 0n);
    expect(delivered).toBe(p.cashbook.invoice(id)?.received);
    expect(delivered).toBeLessThanOrEqual(1000n);
    expect(delivered).toBeGreaterThan(776n);
  });

  it('is not forgotten by a restart, nor is what was paid, by connections that go on', async () => {
    const before = await payee();
    const { id } = await before.cashbook.createInvoice({ amount: 1000n });
    await before.pay(`$wallet.example/invoices/${id}`, { send: '9' });
    const after = await before.restart();
    expect(after.cashbook.invoice(id)).toMatchObject({ received: 900n, amount: 1000n });
    expect([...after.cashbook.invoices()]).toHaveLength(1);
    await after.pay(`$wallet.example/invoices/${id}`, { due: true });
    expect(after.cashbook.invoice(id)?.received).toBe(1000n);
  });

  it('takes nothing when it has expired or was cancelled', async () => {
    const p = await payee();
    const expiresAt = p.clock.now() + 60_000;
    const expiring = await p.cashbook.createInvoice({ amount: 10n, expiresAt });
    const cancelled = await p.cashbook.createInvoice({ amount: 10n });
    await p.clock.advance(60_000);
    await p.cashbook.cancelInvoice(cancelled.id);
    for (const { id } of [expiring, cancelled]) {
      const promise = p.pay(`$wallet.example/invoices/${id}`, { due: true });
      await expect(promise).rejects.toMatchObject({ code: 'GONE' });
    }
  });

  it('refuses amounts and ids that make no sense', async () => {
    const { cashbook } = await payee();
    await cashbook.createInvoice({ amount: 1n, id: 'nr-1' });
    for (const [wanted, code] of [
      [{ amount: 0n }, 'BAD_AMOUNT'],
      [{ amount: 2n ** 64n }, 'BAD_AMOUNT'],
      [{ amount: 1n, id: 'a/b' }, 'BAD_ID'],
      [{ amount: 1n, id: 'nr-1' }, 'ID_TAKEN'],
    ] as const) {
      await expect(cashbook.createInvoice(wanted)).rejects.toMatchObject({ code });
    }
    await expect(cashbook.cancelInvoice('nr-2')).rejects.toMatchObject({ code: 'UNKNOWN' });
  });
});

describe('events', () => {
  it('sum up what came in, one for each payment, and add up to all of it', async () => {
    const p = await payee();
    const events = eventsOf(p.cashbook);
    const { id } = await p.cashbook.createInvoice({ amount: 1000n });
    await p.pay('$wallet.example/bob', { send: '5' });
    await p.clock.run();
    await p.pay('$wallet.example/bob', { send: '7' });
    await p.pay(`$wallet.example/invoices/${id}`, { send: '10' });
    await p.clock.run();
    expect(events.map(({ tag, amount, total }) => [tag, amount, total])).toEqual([
      ['bob', 500n, 500n],
      [`invoice:${id}`, 1000n, 1000n],
      ['bob', 700n, 1200n],
    ]);
    expect(events[1]?.invoice).toEqual({ id, amount: 1000n, isPaid: true });
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
  });

  it('do not wait for ever where money never stops', async () => {
    const p = await payee();
    const events = eventsOf(p.cashbook);
    for (let second = 0; second < 24; second++) {
      await p.clock.runUntil(p.start('$wallet.example/bob', { send: '0.10' }));
      await p.clock.advance(500);
    }
    expect(events.length).toBeGreaterThanOrEqual(1);
    await p.clock.run();
    expect(events.reduce((sum, { amount }) => sum + amount, 0n)).toBe(240n);
  });

  it('are made after a restart of what came in before it', async () => {
    const before = await payee();
    await before.pay('$wallet.example/bob', { send: '5' });
    const after = await before.restart();
    const events = eventsOf(after.cashbook);
    await after.clock.advance(0);
    expect(events).toMatchObject([{ tag: 'bob', amount: 500n }]);
  });

  it('tell nothing of money whose packet was not fulfilled', async () => {
    const p = await payee();
    const events = eventsOf(p.cashbook);
    const { onMoney, onUndo } = p.cashbook.receiverOptions;
    const money = { tag: 'bob', amount: 7n };
    expect(await onMoney(money)).toBe('accept');
    await p.clock.run();
    expect(p.cashbook.received('bob')).toBe(7n);
    onUndo(money);
    await p.clock.run();
    expect([p.cashbook.received('bob'), events]).toEqual([0n, []]);
  });
});

describe('the outbox', () => {
  it('delivers at least once, in order, with the same id, past failures and restarts', async () => {
    const before = await payee();
    const seen: string[] = [];
    let isUp = false;
    const deliver = ({ id }: MoneyEvent): Promise<void> => {
      seen.push(id);
      return isUp ? Promise.resolve() : Promise.reject(new Error('down'));
    };
    const { clock } = before;
    const first = new Outbox({ cashbook: before.cashbook, deliver, clock, random: () => 0 });
    await before.pay('$wallet.example/bob', { send: '5' });
    await clock.advance(1_000);
    await before.pay('$wallet.example/bob', { send: '6' });
    await clock.advance(60_000);
    await first.close();
    // 0.5, 1, 2, 4… seconds between attempts, of the first event only.
    expect(new Set(seen).size).toBe(1);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.length).toBeLessThan(9);

    isUp = true;
    const after = await before.restart();
    const second = new Outbox({ cashbook: after.cashbook, deliver, clock });
    await clock.advance(1_000);
    expect(new Set(seen).size).toBe(2);
    expect(after.cashbook.firstEvent()).toBeUndefined();
    await second.close();
    expect(clock.pendingTimers).toBe(0);
    const third = await after.restart();
    expect(third.cashbook.firstEvent()).toBeUndefined();
  });
});

describe('a webhook', () => {
  const secret = new Uint8Array(24).fill(9);
  const event: MoneyEvent = {
    ...{ id: 'evt', type: 'money.received', tag: 'bob', amount: 2n ** 63n, total: 2n ** 63n },
    ...{ asset: EUR, at: 5, invoice: undefined },
  };

  it('posts signed JSON that its receiver can check', async () => {
    const clock = new VirtualClock();
    const fetch = vi.fn((url: string, init: RequestInit) => {
      expect([url, init.method]).toEqual(['https://shop.example/hook', 'POST']);
      return Promise.resolve(new Response('ok'));
    });
    await webhook({ url: 'https://shop.example/hook', secret, fetch, clock })(
      event,
      new AbortController().signal,
    );
    const init = fetch.mock.calls[0]?.[1];
    const headers = new Headers(init?.headers);
    const header = (name: string): string | null => headers.get(name);
    expect(header('webhook-id')).toBe('evt');
    const body = init?.body as string;
    expect(JSON.parse(body)).toMatchObject({ amount: '9223372036854775808', tag: 'bob' });
    expect(await verifyWebhook(body, header, secret, clock)).toBe(true);
    expect(await verifyWebhook(`${body} `, header, secret, clock)).toBe(false);
    expect(await verifyWebhook(body, header, new Uint8Array(24), clock)).toBe(false);
    expect(await verifyWebhook(body, () => null, secret, clock)).toBe(false);
    await clock.advance(300_001);
    expect(await verifyWebhook(body, header, secret, clock)).toBe(false);
  });

  it('signs as the Standard Webhooks specification does', async () => {
    // The example of the specification: id, timestamp, body and secret are its own.
    const known = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const headers: Record<string, string> = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const clock = new VirtualClock(1_614_265_330_000);
    const header = (name: string): string | null => headers[name] ?? null;
    expect(await verifyWebhook('{"test": 2432232314}', header, known, clock)).toBe(true);
  });

  it.each([301, 400, 500])('is not delivered by status %i', async (status) => {
    const deliver = webhook({
      url: 'https://shop.example/hook',
      secret,
      fetch: () => Promise.resolve(new Response(null, { status })),
    });
    await expect(deliver(event, new AbortController().signal)).rejects.toThrow(String(status));
  });

  it('gives up on an endpoint that does not answer, so that the outbox tries again', async () => {
    const clock = new VirtualClock();
    const deliver = webhook({
      ...{ url: 'https://shop.example/', secret, clock, timeoutMs: 1_000 },
      fetch: () => new Promise(() => undefined),
    });
    const failing = expect(deliver(event, new AbortController().signal)).rejects.toThrow();
    await clock.run();
    await failing;
    expect(clock.pendingTimers).toBe(0);
  });

  it('wants a secret that nobody guesses', () => {
    expect(() => webhook({ url: 'https://x.example', secret: new Uint8Array(23) })).toThrow(
      RangeError,
    );
    expect(JSON.parse(encodeEvent(event))).not.toHaveProperty('invoice');
  });
});
