/** The largest packet that a path lets through, as it changes during a payment. */
import { payQuote, quotePayment, type PaymentOutcome } from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { createWorld, fixedSource, type World } from './world.js';

interface Change {
  /** When, in milliseconds after the payment began. */
  readonly at: number;
  readonly maxPacketAmount: bigint | undefined;
}

/** Pays 6,000,000 units over a connector whose limit changes on the way. */
async function payThrough(
  amountTooLargeData: boolean,
  first: bigint,
  ...changes: Change[]
): Promise<{ world: World; outcome: PaymentOutcome }> {
  const world = createWorld({ connectors: [{}, { maxPacketAmount: first, amountTooLargeData }] });
  const amount = fixedSource(6_000_000n);
  const quote = await world.clock.runUntil(quotePayment({ ...world.options, amount }));
  for (const { at, maxPacketAmount } of changes) {
    world.clock.setTimeout(() => {
      Object.assign(world.connectors[1]!.settings, { maxPacketAmount });
    }, at);
  }
  return { world, outcome: await world.clock.runUntil(payQuote(quote)) };
}

describe.each([
  ['tells its limit', true],
  ['does not tell its limit', false],
])('a connector that %s', (_, isTold) => {
  it('is offered larger packets when it raises the limit', async () => {
    const { outcome, world } = await payThrough(isTold, 1_000n, {
      at: 500,
      maxPacketAmount: 50_000n,
    });
    expect(outcome).toMatchObject({ error: undefined, sent: 6_000_000n, delivered: 6_000_000n });
    const amounts = world.atSender.fulfilledAmounts();
    const largest = amounts.reduce((max, next) => (next > max ? next : max), 0n);
    expect(largest).toBeGreaterThan(30_000n);
    expect(largest).toBeLessThanOrEqual(50_000n);
    // 6,000 packets would be as many as before.
    expect(outcome.packets.fulfilled).toBeLessThan(4_000);
    expect(outcome.packets.rejected.F08).toBeLessThan(25);
  });

  it('is hardly ever offered more where the limit stays', async () => {
    const { outcome } = await payThrough(isTold, 1_000n);
    expect(outcome).toMatchObject({ error: undefined, sent: 6_000_000n });
    expect(outcome.packets.fulfilled).toBeLessThan(7_000);
    expect(outcome.packets.rejected.F08).toBeLessThan(10);
  });

  it('is sent everything, exactly once, while the limit goes up and down', async () => {
    const { outcome, world } = await payThrough(
      isTold,
      10_000n,
      { at: 150, maxPacketAmount: 900n },
      { at: 400, maxPacketAmount: 30_000n },
      { at: 900, maxPacketAmount: 2_000n },
      { at: 1_200, maxPacketAmount: undefined },
    );
    expect(outcome).toMatchObject({ error: undefined, sent: 6_000_000n, delivered: 6_000_000n });
    expect(world.atReceiver.total('fulfilled')).toBe(6_000_000n);
    // No more than a window is refused each time that the limit falls, and a few on the way up.
    expect(outcome.packets.rejected.F08).toBeLessThan(500);
  });
});
