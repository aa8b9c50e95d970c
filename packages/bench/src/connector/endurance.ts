/** Ten million packets through one connector: `npm run bench -- connector-endurance`. Its memory must stay where it is. */
import { heapUsed } from './heap.js';
import { ours } from './ours.js';
import { drive, Traffic } from './traffic.js';

const PACKETS = 10_000_000;
const STEP = 1_000_000;
const CHUNK = 100_000;
const IN_FLIGHT = 1000;
/** Of heap between the first million and the last: noise of the engine, not a leak of a byte per packet. */
const GOAL_KIB = 512;
const KIB = 1024;

export async function run(): Promise<void> {
  const traffic = new Traffic(1_000_000n);
  const connector = await ours((prepare) => Promise.resolve(traffic.answer(prepare)));
  console.log('packets through one connector, heap after collection, resident set');
  const heaps: number[] = [];
  for (let done = 0; done < PACKETS; done += STEP) {
    for (let i = 0; i < STEP; i += CHUNK) {
      traffic.renew();
      await drive(traffic, CHUNK, IN_FLIGHT, connector.handle);
    }
    heaps.push(heapUsed());
    const heap = ((heaps.at(-1) ?? 0) / KIB).toFixed(0).padStart(7);
    const resident = (process.memoryUsage.rss() / KIB / KIB).toFixed(0).padStart(5);
    console.log(`  ${(done + STEP).toLocaleString('en').padStart(10)} ${heap} KiB ${resident} MiB`);
  }
  await connector.stop();
  const grown = ((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)) / KIB;
  console.log(
    `  grown by ${grown.toFixed(0)} KiB since the first million (goal at most ${GOAL_KIB})`,
  );
  if (grown > GOAL_KIB) process.exitCode = 1;
}
