import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../src/environment.js';
import type { ProcessGroup, SharedTable } from '../src/index.js';
import type { RedisLedgerStore } from '../src/stores/redis/index.js';
import { RedisProxy } from './redis-proxy.js';
import { NO_REDIS, type RedisServer } from './redis-server.js';
import { RedisWorld } from './redis-world.js';

/** On a machine that does much else. */
const PATIENCE = { timeout: 20_000 };
const world = new RedisWorld();
afterAll(() => world.end());

const later = (): number => Date.now() + 20_000;
const octetsOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(NO_REDIS !== undefined)(`processes on one Redis ${NO_REDIS ?? ''}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await world.server('--appendonly', 'yes', '--appendfsync', 'always');
  });

  /** Processes of one operator; each may reach the server in its own way. */
  async function stores(...urls: string[]): Promise<RedisLedgerStore[]> {
    const prefix = world.prefix();
    return Promise.all(urls.map((url) => world.store({ url, prefix, lifetimeMs: 1000 })));
  }

  /** The first of them leads. */
  async function joined(...opened: RedisLedgerStore[]): Promise<ProcessGroup[]> {
    const groups: ProcessGroup[] = [];
    for (const store of opened) groups.push(await store.joinGroup());
    return groups;
  }

  async function groups(...urls: string[]): Promise<ProcessGroup[]> {
    return joined(...(await stores(...urls)));
  }

  async function tables(name: string, ...members: ProcessGroup[]): Promise<SharedTable[]> {
    return Promise.all(members.map((group) => group.openTable(name)));
  }

  function pair<T>([first, second]: readonly T[]): [T, T] {
    if (first === undefined || second === undefined) throw new Error('two were asked for');
    return [first, second];
  }

  it('see what each writes into a table, at once and when they come later', async () => {
    const members = await groups(server.url, server.url);
    const [mine, theirs] = pair(await tables('accounts', ...members));
    const seen: string[] = [];
    theirs.onChange((keys) => seen.push(...keys));
    expect(
      await mine.write(
        new Map([
          ['a', 'one'],
          ['b', 'two'],
        ]),
      ),
    ).toBe(true);
    expect(mine.get('a')).toBe('one');
    await expect
      .poll(() => [...theirs.entries()], PATIENCE)
      .toEqual([
        ['a', 'one'],
        ['b', 'two'],
      ]);
    expect(await theirs.write(new Map([['a', undefined]]))).toBe(true);
    await expect.poll(() => mine.size, PATIENCE).toBe(1);
    expect(seen).toEqual(['a', 'b', 'a']);
    const other = await members[0]?.openTable('others');
    expect(other?.size).toBe(0);
  });

  it('write where what they expect still holds, and only one of those who write at once does', async () => {
    const members = await groups(server.url, server.url);
    const both = await tables('accounts', ...members);
    const written = await Promise.all(
      both.map((table, i) =>
        table.write(new Map([['a', `by ${i}`]]), { expect: new Map([['a', undefined]]) }),
      ),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
    const text = `by ${written.indexOf(true)}`;
    for (const table of both) await expect.poll(() => table.get('a'), PATIENCE).toBe(text);
    const [first] = pair(both);
    expect(await first.write(new Map([['a', 'x']]), { expect: new Map([['a', 'other']]) })).toBe(
      false,
    );
    expect(await first.write(new Map([['a', 'x']]), { expect: new Map([['a', text]]) })).toBe(true);
  });

  it('have the same table after many changes by all of them', async () => {
    const prefix = world.prefix();
    const opened = [server.url, server.url].map((url) =>
      world.store({ url, prefix, lifetimeMs: 1000 }),
    );
    const members = await joined(...(await Promise.all(opened)));
    const both = await tables('routes', ...members);
    await Promise.all(
      both.flatMap((table, i) =>
        Array.from({ length: 200 }, (_, n) => table.write(new Map([[`k${n % 17}`, `${i}/${n}`]]))),
      ),
    );
    // Who opens a table reads what is in Redis.
    const [late] = await joined(await world.store({ url: server.url, prefix, lifetimeMs: 1000 }));
    const whole = Object.fromEntries((await late?.openTable('routes'))?.entries() ?? []);
    expect(Object.keys(whole)).toHaveLength(17);
    for (const table of both) {
      await expect.poll(() => Object.fromEntries(table.entries()), PATIENCE).toEqual(whole);
    }
  });

  it('are led by one, and by another when it leaves', async () => {
    const opened = await stores(server.url, server.url);
    const [first, second] = pair(await joined(...opened));
    expect([first.isLeader, second.isLeader]).toEqual([true, false]);
    expect(second.leader).toBe(first.processId);
    const told: boolean[] = [];
    second.onLead((isLeader) => told.push(isLeader));
    await opened[0]?.close();
    await expect.poll(() => second.isLeader, PATIENCE).toBe(true);
    expect(told).toEqual([true]);
    expect(first.isLeader).toBe(false);
  });

  it('are led by another when the leader is cut off, which then does not write as leader any more', async () => {
    const proxy = await RedisProxy.start(server, 'leader');
    const opened = await stores(proxy.url, server.url);
    const [first, second] = pair(await joined(...opened));
    const [mine] = pair(await tables('routes', first, second));
    expect(await mine.write(new Map([['g', '1']]), { asLeader: true })).toBe(true);
    proxy.down();
    await expect.poll(() => second.isLeader, PATIENCE).toBe(true);
    await expect.poll(() => first.isLeader, PATIENCE).toBe(false);
    await expect(mine.write(new Map([['g', '2']]))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const theirs = await second.openTable('routes');
    await theirs.write(new Map([['g', '3']]), { asLeader: true });
    proxy.up();
    await expect.poll(() => mine.get('g'), PATIENCE).toBe('3');
    expect(await mine.write(new Map([['g', '4']]), { asLeader: true })).toBe(false);
    expect(first.leader).toBe(second.processId);
    await opened[0]?.close();
    await proxy.stop();
  });

  it('go on with their tables when Redis was killed and is back', async () => {
    const members = await groups(server.url, server.url);
    const [mine, theirs] = pair(await tables('accounts', ...members));
    await mine.write(new Map([['a', '1']]));
    await server.kill();
    await server.start();
    const write = (): Promise<boolean> => mine.write(new Map([['a', '2']])).catch(() => false);
    await expect.poll(write, PATIENCE).toBe(true);
    await expect.poll(() => theirs.get('a'), PATIENCE).toBe('2');
  });

  it('keep what they have when Redis has lost everything', async () => {
    const own = await world.server();
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
    const store = await world.store({ url: own.url, lifetimeMs: 1000, logger });
    const group = await store.joinGroup();
    const table = await group.openTable('accounts');
    await table.write(new Map([['a', '1']]));
    await own.kill();
    await own.start();
    await expect.poll(() => errors.join(), PATIENCE).toContain('Redis has lost the store');
    expect(table.get('a')).toBe('1');
    await expect(table.write(new Map([['a', '2']]))).rejects.toThrow();
    await expect.poll(() => group.isLeader, PATIENCE).toBe(false);
  });

  it('ask each other, and hear what went wrong', async () => {
    const [first, second] = pair(await groups(server.url, server.url));
    second.answer('echo', (account, octets) => octetsOf(`${account} ${octets.length}`));
    second.answer('failing', () => {
      throw Object.assign(new Error('not today'), { sent: 'no' });
    });
    const ask = (topic: string, process = second.processId): Promise<Uint8Array> =>
      first.ask(process, { topic, account: 'alice', octets: new Uint8Array(40_000) }, later());
    expect(new TextDecoder().decode(await ask('echo'))).toBe('alice 40000');
    await expect(ask('failing')).rejects.toMatchObject({ sent: 'no', message: 'not today' });
    await expect(ask('unknown')).rejects.toMatchObject({ sent: 'no' });
    await expect(ask('echo', 'nobody')).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
      sent: 'no',
    });
    expect(await first.isThere(second.processId)).toBe(true);
    expect(await first.isThere('nobody')).toBe(false);
  });

  it('go on when somebody publishes what is no message', async () => {
    const prefix = world.prefix();
    const opened = [server.url, server.url].map((url) =>
      world.store({ url, prefix, lifetimeMs: 1000 }),
    );
    const members = await joined(...(await Promise.all(opened)));
    const [mine, theirs] = pair(await tables('accounts', ...members));
    const client = createClient({
      socket: { path: server.url.slice('unix://'.length), tls: false },
    });
    await client.connect();
    for (const text of ['', 'null', '["table"]', '["ask"]', '["reply",7]']) {
      expect(await client.publish(`${prefix}:group`, text)).toBe(2);
    }
    client.destroy();
    await mine.write(new Map([['a', '1']]));
    await expect.poll(() => theirs.get('a'), PATIENCE).toBe('1');
  });

  it('wait for an answer no longer than they said', async () => {
    const [first, second] = pair(await groups(server.url, server.url));
    second.answer('silence', () => new Promise(() => undefined));
    const question = { topic: 'silence', account: 'a', octets: new Uint8Array(1) };
    await expect(first.ask(second.processId, question, Date.now() + 50)).rejects.toMatchObject({
      code: 'TIMEOUT',
      sent: 'unknown',
    });
  });
});
