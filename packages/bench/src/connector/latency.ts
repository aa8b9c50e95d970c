/** What a hop adds to the time of a packet at half of the load that it can carry. */
import type { Bench, Path } from './btp.js';

const SECONDS = 5;
const GOAL_MS = 5;
/** A machine that stands still for a moment must not end the run: BTP allows so many requests and no more. */
const MOST_UNDER_WAY = 1500;

/** Sends at an even rate, whatever comes back, and prints the percentiles of both paths. */
export async function runLatency(
  bench: Bench,
  relay: Path,
  ours: Path,
  maximum: number,
): Promise<void> {
  const rate = Math.round(maximum / 2);
  console.log(`Latency at half of the load, ${rate.toLocaleString('en')} packets/s`);
  const worst: number[] = [];
  for (const path of [relay, ours]) {
    const times = await open(bench, path, rate);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? NaN;
    worst.push(at(0.99));
    console.log(
      `  ${path.name.padEnd(16)} median ${at(0.5).toFixed(2)} ms  99th percentile ${at(0.99).toFixed(2)} ms`,
    );
  }
  const added = (worst[1] ?? NaN) - (worst[0] ?? NaN);
  console.log(
    `  ours adds ${added.toFixed(2)} ms to the relay's 99th percentile, ` +
      `${worst[1]?.toFixed(2)} ms in all with sender and receiver (goal below ${GOAL_MS})`,
  );
}

/** Milliseconds of each packet, sorted. */
async function open(bench: Bench, path: Path, rate: number): Promise<number[]> {
  bench.traffic.renew();
  const times: number[] = [];
  let underWay = 0;
  const start = performance.now();
  let sent = 0;
  while (sent < rate * SECONDS) {
    const due = Math.min(rate * SECONDS, Math.floor(((performance.now() - start) / 1000) * rate));
    for (; sent < due && underWay < MOST_UNDER_WAY; sent++) {
      const at = performance.now();
      underWay += 1;
      void path.client
        .send(bench.traffic.next(), { deadline: Date.now() + 30_000 })
        .then(() => times.push(performance.now() - at))
        .finally(() => {
          underWay -= 1;
        });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (underWay > 0) await new Promise((resolve) => setImmediate(resolve));
  return times.sort((a, b) => a - b);
}
