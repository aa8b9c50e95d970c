import { seededRandom } from '@pennyswitch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isShortfall, type LedgerEntry, type LedgerStore, type NewEntry } from '../src/index.js';
import { RedisProxy } from './redis-proxy.js';
import { NO_REDIS, type RedisServer } from './redis-server.js';
import { ask, both, held, killedProcess } from './redis-work.js';
import { move, moved, RedisWorld } from './redis-world.js';

/** On a machine that does much else. */
const PATIENCE = { timeout: 10_000 };
const world = new RedisWorld();
afterAll(() => world.end());

describe.skipIf(NO_REDIS !== undefined)(`several stores on one Redis ${NO_REDIS ?? ''}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await world.server();
  });

  it.each([2, 4])(
    'have what a plain sum has after random steps of %i at once, and no limit is passed',
    async (count) => {
      const random = seededRandom(count);
      const prefix = world.prefix();
      const stores = await Promise.all(
        Array.from({ length: count }, () => world.store({ url: server.url, prefix })),
      );
      const sums = { committed: 0n, held: 0n, refused: 0 };
      const limit = 40_000n;
      let seen = 0n;
      const work = async (store: LedgerStore): Promise<void> => {
        for (let i = 0; i < 60; i++) {
          const amount = BigInt(random.int(0, 900));
          const end = random.pick(['commit', 'commit', 'release', 'hold']);
          const entry = await store.reserve({
            incoming: { account: 'a', amount, limit },
            outgoing: { account: 'b', amount },
          });
          if (isShortfall(entry)) {
            sums.refused += 1;
            continue;
          }
          if (end === 'commit') await store.commit(entry, undefined, 0);
          if (end === 'release') await store.release(entry);
          if (end === 'commit') sums.committed += amount;
          if (end === 'hold') sums.held += amount;
          const { receivable, heldIncoming } = await store.balance('a');
          if (receivable + heldIncoming > seen) seen = receivable + heldIncoming;
        }
      };
      await Promise.all(stores.flatMap((store) => [work(store), work(store), work(store)]));
      for (const store of stores) expect(await moved(store, sums.held)).toBe(sums.committed);
      expect(seen).toBeLessThanOrEqual(limit);
      expect(sums.refused).toBeGreaterThan(0);
    },
  );

  it('share a limit of throughput and of packets (RFC 0018), and take nothing for what is refused', async () => {
    const prefix = world.prefix();
    const options = { url: server.url, prefix };
    const [one, two] = [await world.store(options), await world.store(options)];
    const throughput = { limit: 100n, periodMs: 3_600_000_000 };
    const packets = { limit: 3, periodMs: 3_600_000_000 };
    const leg = (amount: bigint): NewEntry => ({
      incoming: { account: 'a', amount, throughput, packets },
    });
    await held(one, leg(60n));
    expect(await two.reserve(leg(41n))).toEqual({ shortfall: 'incoming-throughput' });
    await held(two, leg(1n));
    await held(one, leg(1n));
    expect(await two.reserve(leg(1n))).toEqual({ shortfall: 'packets' });
    const out = { outgoing: { account: 'a', amount: 101n, throughput } };
    expect(await two.reserve(out)).toEqual({ shortfall: 'outgoing-throughput' });
  });

  it('refill a bucket with time', async () => {
    const store = await world.store({ url: server.url, prefix: world.prefix() });
    const throughput = { limit: 2n ** 64n, periodMs: 60_000 };
    const leg = (amount: bigint): NewEntry => ({ incoming: { account: 'a', amount, throughput } });
    await held(store, leg(2n ** 64n));
    expect(await store.reserve(leg(2n ** 64n))).toEqual({ shortfall: 'incoming-throughput' });
    // A sixtieth of a second's share.
    const part = 2n ** 64n / 3600n;
    await expect
      .poll(async () => isShortfall(await store.reserve(leg(part))), PATIENCE)
      .toBe(false);
  });

  it('answer many steps that wait at the same time by one round trip', async () => {
    const store = await world.store({ url: server.url, prefix: world.prefix() });
    const before = store.statistics()['round_trips_total'] ?? 0;
    await Promise.all(Array.from({ length: 500 }, () => move(store, 1n)));
    expect((store.statistics()['round_trips_total'] ?? 0) - before).toBeLessThanOrEqual(4);
    expect(await moved(store)).toBe(500n);
  });

  it.each(['request', 'reply'] as const)(
    'do a step once, although the connection breaks before its %s',
    async (kind) => {
      const proxy = await RedisProxy.start(server, `proxy-${kind}`);
      const prefix = world.prefix();
      const store = await world.store({ url: proxy.url, prefix });
      const other = await world.store({ url: server.url, prefix });
      const policy = { threshold: 50n, settleTo: 0n, unit: 1n };
      proxy.breakAt(kind);
      const entry = await held(store, both(70n));
      proxy.breakAt(kind);
      const due = await store.commit(entry, policy, 7);
      expect(due).toMatchObject({ account: 'b', amount: 70n });
      expect(await other.outbox(new Set(['b']))).toEqual([due]);
      expect(await moved(other)).toBe(70n);
      expect(store.statistics()).toMatchObject({ connections_total: 3 });
      await store.close();
      await proxy.stop();
    },
  );

  it('release what a killed process held, once, and keep it as lost packets', async () => {
    const prefix = world.prefix();
    const acknowledged = await killedProcess(server.url, prefix, 5, 400);
    const stores = await Promise.all(
      [1, 2].map(() => world.store({ url: server.url, prefix, lifetimeMs: 100 })),
    );
    const store = stores[0] as (typeof stores)[0];
    await expect.poll(async () => (await store.balance('a')).heldIncoming, PATIENCE).toBe(0n);
    const total = await moved(store);
    expect(total).toBeGreaterThanOrEqual(acknowledged);
    // At most what was on its way: 1 + 2 + … + 20.
    expect(total).toBeLessThanOrEqual(acknowledged + 210n);
    const lost = await store.lostPackets();
    const stuck = lost.filter(({ expiresAt }) => expiresAt > 0);
    expect(stuck.toSorted((a, b) => a.expiresAt - b.expiresAt)).toEqual(
      Array.from({ length: 5 }, (_, i) => ({
        account: 'b',
        amount: BigInt(i + 1),
        expiresAt: 1001 + i,
        lostAt: stuck[0]?.lostAt,
        condition: new Uint8Array(32).fill(i + 1),
      })),
    );
    const reaped = stores.map((each) => each.statistics()['holds_reaped_total'] ?? 0);
    expect(reaped.reduce((a, b) => a + b)).toBe(lost.length);
  }, 30_000);

  it('tell the settlements of a killed process to one of those that live', async () => {
    const prefix = world.prefix();
    // It settles at 5000 and never tells an engine.
    await killedProcess(server.url, prefix, 0, 1500);
    // Once or, while a machine is so busy that both take each other for dead, by either: engines know the key.
    const told: string[] = [];
    const stores = await Promise.all(
      [0, 1].map(async () => {
        const store = await world.store({ url: server.url, prefix, lifetimeMs: 100 });
        store.onUnsent(({ key }) => told.push(key));
        return store;
      }),
    );
    const left = (await stores[0]?.outbox(new Set(['b']))) ?? [];
    expect(left.length).toBeGreaterThan(0);
    await expect
      .poll(() => [...new Set(told)].toSorted(), PATIENCE)
      .toEqual(left.map(({ key }) => key).toSorted());
  }, 30_000);

  it('are told again what is held by one that was taken for dead: nothing is lost, and nothing counts twice', async () => {
    const prefix = world.prefix();
    // Silent for an hour, as a process that was stopped.
    const silent = await world.store({ url: server.url, prefix, lifetimeMs: 3_600_000 });
    const entries = [await held(silent, both(3n)), await held(silent, both(5n))];
    const hasty = await world.store({ url: server.url, prefix, lifetimeMs: 50 });
    await expect.poll(async () => (await hasty.balance('a')).heldIncoming, PATIENCE).toBe(0n);
    expect(await hasty.lostPackets()).toHaveLength(2);
    await silent.commit(entries[0] as LedgerEntry, undefined, 0);
    expect(await moved(hasty, 5n)).toBe(3n);
    expect(await hasty.lostPackets()).toEqual([]);
    await silent.release(entries[1] as LedgerEntry);
    expect(await moved(hasty)).toBe(3n);
  });

  it('do a step once, although its process was taken for dead before it heard that it is done', async () => {
    const proxy = await RedisProxy.start(server, 'proxy-dead');
    const prefix = world.prefix();
    const silent = await world.store({ url: proxy.url, prefix, lifetimeMs: 3_600_000 });
    const entry = await held(silent, both(3n));
    proxy.breakAt('reply', { staysDown: true });
    const committed = silent.commit(entry, { threshold: 1n, settleTo: 0n, unit: 1n }, 0);
    await expect.poll(() => proxy.isDown, PATIENCE).toBe(true);
    const hasty = await world.store({ url: server.url, prefix, lifetimeMs: 50 });
    await expect.poll(() => hasty.statistics()['processes'], PATIENCE).toBe(1);
    proxy.up();
    expect(await committed).toMatchObject({ account: 'b', amount: 3n });
    await move(silent, 5n);
    expect(await moved(hasty)).toBe(8n);
    expect((await hasty.outbox(new Set(['b']))).map(({ amount }) => amount)).toEqual([3n]);
    await silent.close();
    await proxy.stop();
  });

  it('do nothing more once Redis has lost everything, instead of starting from nothing', async () => {
    const lonely = await world.server();
    const store = await world.store({ url: lonely.url, prefix: world.prefix() });
    await move(store, 3n);
    await ask(lonely, 'FLUSHALL');
    await expect(move(store, 1n)).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
    await expect(store.balance('a')).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
  });

  it('refuse what a later version wrote, a server that evicts keys, and one that is not there', async () => {
    const prefix = world.prefix();
    await ask(server, 'HSET', `${prefix}:store`, 'id', 'x', 'format', '2');
    await expect(world.store({ url: server.url, prefix })).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
    });
    const forgetful = await world.server(
      '--maxmemory',
      '50mb',
      '--maxmemory-policy',
      'allkeys-lru',
    );
    await expect(world.store({ url: forgetful.url })).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
    });
    await expect(world.store({ url: `${server.url}-not` })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});
