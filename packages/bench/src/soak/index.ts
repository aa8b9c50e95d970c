/**
 * `npm run soak -- --minutes 10`: two peers send each other packets through a connector with a store on disk, as fast as they
 * can, while all three processes are killed and started again at random. In the end their books are compared, those of the
 * connector after one more kill.
 *
 * @packageDocumentation
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '@pennyswitch/testkit';
import { checkDirection, type DirectionSums } from './check.js';
import { SoakDirection } from './journal.js';
import type { SoakBooks } from './node.js';
import { PACKET_LIFETIME_MS, RATE } from './packet.js';
import { SoakProcess } from './process.js';

/** Between two kills, in milliseconds. */
const CALM_MS = { from: 2000, to: 10_000 };
/** How long what was killed stays dead, in milliseconds. */
const DEAD_MS = { from: 0, to: 1500 };

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const minutes = Number(values.minutes);
const random = seededRandom(Number(values.seed));
const between = ({ from, to }: typeof CALM_MS): number => random.int(from, to);

const folder = await mkdtemp(join(tmpdir(), 'pennyswitch-soak-'));
const port = await freePort();
const journalOf = (name: string): string => join(folder, `${name}.journal`);
const unreconciledPath = join(folder, 'unreconciled');

const node = new SoakProcess('./node.ts', () => [
  String(port),
  join(folder, 'books'),
  unreconciledPath,
]);
const peer = (name: string, other: string): SoakProcess =>
  new SoakProcess('./peer.ts', (life) => [
    name,
    other,
    String(port),
    journalOf(name),
    String(life),
  ]);
const alice = peer('alice', 'bob');
const bob = peer('bob', 'alice');

console.log(
  `soak of ${minutes} minutes, seed ${values.seed}; kills come by the seed, packets do not`,
);
await node.start();
await Promise.all([alice.start(), bob.start()]);

const victims = { connector: node, alice, bob };
const end = Date.now() + minutes * 60_000;
for (;;) {
  const calm = between(CALM_MS);
  if (Date.now() + calm >= end) break;
  await pause(calm);
  const name = random.pick(['connector', 'connector', 'alice', 'bob'] as const);
  await victims[name].kill();
  await pause(between(DEAD_MS));
  await victims[name].start();
}
await pause(Math.max(0, end - Date.now()));
const { residentBytes, syncs } = (await node.ask()) as SoakBooks;
await Promise.all([alice.ask(), bob.ask()]);
// What is still under way expires before the connector is asked.
await pause(PACKET_LIFETIME_MS);
await node.kill();
await node.start();
const { accounts } = (await node.ask()) as SoakBooks;
await Promise.all([node.kill(), alice.kill(), bob.kill()]);

const unreconciled = new Set((await readFile(unreconciledPath, 'utf8')).split('\n'));
const usd = { from: RATE.usd, to: RATE.eur };
const eur = { from: RATE.eur, to: RATE.usd };
let faults = 0;
faults += report('alice -> bob', await check('alice', 'bob', usd));
faults += report('bob -> alice', await check('bob', 'alice', eur));
console.log(
  `killed: connector ${node.killedAt.length} times, alice ${alice.killedAt.length}, bob ${bob.killedAt.length}`,
);
console.log(
  `connector's last life before the end: ${syncs} syncs, ${Math.round(residentBytes / 2 ** 20)} MiB`,
);
if (faults === 0) {
  console.log('the books agree');
  await rm(folder, { recursive: true });
} else {
  console.log(`${faults} faults; all records are in ${folder}`);
  process.exitCode = 1;
}

async function check(
  sender: string,
  receiver: string,
  conversion: { from: bigint; to: bigint },
): Promise<DirectionSums> {
  const direction = await SoakDirection.read(journalOf(sender), journalOf(receiver));
  const [incoming, outgoing] = [accounts[sender], accounts[receiver]];
  if (incoming === undefined || outgoing === undefined) throw new Error('an account is missing');
  return checkDirection(direction, incoming, outgoing, conversion, unreconciled, node.killedAt);
}

function report(name: string, sums: DirectionSums): number {
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
  return sums.faults.length;
}

/** The connector has the same port in all its lives. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}
