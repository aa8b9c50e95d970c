import { IlpError, type IlpPrepare } from '@pennyswitch/ilp-packet';
import { DEFAULT_SENDER_POLICY, payQuote, quotePayment } from '@pennyswitch/stream';
import type { TinyConnectorSettings } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { createWorld, fixedSource } from './world.js';

const ONE_WAY_MS = 50;
const ROUND_TRIP_MS = 2 * ONE_WAY_MS;
const PACKET = 1_000_000n;

/**
 * What arrives per round trip in the 20 after the first 20 of a payment without end, by the books of the auditor.
 * @param narrowest what the second of three connectors allows, given the clock.
 */
async function arrivesPerRoundTrip(
  narrowest: (now: () => number) => Partial<TinyConnectorSettings>,
): Promise<number> {
  const world = createWorld({
    connectors: [{}, { maxPacketAmount: PACKET }, {}],
    // All of the way lies behind the connectors, so that they hold a packet for a whole round trip.
    faults: { delayMs: ONE_WAY_MS },
    faultySide: 'far',
  });
  const { clock } = world;
  const [, narrow] = world.connectors;
  Object.assign(
    narrow!.settings,
    narrowest(() => clock.now()),
  );
  const quote = await clock.runUntil(
    quotePayment({ ...world.options, amount: fixedSource(10n ** 15n) }),
  );
  const stop = new AbortController();
  const payment = payQuote(quote, { signal: stop.signal });
  await clock.advance(20 * ROUND_TRIP_MS);
  const before = world.atReceiver.total('fulfilled');
  await clock.advance(20 * ROUND_TRIP_MS);
  const arrived = world.atReceiver.total('fulfilled') - before;
  stop.abort();
  await clock.runUntil(payment);
  return Number(arrived) / 20;
}

/** Lets so much per second through, with a tenth of it at once, and answers the rest with an error. */
function bucket(
  perSecond: number,
  costOf: (prepare: IlpPrepare) => number,
  code: 'T04' | 'T05',
): (now: () => number) => Partial<TinyConnectorSettings> {
  return (now) => {
    let left = perSecond / 10;
    let at = now();
    return {
      veto: (prepare) => {
        left = Math.min(perSecond / 10, left + ((now() - at) * perSecond) / 1000);
        at = now();
        const cost = costOf(prepare);
        if (cost > left) return new IlpError(code, 'too fast');
        left -= cost;
        return undefined;
      },
    };
  };
}

describe('a payment over three connectors with 50 ms one way fills what there is within 20 round trips', () => {
  it.each([3, 10, 50])('of liquidity, for %i of the largest packets', async (packets) => {
    const liquidity = BigInt(packets) * PACKET;
    const arrived = await arrivesPerRoundTrip(() => ({ liquidity }));
    expect(arrived / Number(liquidity)).toBeGreaterThan(0.8);
  });

  it.each([50, 100, 200, 400])('of packets, %i per second (T05)', async (perSecond) => {
    const arrived = await arrivesPerRoundTrip(bucket(perSecond, () => 1, 'T05'));
    expect((arrived * 1000) / ROUND_TRIP_MS / Number(PACKET) / perSecond).toBeGreaterThan(0.8);
  });

  it.each([50, 200])(
    'of throughput, %i of the largest packets per second (T04)',
    async (packets) => {
      const perSecond = packets * Number(PACKET);
      const cost = (prepare: IlpPrepare): number => Number(prepare.amount);
      const arrived = await arrivesPerRoundTrip(bucket(perSecond, cost, 'T04'));
      expect((arrived * 1000) / ROUND_TRIP_MS / perSecond).toBeGreaterThan(0.8);
    },
  );

  it('of what its own policy allows in flight', async () => {
    const arrived = await arrivesPerRoundTrip(() => ({}));
    const allowed = DEFAULT_SENDER_POLICY.maxPacketsInFlight * Number(PACKET);
    expect(arrived / allowed).toBeGreaterThan(0.99);
  });
});
