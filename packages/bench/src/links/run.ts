/**
 * Round trips per second over loopback with 100 in flight: our BTP client and server, beside a raw `ws` echo of the same
 * size and npm ilp-plugin-btp on both ends. Both ends run in one process, so a round trip counts the work of both; the
 * processor time of one is shown too, since other work on the machine disturbs it less.
 */
import { ours, peer, rawEcho, type Link } from './contenders.js';

const IN_FLIGHT = 100;
const ROUNDS = 9;
const ROUND_MS = 250;
/** An empty Prepare, one of STREAM, and the largest. */
const SIZES = [100, 1024, 32_768];

/** What is to be reached: of the raw echo, and times the peer. */
const GOAL_OF_RAW = 0.8;
const GOAL_OF_PEER = 2.5;

/** Of one contender. */
interface Figures {
  readonly perSecond: number;
  /** Processor time of a round trip, both ends, in microseconds. */
  readonly cpuMicros: number;
}

export async function run(): Promise<void> {
  const links = [await rawEcho(), await ours(), await peer()] as const;
  console.log(`BTP round trips, ${IN_FLIGHT} in flight, median of ${ROUNDS} rounds`);
  for (const size of SIZES) {
    const [raw, our, theirs] = await measure(links, new Uint8Array(size).fill(7));
    console.log(`${size} bytes`);
    for (const [link, { perSecond, cpuMicros }] of [
      [links[0], raw],
      [links[1], our],
      [links[2], theirs],
    ] as const) {
      const rate = Math.round(perSecond).toString().padStart(9);
      console.log(
        `  ${link.name.padEnd(18)} ${rate} /s  ${cpuMicros.toFixed(1).padStart(7)} µs cpu`,
      );
    }
    console.log(
      `  ours: ${ratio(our.perSecond, raw.perSecond)} of raw (goal ${GOAL_OF_RAW}), ` +
        `${ratio(our.perSecond, theirs.perSecond)} times the peer (goal ${GOAL_OF_PEER}); ` +
        `by cpu ${ratio(raw.cpuMicros, our.cpuMicros)} and ${ratio(theirs.cpuMicros, our.cpuMicros)}`,
    );
  }
  for (const link of links) await link.close();
}

function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}

type Three<T> = readonly [T, T, T];

/** The links in turns, so that a slow second of the machine hits all of them. */
async function measure(links: Three<Link>, octets: Uint8Array): Promise<Three<Figures>> {
  const totals = new Map<Link, number>();
  for (const link of links) {
    for (let i = 0; i < 5; i++) await link.run(octets, IN_FLIGHT, 2000);
    const { perSecond } = await timed(link, octets, 4000);
    totals.set(link, Math.max(1000, Math.round((perSecond * ROUND_MS) / 1000)));
  }
  const rounds = new Map<Link, Figures[]>(links.map((link) => [link, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const link of links) {
      rounds.get(link)?.push(await timed(link, octets, totals.get(link) ?? 1000));
    }
  }
  const figures = (link: Link): Figures => {
    const all = rounds.get(link) ?? [];
    return {
      perSecond: median(all.map(({ perSecond }) => perSecond)),
      cpuMicros: median(all.map(({ cpuMicros }) => cpuMicros)),
    };
  };
  return [figures(links[0]), figures(links[1]), figures(links[2])];
}

async function timed(link: Link, octets: Uint8Array, total: number): Promise<Figures> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await link.run(octets, IN_FLIGHT, total);
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (total / (performance.now() - start)) * 1000,
    cpuMicros: (user + system) / total,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
