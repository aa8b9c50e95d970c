/**
 * `npm run soak -- --minutes 10`: two peers send each other packets through a connector with a store on disk, as fast as they
 * can, while all three processes are killed and started again at random. In the end their books are compared, those of the
 * connector after one more kill. `--store redis --processes 4`: the same with several connectors on one Redis, which is killed too.
 *
 * @packageDocumentation
 */
import { parseArgs } from 'node:util';
import { hasRedis } from '../connector/redis.js';
import type { DirectionSums } from './check.js';
import { runSoak } from './run.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    store: { type: 'string', default: 'level' },
    processes: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const { store } = values;
const processes = Number(values.processes ?? (store === 'redis' ? 4 : 1));
if (store !== 'level' && store !== 'redis') throw new Error('--store is level or redis');
if (!Number.isInteger(processes) || processes < 1 || (store === 'level' && processes > 1)) {
  throw new Error('--processes is a whole number from 1; a store on disk has one');
}
if (store === 'redis' && !hasRedis()) throw new Error('there is no redis-server here');

console.log(
  `soak of ${minutes} minutes, ${processes} connector${processes === 1 ? '' : 's'}, store ${store}, ` +
    `seed ${values.seed}; kills come by the seed, packets do not`,
);
const end = Date.now() + minutes * 60_000;
const { directions, kills, books, faults, folder } = await runSoak({
  store,
  processes,
  seed: Number(values.seed),
  inFlight: 100,
  isOver: () => Date.now() >= end,
  calmMs: { from: 2000, to: 10_000 },
  deadMs: { from: 0, to: 1500 },
});
for (const [name, sums] of Object.entries(directions)) show(name, sums);
console.log(
  `killed: ${Object.entries(kills)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')}`,
);
console.log(`memory of the connector asked last: ${Math.round(books.residentBytes / 2 ** 20)} MiB`);
if (faults.length === 0) {
  console.log('the books agree');
} else {
  console.log(`${faults.length} faults; all records are in ${folder}`);
  process.exitCode = 1;
}

function show(name: string, sums: DirectionSums): void {
  const perSecond = Math.round(sums.fulfilled / (minutes * 60));
  console.log(
    `${name}: ${sums.packets} packets, ${sums.fulfilled} fulfilled (${perSecond} a second)`,
  );
  console.log(`  proved to the sender    ${sums.proved}`);
  console.log(`  booked by the connector ${sums.booked}`);
  console.log(`  taken by the receiver   ${sums.received}`);
  console.log(
    `  fulfilled, not booked: ${sums.reconcilable} kept for reconciliation, at most ${sums.unknown} cut off by a kill`,
  );
  for (const fault of sums.faults.slice(0, 20)) console.log(`  FAULT ${fault}`);
}
