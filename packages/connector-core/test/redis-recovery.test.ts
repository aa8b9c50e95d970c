import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_REDIS } from './redis-server.js';
import { both, held, killedProcess, traffic, type Traffic } from './redis-work.js';
import { move, moved, RedisWorld } from './redis-world.js';

const ALWAYS = ['--appendonly', 'yes', '--appendfsync', 'always'];
const EVERY_SECOND = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
/** On a machine that does much else. */
const PATIENCE = { timeout: 10_000 };
const world = new RedisWorld();
afterAll(() => world.end());

describe.skipIf(NO_REDIS !== undefined)(`when Redis dies ${NO_REDIS ?? ''}`, () => {
  it.each([
    ['always', ALWAYS],
    ['everysec', EVERY_SECOND],
  ] as const)(
    'in mid-traffic (appendfsync %s), packets are refused, and no step is lost or done twice',
    async (_name, config) => {
      const server = await world.server(...config);
      const options = { url: server.url, timeoutMs: 200 };
      const stores = [await world.store(options), await world.store(options)];
      const running = stores.map(traffic);
      const all = (count: (each: Traffic) => number, more: number): Promise<void> => {
        const before = running.map(count);
        return expect
          .poll(() => running.every((each, i) => count(each) > (before[i] ?? 0) + more), PATIENCE)
          .toBe(true);
      };
      for (let kill = 1; kill <= 3; kill++) {
        await all(({ moves }) => moves(), 30);
        await server.kill();
        await all(({ refusals }) => refusals(), 0);
        await server.start();
      }
      const sums = await Promise.all(running.map(({ stop }) => stop()));
      const decided = sums.reduce((sum, each) => sum + each.acknowledged + each.unknown, 0n);
      await expect
        .poll(() => stores.map((each) => each.statistics()['operations_pending']), PATIENCE)
        .toEqual([0, 0]);
      for (const store of stores) expect(await moved(store)).toBe(decided);
    },
    30_000,
  );

  it('or hangs, a packet is refused in time, and what is owed already is booked later', async () => {
    const server = await world.server();
    const store = await world.store({ url: server.url, timeoutMs: 100 });
    const entry = await held(store, both(5n));
    server.signal('SIGSTOP');
    await expect(store.commit(entry, undefined, 0)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(held(store, both(7n))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    server.signal('SIGCONT');
    await expect.poll(async () => moved(store).catch(() => -1n), PATIENCE).toBe(5n);
  });

  it('and comes back without its last second (everysec), living processes tell it again; of dead ones that second is lost, in both books', async () => {
    const server = await world.server(...EVERY_SECOND);
    const prefix = world.prefix();
    const store = await world.store({ url: server.url, prefix });
    const copy = join(server.folder, 'copy');
    const log = join(server.folder, 'appendonlydir');
    const before = await killedProcess(server.url, prefix, 0, 300);
    await move(store, 1_000_000n);
    // What the disk has: all until here. The rest is written, but was not synced.
    await cp(log, copy, { recursive: true });
    await move(store, 2_000_000n);
    const entry = await held(store, both(4_000_000n));
    await store.debit('b', 11n, 0);
    const after = await killedProcess(server.url, prefix, 0, 300);
    await server.kill();
    await rm(log, { recursive: true });
    await cp(copy, log, { recursive: true });
    await server.start();
    const hasty = await world.store({ url: server.url, prefix, lifetimeMs: 100 });
    await store.commit(entry, undefined, 0);
    await expect.poll(async () => (await hasty.balance('a')).heldIncoming, PATIENCE).toBe(0n);
    const total = (await moved(hasty)) - 7_000_000n;
    expect(total).toBeGreaterThanOrEqual(before);
    // The loss: what the dead process did in the last second, and no more.
    expect(total).toBeLessThanOrEqual(before + 210n);
    expect(after).toBeGreaterThan(0n);
    expect((await hasty.outbox(new Set(['b']))).map(({ amount }) => amount)).toContain(11n);
    expect(store.statistics()['batches_redone_total']).toBeGreaterThan(0);
  }, 30_000);
});
