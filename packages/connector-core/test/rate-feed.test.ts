import { PacketType } from '@pennyswitch/ilp-packet';
import { seededRandom, VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { httpRateSource, RateFeed, type ConfiguredRates } from '../src/index.js';
import { between, EUR, USD } from './fixture.js';

const signal = new AbortController().signal;

function feed(source: () => ConfiguredRates | Promise<ConfiguredRates>): {
  clock: VirtualClock;
  rates: RateFeed;
  asked: number[];
} {
  const clock = new VirtualClock();
  const asked: number[] = [];
  const rates = new RateFeed({
    source: async () => {
      asked.push(clock.now());
      return source();
    },
    refreshMs: 60_000,
    staleAfterMs: 150_000,
    clock,
    randomBytes: seededRandom(1).bytes,
  });
  return { clock, rates, asked };
}

describe('a rate feed', () => {
  it('has no rates before the first answer, but for the same asset', () => {
    const { rates } = feed(() => ({}));
    expect(rates.rate(USD, EUR)).toBeUndefined();
    expect(rates.rate(USD, { ...USD, scale: 2 })).toBeDefined();
  });

  it('asks again and takes the new rates', async () => {
    let price = '2';
    const { clock, rates } = feed(() => ({ pairs: { 'USD/EUR': price } }));
    await rates.start();
    expect(rates.rate(USD, EUR)).toEqual({ numerator: 2n, denominator: 1n });
    price = '3';
    await clock.advance(60_000);
    expect(rates.rate(USD, EUR)).toEqual({ numerator: 3n, denominator: 1n });
    rates.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not wait for ever for a source that does not answer', async () => {
    const { clock, rates, asked } = feed(() => new Promise(() => undefined));
    const started = rates.start();
    await clock.advance(10_000);
    await started;
    await clock.advance(1000);
    expect(asked).toHaveLength(2);
  });

  it('keeps the last rates while the source fails, until they are stale', async () => {
    let fails = false;
    const { clock, rates, asked } = feed(() => {
      if (fails) throw new Error('away');
      return { pairs: { 'USD/EUR': '2' } };
    });
    await rates.start();
    fails = true;
    await clock.advance(150_000);
    expect(rates.rate(USD, EUR)).toBeDefined();
    await clock.advance(1);
    expect(rates.rate(USD, EUR)).toBeUndefined();
    expect(asked.length).toBeGreaterThan(4); // it asks more often while it fails
    fails = false;
    await clock.advance(60_000);
    expect(rates.rate(USD, EUR)).toBeDefined();
  });

  it('does not take rates for fresh because the clock was set back', async () => {
    const { clock, rates } = feed(() => ({ pairs: { 'USD/EUR': '2' } }));
    await rates.start();
    const now = clock.now();
    clock.now = () => now - 150_000;
    expect(rates.rate(USD, EUR)).toBeDefined();
    clock.now = () => now - 150_001;
    expect(rates.rate(USD, EUR)).toBeUndefined();
    rates.stop();
  });

  it('keeps the last rates when the source answers nonsense', async () => {
    let price = '2';
    const { clock, rates } = feed(() => ({ pairs: { 'USD/EUR': price } }));
    await rates.start();
    price = '-1';
    await clock.advance(60_000);
    expect(rates.rate(USD, EUR)).toEqual({ numerator: 2n, denominator: 1n });
  });

  it('counts the age of rates from the question, not from the answer', async () => {
    const slow: { clock?: VirtualClock } = {};
    const { clock, rates } = feed(async () => {
      await slow.clock?.sleep(100_000);
      return { pairs: { 'USD/EUR': '2' } };
    });
    slow.clock = clock;
    await clock.runUntil(rates.start());
    await clock.advance(50_001);
    expect(rates.rate(USD, EUR)).toBeUndefined();
  });
});

describe('a connector with rates that became stale', () => {
  it('rejects packets that need one with T00, and carries the others on', async () => {
    const { clock, rates } = feed(() => {
      if (clock.now() > start) throw new Error('away');
      return { pairs: { 'USD/EUR': '0.5' } };
    });
    const start = clock.now();
    await rates.start();
    const { world, connector, alice, bob } = await between({ rates });
    const carol = await world.peer(connector, { id: 'carol', relation: 'child', asset: USD });
    const toBob = { amount: 100n, destination: 'test.bob.1' };
    expect(await world.until(alice.send(toBob))).toMatchObject({ type: PacketType.fulfill });
    expect(bob.received[0]?.amount).toBe(50n);
    await clock.advance(150_001);
    expect(await world.until(alice.send(toBob))).toMatchObject({
      code: 'T00',
      message: 'no exchange rate is available.',
    });
    expect(bob.received).toHaveLength(1);
    const sameAsset = { amount: 100n, destination: 'test.b.carol' };
    expect(await world.until(alice.send(sameAsset))).toMatchObject({ type: PacketType.fulfill });
    expect(carol.received).toHaveLength(1);
    const nothing = { ...toBob, amount: 0n };
    expect(await world.until(alice.send(nothing))).toMatchObject({ type: PacketType.fulfill });
    rates.stop();
  });
});

describe('an HTTP rate source', () => {
  const source = (body: string, status = 200): ReturnType<typeof httpRateSource> =>
    httpRateSource('http://rates.example', () => Promise.resolve(new Response(body, { status })));

  it('reads pairs and prices, as strings or numbers', async () => {
    const body = '{"pairs":{"USD/EUR":"0.920000000000000000001"},"prices":{"XRP":0.5}}';
    expect(await source(body)(signal)).toEqual({
      pairs: { 'USD/EUR': '0.920000000000000000001' },
      prices: { XRP: '0.5' },
    });
  });

  it.each([
    ['an error', '{}', 500],
    ['no object', '[1', 200],
    ['null', 'null', 200],
    ['nothing of interest', '{"rates":{}}', 200],
    ['prices that are none', '{"prices":5}', 200],
  ])('refuses %s', async (_what, body, status) => {
    await expect(source(body, status)(signal)).rejects.toThrow();
  });
});
