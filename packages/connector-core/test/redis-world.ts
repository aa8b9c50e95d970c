/** What tests of several stores on one server need. */
import { isShortfall, type LedgerStore } from '../src/index.js';
import { RedisLedgerStore, type RedisLedgerStoreOptions } from '../src/stores/redis/index.js';
import { RedisServer } from './redis-server.js';

export const USD = { code: 'USD', scale: 9 };

/** Servers and stores that end with the test. */
export class RedisWorld {
  readonly #stores: RedisLedgerStore[] = [];
  readonly #servers: RedisServer[] = [];
  #count = 0;

  async server(...config: string[]): Promise<RedisServer> {
    const server = await RedisServer.start(...config);
    this.#servers.push(server);
    return server;
  }

  /** Of a pair that replicates. */
  async serverOnPort(...config: string[]): ReturnType<typeof RedisServer.startOnPort> {
    const server = await RedisServer.startOnPort(...config);
    this.#servers.push(server);
    return server;
  }

  prefix(): string {
    return `{test${++this.#count}}`;
  }

  /** A store with the accounts `a` and `b`, patient unless a time is given: the machine may do much else. */
  async store(options: RedisLedgerStoreOptions): Promise<RedisLedgerStore> {
    const store = await RedisLedgerStore.open({ timeoutMs: 20_000, ...options });
    this.#stores.push(store);
    await store.openAccount('a', USD);
    await store.openAccount('b', USD);
    return store;
  }

  async end(): Promise<void> {
    for (const server of this.#servers) await server.start().catch(() => undefined);
    await Promise.all(this.#stores.map((store) => store.close()));
    await Promise.all(this.#servers.map((server) => server.remove()));
  }
}

/** Moves an amount from `a` to `b`, as a fulfilled packet does. */
export async function move(store: LedgerStore, amount: bigint): Promise<void> {
  const entry = await store.reserve({
    incoming: { account: 'a', amount },
    outgoing: { account: 'b', amount },
  });
  if (isShortfall(entry)) throw new Error('shortfall');
  await store.commit(entry, undefined, 0);
}

/** What has moved from `a` to `b`; both books must say the same, and nothing must be held but `held`. */
export async function moved(store: LedgerStore, held = 0n): Promise<bigint> {
  const [a, b] = [await store.balance('a'), await store.balance('b')];
  if (a.clearedIncoming !== b.clearedOutgoing) {
    throw new Error(`${a.clearedIncoming} in, but ${b.clearedOutgoing} out`);
  }
  if (a.heldIncoming !== held || b.heldOutgoing !== held) {
    throw new Error(`held: ${a.heldIncoming} in, ${b.heldOutgoing} out, not ${held}`);
  }
  return a.clearedIncoming;
}
