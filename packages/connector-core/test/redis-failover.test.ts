import { afterAll, describe, expect, it } from 'vitest';
import { NO_REDIS } from './redis-server.js';
import { ask, both, held, killedProcess, traffic } from './redis-work.js';
import { move, moved, RedisWorld } from './redis-world.js';

/** On a machine that does much else. */
const PATIENCE = { timeout: 20_000 };
/** At most what a process of redis-process.ts had under way: 1 + 2 + … + 20. */
const UNDER_WAY = 210n;
const world = new RedisWorld();
afterAll(() => world.end());

type Server = Awaited<ReturnType<RedisWorld['serverOnPort']>>;

/** A master, and a replica that has all of it. */
async function pair(): Promise<{ master: Server; replica: Server }> {
  const master = await world.serverOnPort('--repl-diskless-sync-delay', '0');
  const replica = await world.serverOnPort('--repl-diskless-sync-delay', '0');
  await follow(replica, master);
  return { master, replica };
}

async function follow(replica: Server, master: Server): Promise<void> {
  await ask(replica, 'REPLICAOF', '127.0.0.1', master.port);
  const state = async (): Promise<unknown> => {
    const role = (await ask(replica, 'ROLE')) as unknown[];
    return role[3];
  };
  await expect.poll(state, PATIENCE).toBe('connected');
}

describe.skipIf(NO_REDIS !== undefined)(`with a replica ${NO_REDIS ?? ''}`, () => {
  it('nothing is acknowledged that the replica has not got: what a process did survives it and the master', async () => {
    const { master, replica } = await pair();
    const prefix = world.prefix();
    const acknowledged = await killedProcess(master.url, prefix, 3, 300, 1);
    await master.kill();
    await ask(replica, 'REPLICAOF', 'NO', 'ONE');
    const store = await world.store({ url: replica.url, prefix, lifetimeMs: 100 });
    await expect.poll(async () => (await store.balance('a')).heldIncoming, PATIENCE).toBe(0n);
    const total = await moved(store);
    expect(total).toBeGreaterThanOrEqual(acknowledged);
    expect(total).toBeLessThanOrEqual(acknowledged + UNDER_WAY);
    const stuck = (await store.lostPackets()).filter(({ expiresAt }) => expiresAt > 0);
    expect(stuck.map(({ amount }) => amount).toSorted()).toEqual([1n, 2n, 3n]);
  });

  it('processes find the new master by themselves, lose no step and do none twice', async () => {
    const { master, replica } = await pair();
    const options = { url: [master.url, replica.url], timeoutMs: 5000, replicas: 1 };
    const stores = [await world.store(options), await world.store(options)];
    const running = stores.map(traffic);
    const moves = (more: number): Promise<void> => {
      const before = running.map((each) => each.moves());
      return expect
        .poll(() => running.every((each, i) => each.moves() > (before[i] ?? 0) + more), PATIENCE)
        .toBe(true);
    };
    await moves(30);
    await master.kill();
    await ask(replica, 'REPLICAOF', 'NO', 'ONE');
    // Alone it acknowledges nothing; the old master comes back as its replica.
    master.configure('--replicaof', `127.0.0.1 ${replica.port}`);
    await master.start();
    await moves(30);
    const sums = await Promise.all(running.map(({ stop }) => stop()));
    await expect
      .poll(() => stores.map((each) => each.statistics()['operations_pending']), PATIENCE)
      .toEqual([0, 0]);
    const decided = sums.reduce((sum, each) => sum + each.acknowledged + each.unknown, 0n);
    for (const store of stores) expect(await moved(store)).toBe(decided);
  });

  it('too few replicas hold everything up: steps are refused in time, and what was decided is booked when there are enough', async () => {
    const { master, replica } = await pair();
    const store = await world.store({ url: master.url, replicas: 1, timeoutMs: 3000 });
    const entry = await held(store, both(5n));
    await replica.kill();
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await Promise.all([
      expect(store.commit(entry, undefined, 0)).rejects.toMatchObject(unavailable),
      expect(held(store, both(7n))).rejects.toMatchObject(unavailable),
    ]);
    replica.configure('--replicaof', `127.0.0.1 ${master.port}`);
    await replica.start();
    await expect.poll(() => moved(store).catch(() => -1n), PATIENCE).toBe(5n);
  });

  it('without WAIT, a replica that had not got the last steps is told them by the processes that live', async () => {
    const { master, replica } = await pair();
    const store = await world.store({ url: [master.url, replica.url] });
    await move(store, 3n);
    const offset = async (server: Server): Promise<number> =>
      Number(/master_repl_offset:(\d+)/.exec(String(await ask(server, 'INFO')))?.[1]);
    await expect
      .poll(async () => (await offset(replica)) >= (await offset(master)), PATIENCE)
      .toBe(true);
    // Promoted while the master still answers: what follows, it never gets.
    await ask(replica, 'REPLICAOF', 'NO', 'ONE');
    await move(store, 5n);
    const entry = await held(store, both(7n));
    await master.kill();
    await expect.poll(() => moved(store, 7n).catch(() => -1n), PATIENCE).toBe(8n);
    await store.commit(entry, undefined, 0);
    expect(await moved(store)).toBe(15n);
    expect(store.statistics()['batches_redone_total']).toBeGreaterThan(0);
  });
});
