/**
 * A process of its own that moves money in a Redis store until it is killed, and says after each step what has been moved: what it
 * said is acknowledged. Arguments: the server's URL, the prefix, and how many packets it holds and never ends, how many
 * replicas must have each step.
 */
import { writeSync } from 'node:fs';
import { RedisLedgerStore } from '../src/stores/redis/index.js';

const IN_FLIGHT = 20;
const asset = { code: 'USD', scale: 9 };
const [url = '', prefix = '', stuck = '0', replicas = '0'] = process.argv.slice(2);
const store = await RedisLedgerStore.open({
  url,
  prefix,
  timeoutMs: 30_000,
  replicas: Number(replicas),
});
await store.openAccount('a', asset);
await store.openAccount('b', asset);

for (let i = 1; i <= Number(stuck); i++) {
  const condition = new Uint8Array(32).fill(i);
  await store.reserve({
    incoming: { account: 'a', amount: BigInt(i) },
    outgoing: { account: 'b', amount: BigInt(i) },
    condition,
    expiresAt: 1000 + i,
  });
}
for (;;) {
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async (_, i) => {
      const amount = BigInt(i + 1);
      const entry = await store.reserve({
        incoming: { account: 'a', amount },
        outgoing: { account: 'b', amount },
      });
      if ('shortfall' in entry) return;
      await store.commit(entry, { threshold: 5000n, settleTo: 0n, unit: 1n }, Date.now());
      writeSync(1, `${amount}\n`);
    }),
  );
}
