import { afterAll, beforeAll, describe } from 'vitest';
import { RedisLedgerStore } from '../src/stores/redis/index.js';
import { describeLedgerStore } from './ledger-store.js';
import { NO_REDIS, RedisServer } from './redis-server.js';

let server: RedisServer;
let count = 0;
const opened: RedisLedgerStore[] = [];

/** A store of its own, if no prefix is given. */
async function open(prefix = `{test${++count}}`): Promise<RedisLedgerStore> {
  const store = await RedisLedgerStore.open({ url: server.url, prefix, timeoutMs: 20_000 });
  opened.push(store);
  return store;
}

describe.skipIf(NO_REDIS !== undefined)(`Redis${NO_REDIS ?? ''}`, () => {
  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await server.remove();
  });

  describeLedgerStore('the Redis store', () => open());
});
