/**
 * Round trips per second over loopback with 100 in flight: our BTP client and server, beside a raw `ws` echo of the same
 * size and npm ilp-plugin-btp on both ends. Both ends run in one process, so a round trip counts the work of both; the
 * processor time of one is shown too, since other work on the machine disturbs it less.
 */
import { ours, peer, rawEcho } from './contenders.js';
import { measureInTurns, ratio, row } from './turns.js';

const TURNS = { inFlight: 100, rounds: 9, roundMs: 250, warmUp: 10_000 };
/** An empty Prepare, one of STREAM, and the largest. */
const SIZES = [100, 1024, 32_768];

/** What is to be reached: of the raw echo, and times the peer. */
const GOAL_OF_RAW = 0.8;
const GOAL_OF_PEER = 2.5;

export async function run(): Promise<void> {
  const links = [await rawEcho(), await ours(), await peer()] as const;
  console.log(`BTP round trips, ${TURNS.inFlight} in flight, median of ${TURNS.rounds} rounds`);
  for (const size of SIZES) {
    const octets = new Uint8Array(size).fill(7);
    const [raw, our, theirs] = await measureInTurns(links, octets, TURNS);
    console.log(`${size} bytes`);
    console.log(row(links[0], raw));
    console.log(row(links[1], our));
    console.log(row(links[2], theirs));
    console.log(
      `  ours: ${ratio(our.perSecond, raw.perSecond)} of raw (goal ${GOAL_OF_RAW}), ` +
        `${ratio(our.perSecond, theirs.perSecond)} times the peer (goal ${GOAL_OF_PEER}); ` +
        `by cpu ${ratio(raw.cpuMicros, our.cpuMicros)} and ${ratio(theirs.cpuMicros, our.cpuMicros)}`,
    );
  }
  for (const link of links) await link.close();
}
