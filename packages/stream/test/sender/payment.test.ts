import { describe, expect, it } from 'vitest';
import { payQuote, quotePayment } from '@pennyswitch/stream';
import { createWorld, XRP } from './world.js';

const fixedSource = (amount: bigint) => ({ type: 'fixed-source', amount }) as const;
const fixedDelivery = (amount: bigint) => ({ type: 'fixed-delivery', amount }) as const;

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
    expect(outcome.packets.fulfilledAmounts.reduce((a, b) => a + b)).toBe(10_000_000n);
    expect(outcome.packets.fulfilled).toBeGreaterThan(30);
    expect(clock.pendingTimers).toBe(0);
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
});
