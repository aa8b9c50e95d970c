import { decodePrepare } from '@pennyswitch/ilp-packet';
import { payQuote, quotePayment, type PaymentProgress } from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { createWorld, fixedDelivery, fixedSource, USD, XRP } from './world.js';

describe('a payment', () => {
  it('sends exactly the source amount in many packets under a limit that F08 tells', async () => {
    const world = createWorld({
      connectors: [
        { rate: { numerator: 92n, denominator: 100n } },
        { rate: { numerator: 1998n * 1000n, denominator: 1000n }, maxPacketAmount: 300_000n },
      ],
      asset: XRP,
    });
    const { clock } = world;
    const quote = await clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(10_000_000n) }),
    );
    expect(quote.destinationAsset).toEqual(XRP);
    expect(quote.maxSource).toBe(10_000_000n);
    expect(world.received).toEqual([]);
    const outcome = await clock.runUntil(payQuote(quote));
    expect(outcome.error).toBeUndefined();
    expect(outcome.sent).toBe(10_000_000n);
    expect(outcome.delivered).toBe(world.atReceiver.total('fulfilled'));
    expect(outcome.delivered).toBeGreaterThanOrEqual(quote.minDelivery);
    expect(outcome.packets.fulfilledAmounts).toEqual(
      world.atSender.fulfilledAmounts().filter((amount) => amount > 0n),
    );
    expect(outcome.packets.fulfilled).toBeGreaterThan(30);
  });

  it('delivers exactly a fixed amount, and says before what it costs at most', async () => {
    const world = createWorld({
      connectors: [{ rate: { numerator: 3n, denominator: 7n }, maxPacketAmount: 5_000n }],
    });
    const { clock } = world;
    const quote = await clock.runUntil(
      quotePayment({ ...world.options, amount: fixedDelivery(123_456n) }),
    );
    const outcome = await clock.runUntil(payQuote(quote));
    expect(outcome.error).toBeUndefined();
    expect(outcome.delivered).toBe(123_456n);
    expect(world.atReceiver.total('fulfilled')).toBe(123_456n);
    expect(outcome.sent).toBeLessThanOrEqual(quote.maxSource);
    expect(quote.expectedSource).toBe((123_456n * 7n + 2n) / 3n);
  });

  it('goes through without any slippage at a rate of 1 and at one that rounds', async () => {
    for (const [numerator, denominator] of [
      [1n, 1n],
      [9n, 10n],
      [1n, 1000n],
      [1000n, 1n],
      [7n, 3n],
    ] as const) {
      const world = createWorld({
        connectors: [{ rate: { numerator, denominator }, maxPacketAmount: 7_777n }],
      });
      const quote = await world.clock.runUntil(
        quotePayment({ ...world.options, amount: fixedSource(100_000n), slippage: '0' }),
      );
      const outcome = await world.clock.runUntil(payQuote(quote));
      expect(outcome.error, `at ${numerator}/${denominator}`).toBeUndefined();
      expect(outcome.sent).toBe(100_000n);
      expect(outcome.delivered).toBeGreaterThanOrEqual(quote.minDelivery);
    }
  });

  it('finds the packet size where F08 does not tell it', async () => {
    const world = createWorld({
      connectors: [{ maxPacketAmount: 12_345n, amountTooLargeData: false }],
    });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
    );
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    // At least seven eighths of the largest packet are used in the end.
    expect(Math.max(...outcome.packets.fulfilledAmounts.map(Number))).toBeGreaterThan(10_800);
    expect(outcome.packets.rejected.F08 ?? 0).toBeLessThan(40);
  });

  it('gets through connectors that lack liquidity for the whole of it', async () => {
    const world = createWorld({ connectors: [{ liquidity: 30_000n, maxPacketAmount: 10_000n }] });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
    );
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    expect(outcome.packets.rejected.T04 ?? 0).toBeLessThan(outcome.packets.fulfilled);
  });

  it('has many packets in flight, and never more than its policy allows', async () => {
    const world = createWorld({
      connectors: [{ maxPacketAmount: 1_000n }],
      faults: { delayMs: 50 },
    });
    const quote = await world.clock.runUntil(
      quotePayment({
        ...world.options,
        amount: fixedSource(1_000_000n),
        policy: { maxPacketsInFlight: 40 },
      }),
    );
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome.packets.fulfilled).toBeGreaterThanOrEqual(1000);
    // 1000 packets one by one, at 200 ms each, would take 200 s; 40 at once take 5, and the window has to open first.
    expect(outcome.durationMs).toBeLessThan(7_000);
    expect(outcome.durationMs).toBeGreaterThan(5_000);
  });

  it('reports progress that only grows, and ends at the outcome', async () => {
    const world = createWorld({ connectors: [{ maxPacketAmount: 1_000n }] });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    const seen: PaymentProgress[] = [];
    const outcome = await world.clock.runUntil(
      payQuote(quote, { onProgress: (progress) => seen.push(progress) }),
    );
    const sent = seen.map((progress) => progress.sent);
    expect(sent).toEqual(sent.toSorted((a, b) => Number(a - b)));
    expect(seen.at(-1)).toMatchObject({
      sent: outcome.sent,
      delivered: outcome.delivered,
      inFlight: 0n,
      fulfilledPackets: outcome.packets.fulfilled,
    });
  });

  it('goes on when whoever watches it throws', async () => {
    const world = createWorld();
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    const onProgress = (): void => {
      throw new Error('a fault of the application');
    };
    const outcome = await world.clock.runUntil(payQuote(quote, { onProgress }));
    expect(outcome).toMatchObject({ error: undefined, sent: 50_000n });
  });

  it('leaves neither timer nor packet behind, and tells the receiver that the connection is over', async () => {
    const world = createWorld();
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    await world.clock.runUntil(payQuote(quote));
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.atSender.total('open')).toBe(0n);
    const last = world.atReceiver.packets.at(-1);
    expect(last).toMatchObject({ amount: 0n, outcome: 'fulfilled' });
  });

  it('can be paid once', async () => {
    const world = createWorld();
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    await world.clock.runUntil(payQuote(quote));
    const packets = world.atSender.packets.length;
    await expect(payQuote(quote)).rejects.toMatchObject({ code: 'QUOTE_USED' });
    expect(world.atSender.packets).toHaveLength(packets);
  });

  it('waits for a receiver that has not decided yet how much it takes', async () => {
    const world = createWorld({ asset: USD });
    const { clock } = world;
    const quote = await clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    expect(quote.receiveMax).toBeUndefined();
    const outcome = await clock.runUntil(payQuote(quote));
    expect(outcome.sent).toBe(50_000n);
  });
});

