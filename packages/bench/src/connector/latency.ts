/** What a hop adds to the time of a packet at half of the load that it can carry. */
import { PacketType } from '@pennyswitch/ilp-packet';
import type { Bench, Way } from './btp.js';
import { median } from './median.js';

const ROUNDS = 5;
const WARM_UP = 1;
const ROUND_SECONDS = 3;
const GOAL_MS = 5;
/** A machine that stands still for a moment must not end the run: BTP allows so many requests and no more. */
const MOST_UNDER_WAY = 1500;

/**
 * Sends at an even rate, whatever comes back, over each way in turn, and prints the medians of the rounds' percentiles.
 * @param ways without a hop, over the relay, and over our connector.
 */
export async function runLatency(
  bench: Bench,
  ways: readonly [direct: Way, relay: Way, ours: Way],
  maximum: number,
): Promise<void> {
  const rate = Math.round(maximum / 2);
  console.log(`Latency at half of the load, ${rate.toLocaleString('en')} packets/s`);
  const rounds = ways.map((): Percentiles[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [i, way] of ways.entries()) {
      const figures = percentilesOf(await open(bench, way, rate));
      if (round >= 0) rounds[i]?.push(figures);
    }
  }
  const worst = ways.map(({ name }, i) => {
    const of = (figure: (round: Percentiles) => number): number =>
      median((rounds[i] ?? []).map(figure));
    const [middle, high] = [of(({ p50 }) => p50), of(({ p99 }) => p99)];
    console.log(
      `  ${name.padEnd(16)} median ${middle.toFixed(2)} ms  99th percentile ${high.toFixed(2)} ms`,
    );
    return high;
  });
  const [direct = NaN, relay = NaN, ours = NaN] = worst;
  console.log(
    `  our hop adds ${(ours - direct).toFixed(2)} ms to the 99th percentile without a hop (goal below ${GOAL_MS}), ` +
      `${(ours - relay).toFixed(2)} ms to the relay's`,
  );
}

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

function percentilesOf(sorted: readonly number[]): Percentiles {
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Milliseconds of each packet from when it was due, sorted: a sender that comes late does not make the way look faster. */
async function open(bench: Bench, way: Way, rate: number): Promise<number[]> {
  bench.traffic.renew();
  const times: number[] = [];
  const failures: unknown[] = [];
  let underWay = 0;
  let sent = 0;
  const total = rate * ROUND_SECONDS;
  const start = performance.now();
  const send = async (dueAt: number): Promise<void> => {
    underWay += 1;
    try {
      const reply = await way.client.send(bench.traffic.next(), { deadline: Date.now() + 30_000 });
      if (reply[0] !== PacketType.fulfill) throw new Error('not a Fulfill');
      times.push(performance.now() - dueAt);
    } catch (error) {
      failures.push(error);
    } finally {
      underWay -= 1;
    }
  };
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate));
    for (; sent < due && underWay < MOST_UNDER_WAY; sent++) {
      void send(start + ((sent + 1) / rate) * 1000);
    }
    await pause();
  }
  while (underWay > 0) await pause();
  if (failures.length > 0) throw failures[0];
  return times.sort((a, b) => a - b);
}

/**
 * Until the next millisecond. The processor is left alone meanwhile: a sender that spins takes a whole core from the hop,
 * whose garbage collector works in threads of its own, and measures the machine's scheduler in place of the hop.
 */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
