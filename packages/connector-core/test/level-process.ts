/**
 * A process of its own that moves money in a store until it is killed, and says after each step what has been moved: what it
 * said is acknowledged. Argument: the store's folder.
 */
import { writeSync } from 'node:fs';
import { isShortfall } from '../src/index.js';
import { LevelLedgerStore } from '../src/stores/level/index.js';

const IN_FLIGHT = 20;
const asset = { code: 'USD', scale: 9 };
const store = await LevelLedgerStore.open({ path: process.argv[2] ?? '' });
await store.openAccount('a', asset);
await store.openAccount('b', asset);

for (;;) {
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async (_, i) => {
      const amount = BigInt(i + 1);
      const entry = store.reserve({
        incoming: { account: 'a', amount },
        outgoing: { account: 'b', amount },
      });
      if (isShortfall(entry)) return;
      await store.commit(entry, { threshold: 5000n, settleTo: 0n, unit: 1n }, Date.now());
      writeSync(1, `${amount}\n`);
    }),
  );
}
