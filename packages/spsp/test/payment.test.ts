import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { StreamReceiver, type Asset, type StreamReceiverOptions } from '@pennyswitch/stream';
import { seededRandom, TinyConnector, VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it, vi } from 'vitest';
import {
  type AmountError,
  createSpspHandler,
  formatAmount,
  parseAmount,
  pay,
  quote,
  SpspClient,
  type PushDetails,
  type SpspAmount,
  type SpspPaymentOptions,
  type SpspQuery,
} from '../src/index.js';

const USD: Asset = { code: 'USD', scale: 6 };
const EUR: Asset = { code: 'EUR', scale: 2 };

interface WorldOptions {
  readonly rate?: { numerator: bigint; denominator: bigint };
  readonly asset?: Asset;
  readonly receiver?: Partial<StreamReceiverOptions>;
  readonly maxAgeSeconds?: number;
  readonly push?: () => PushDetails | undefined;
  readonly limit?: () => bigint | undefined;
  readonly expiresInMs?: number;
  readonly maxPacketAmount?: bigint;
}

/** A payer in dollars, a connector that changes them, and a payee behind an SPSP server. */
function world(options: WorldOptions = {}) {
  const clock = new VirtualClock();
  const randomBytes = seededRandom(8).bytes;
  let received = 0n;
  const receiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(1),
    address: () => parseIlpAddress('test.wallet'),
    asset: options.asset ?? EUR,
    clock,
    randomBytes,
    onReceived: ({ amount }) => (received += amount),
    ...options.receiver,
  });
  const { maxPacketAmount } = options;
  const connector = new TinyConnector({
    next: receiver.handle,
    clock,
    settings: { rate: options.rate ?? { numerator: 9n, denominator: 100_000n }, maxPacketAmount },
  });
  const queries: SpspQuery[] = [];
  const handle = createSpspHandler({
    ...(options.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: options.maxAgeSeconds }),
    answer: (query) => {
      queries.push(query);
      const limit = options.limit?.();
      const push = options.push?.();
      const { expiresInMs } = options;
      const credentials = receiver.createCredentials({
        ...(limit === undefined ? {} : { limit }),
        ...(expiresInMs === undefined ? {} : { expiresAt: clock.now() + expiresInMs }),
        ...(query.receipts === undefined ? {} : { receipts: query.receipts }),
      });
      return { credentials, ...(push === undefined ? {} : { push }) };
    },
  });
  const client = new SpspClient({
    fetch: (url, init) => handle(new Request(url, init)),
    clock,
  });
  const base = {
    ...{ pointer: '$wallet.example/bob', send: connector.handle, source: { asset: USD }, client },
    ...{ clock, randomBytes },
  };
  return {
    clock,
    connector,
    queries,
    client,
    base,
    received: () => received,
    pay: async (amount: SpspAmount, more: Partial<SpspPaymentOptions> = {}) => {
      const outcome = await clock.runUntil(pay({ ...base, amount, ...more }));
      await clock.run(); // What the receiver is told comes a moment later.
      return outcome;
    },
    quote: (amount: SpspAmount, more: Partial<SpspPaymentOptions> = {}) =>
      clock.runUntil(quote({ ...base, amount, ...more })),
  };
}

describe('amounts as people write them', () => {
  it.each([
    ['12.50', 6, 12_500_000n],
    ['12.500000', 2, 1250n],
    ['0.000001', 6, 1n],
    ['18446744073709551615', 0, 2n ** 64n - 1n],
    ['007', 0, 7n],
  ])('%s of scale %i is %s units, and back', (text, scale, units) => {
    const asset = { code: 'XYZ', scale };
    expect(parseAmount(text, asset)).toBe(units);
    expect(parseAmount(formatAmount(units, asset), asset)).toBe(units);
  });

  it.each([
    ['12,50', 2, 'NOT_DECIMAL'],
    ['-1', 2, 'NOT_DECIMAL'],
    ['1e3', 2, 'NOT_DECIMAL'],
    ['.5', 2, 'NOT_DECIMAL'],
    ['12.505', 2, 'TOO_PRECISE'],
    ['0.00', 2, 'OUT_OF_RANGE'],
    ['18446744073709551616', 0, 'OUT_OF_RANGE'],
  ])('%s of scale %i is refused: %s', (text, scale, code) => {
    const parse = () => parseAmount(text, { code: 'XYZ', scale });
    expect(parse).toThrow(expect.objectContaining({ name: 'AmountError', code }) as AmountError);
  });
});