describe('probes', () => {
  it('look like money: other amounts each time, and as long on the wire', async () => {
    const amounts: string[] = [];
    for (const seed of [1, 2, 3]) {
      const lengths = new Map<boolean, Set<number>>();
      let isPaying = false;
      const world = createWorld({
        seed,
        connectors: [{ maxPacketAmount: 70_000n }],
        near: (path) => (bytes) => {
          const prepare = decodePrepare(bytes);
          if (prepare.amount > 30_000n) {
            const seen = lengths.get(isPaying) ?? new Set();
            lengths.set(isPaying, seen.add(prepare.data.length));
          }
          return path(bytes);
        },
      });
      const quote = await world.clock.runUntil(
        quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
      );
      amounts.push(world.atSender.packets.map(({ amount }) => amount).join(' '));
      isPaying = true;
      await world.clock.runUntil(payQuote(quote));
      expect(lengths.get(false)).toContain([...(lengths.get(true) ?? [])][0]);
    }
    expect(new Set(amounts).size).toBe(3);
  });

  it('move no money', async () => {
    const world = createWorld();
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
    );
    expect(world.atSender.total('fulfilled')).toBe(0n);
    await world.clock.runUntil(quote.close());
    expect(world.clock.pendingTimers).toBe(0);
  });
});