describe('paying a pointer in one call', () => {
  it('spends an exact amount', async () => {
    const w = world();
    const progress = vi.fn();
    const outcome = await w.pay({ send: '12.50' }, { onProgress: progress });
    expect(outcome).toMatchObject({ sent: 12_500_000n, delivered: 1125n, connections: 1 });
    expect([outcome.error, w.received()]).toEqual([undefined, 1125n]);
    expect(progress).toHaveBeenCalled();
  });

  it('lets an exact amount arrive, in an asset that only the receiver knows of', async () => {
    const w = world();
    const outcome = await w.pay({ deliver: '12.50', asset: 'EUR' });
    expect([outcome.delivered, outcome.error]).toEqual([1250n, undefined]);
    expect(w.received()).toBeGreaterThanOrEqual(1250n);
    expect(outcome.sent).toBeGreaterThanOrEqual(13_888_889n);
  });

  it.each<[string, Asset, bigint, bigint, string]>([
    // One dollar is less than the least unit there.
    ['of gold bars', { code: 'BAR', scale: 3 }, 1n, 50_000_000n, '3'],
    ['of what is worth little', { code: 'SHIB', scale: 3 }, 100n, 1n, '123456.789'],
  ])('finds out about an asset %s', async (_, asset, numerator, denominator, deliver) => {
    const w = world({ asset, rate: { numerator, denominator } });
    const outcome = await w.pay({ deliver });
    expect([outcome.delivered >= parseAmount(deliver, asset), outcome.error]).toEqual([
      true,
      undefined,
    ]);
  });

  it('refuses an amount that is meant in another asset, before any money moves', async () => {
    const w = world();
    for (const amount of [
      { deliver: '1', asset: 'GBP' },
      { send: '1', asset: 'EUR' },
    ]) {
      await expect(w.pay(amount)).rejects.toMatchObject({ code: 'WRONG_ASSET' });
    }
    await expect(w.pay({ deliver: '1.001' })).rejects.toMatchObject({ code: 'TOO_PRECISE' });
    expect(w.received()).toBe(0n);
  });

  it('holds a minimum rate that a person gave, in whole units', async () => {
    const w = world();
    const offer = await w.quote({ send: '100' }, { minRate: '0.9' });
    expect(offer.offer.minDelivery).toBe(9000n);
    await expect(w.pay({ send: '100' }, { minRate: '0.91' })).rejects.toMatchObject({
      code: 'RATE_TOO_LOW',
    });
    const same = world({
      asset: { code: 'USD', scale: 2 },
      rate: { numerator: 99n, denominator: 1_000_000n },
    });
    expect((await same.pay({ send: '1' }, { minRate: '0.99' })).delivered).toBe(99n);
    await expect(same.pay({ send: '1' }, { minRate: '1.01' })).rejects.toThrow(/above 1/);
    expect(w.received()).toBe(0n);
  });

  it('asks before it pays, with quote and hosts at hand', async () => {
    const w = world();
    const confirm = vi.fn(() => false);
    await expect(w.pay({ send: '1' }, { confirm })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(confirm).toHaveBeenCalledWith(
      expect.objectContaining({
        details: expect.objectContaining({ host: 'wallet.example' }) as unknown,
        offer: expect.objectContaining({ expectedDelivery: 90n }) as unknown,
      }),
    );
    expect(w.received()).toBe(0n);
  });

  it('pays what is due of an invoice', async () => {
    const invoice = { amount: 1999n, asset: EUR };
    const w = world({ push: () => ({ balance: 536n, invoice }), limit: () => 1463n });
    expect((await w.pay({ due: true })).delivered).toBe(1463n);
    const paid = world({ push: () => ({ balance: 1999n, invoice }) });
    await expect(paid.pay({ due: true })).rejects.toMatchObject({ code: 'NOTHING_DUE' });
    await expect(world().pay({ due: true })).rejects.toMatchObject({ code: 'NOTHING_DUE' });
  });

  it('pays an invoice of less than a unit of ours', async () => {
    const fine = { asset: { code: 'EUR', scale: 6 }, rate: { numerator: 9n, denominator: 10n } };
    const w = world({ limit: () => 200_000n, ...fine });
    expect((await w.pay({ deliver: '0.20' })).delivered).toBe(200_000n);
  });

  it('ends in order when it is cancelled, and says what was paid', async () => {
    const w = world({ maxPacketAmount: 100_000n });
    const controller = new AbortController();
    const outcome = await w.pay(
      { send: '100' },
      {
        signal: controller.signal,
        onProgress: ({ fulfilledPackets }) => {
          if (fulfilledPackets === 5) controller.abort();
        },
      },
    );
    expect(outcome.error?.code).toBe('CANCELLED');
    expect(outcome.delivered).toBe(w.received());
    expect(outcome.connections).toBe(1);
  });
});

describe('connections that end', () => {
  it('are replaced by a new query when kept details have expired (RFC 0009)', async () => {
    const w = world({ maxAgeSeconds: 3600, expiresInMs: 60_000 });
    const options = { reuseDetails: true };
    await w.pay({ send: '1' }, options);
    await w.pay({ send: '1' }, options);
    expect(w.queries).toHaveLength(1);
    await w.clock.advance(60_000);
    expect((await w.pay({ send: '1' }, options)).delivered).toBe(90n);
    expect(w.queries).toHaveLength(2);
  });

  it('are of their own for each quote unless the caller says otherwise', async () => {
    const w = world({ maxAgeSeconds: 3600 });
    await w.pay({ send: '1' });
    await w.pay({ send: '1' });
    expect(w.queries).toHaveLength(2);
  });

  it.each<[string, SpspAmount, bigint]>([
    ['spends', { send: '100' }, 90_000_000n],
    ['delivers', { deliver: '90' }, 90_000_000n],
  ])(
    'are replaced in the middle of a payment, which %s as much as it should',
    async (_, amount, delivered) => {
      let accepted = 0;
      const w = world({
        asset: { code: 'EUR', scale: 6 },
        rate: { numerator: 9n, denominator: 10n },
        maxPacketAmount: 5_000_000n,
        receiver: {
          // Closes each connection after eight packets.
          onMoney: () => (++accepted % 9 === 0 ? { decline: 'final', reason: 'enough' } : 'accept'),
        },
      });
      const progress: bigint[] = [];
      const outcome = await w.pay(amount, {
        maxReconnects: 5,
        onProgress: ({ sent }) => progress.push(sent),
      });
      expect(outcome.error).toBeUndefined();
      expect(outcome.connections).toBeGreaterThan(1);
      expect(w.queries).toHaveLength(outcome.connections);
      expect(outcome.delivered).toBeGreaterThanOrEqual((delivered * 99n) / 100n);
      expect(w.received()).toBe(outcome.delivered);
      expect(outcome.packets.fulfilledAmounts.reduce((sum, each) => sum + each, 0n)).toBe(
        outcome.sent,
      );
      expect(progress).toEqual(progress.toSorted((a, b) => Number(a - b)));
      expect(outcome.sent).toBeLessThanOrEqual(101_000_000n);
    },
  );

  it('are not replaced without end', async () => {
    const w = world({ receiver: { onMoney: () => ({ decline: 'final' }) } });
    const outcome = await w.pay({ send: '1' });
    expect(outcome).toMatchObject({ sent: 0n, connections: 3, error: { code: 'RECEIVER_CLOSED' } });
  });

  it('are not replaced where the state of the payment is saved, which is that of one connection', async () => {
    const w = world({ receiver: { onMoney: () => ({ decline: 'final' }) } });
    const outcome = await w.pay({ send: '1' }, { maxReconnects: 5, save: () => Promise.resolve() });
    expect(outcome).toMatchObject({ connections: 1, error: { code: 'RECEIVER_CLOSED' } });
    expect(w.queries).toHaveLength(1);
  });

  it('are not replaced where the rest would break what was quoted', async () => {
    let accepted = 0;
    const w = world({
      maxPacketAmount: 5_000_000n,
      limit: () => {
        // The path gets worse between the connections.
        if (accepted > 0) w.connector.settings.rate = { numerator: 8n, denominator: 100_000n };
        return undefined;
      },
      receiver: { onMoney: () => (++accepted < 5 ? 'accept' : { decline: 'final' }) },
    });
    const outcome = await w.pay({ send: '100' });
    expect(outcome).toMatchObject({ connections: 1, error: { code: 'RECEIVER_CLOSED' } });
    expect([w.queries.length, w.received()]).toEqual([2, outcome.delivered]);
  });
});
