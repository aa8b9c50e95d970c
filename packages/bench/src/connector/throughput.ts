/** Packets per second through a hop between two BTP peers. */
import type { Bench, Figures, Path } from './btp.js';

const IN_FLIGHT = 100;
const ROUND_PACKETS = 10_000;

/** What is to be reached of the blind relay and times the peer, and what would be better still. */
const GOAL_OF_RELAY = 0.5;
const STRETCH_OF_RELAY = 0.6;
const GOAL_OF_PEER = 3.5;
const STRETCH_OF_PEER = 4;

/** Compares and prints. @returns the connector's packets per second. */
export async function runThroughput(
  bench: Bench,
  relay: Path,
  ours: Path,
  peer: Path,
): Promise<number> {
  console.log(`Between two BTP peers on loopback, ${IN_FLIGHT} in flight, memory store`);
  const [blind, connector, theirs] = (await bench.compare(
    [relay, ours, peer],
    ROUND_PACKETS,
    IN_FLIGHT,
  )) as [Figures, Figures, Figures];
  show(relay.name, blind);
  show(ours.name, connector);
  show(peer.name, theirs);
  const ratio = connector.perSecond / blind.perSecond;
  const times = connector.perSecond / theirs.perSecond;
  const byCpu = blind.cpuMicros / connector.cpuMicros;
  console.log(
    `  ours: ${ratio.toFixed(2)} of the relay (goal ${GOAL_OF_RELAY}, stretch ${STRETCH_OF_RELAY}); ` +
      `by the hop's processor time ${byCpu.toFixed(2)}; ${times.toFixed(1)} times ilp-connector ` +
      `(goal ${GOAL_OF_PEER}, stretch ${STRETCH_OF_PEER})`,
  );
  if (ratio < GOAL_OF_RELAY || times < GOAL_OF_PEER) process.exitCode = 1;
  return connector.perSecond;
}

/** One line of figures. */
export function show(name: string, { perSecond, cpuMicros }: Figures): void {
  const rate = Math.round(perSecond).toLocaleString('en').padStart(8);
  console.log(
    `  ${name.padEnd(16)} ${rate} packets/s  ${cpuMicros.toFixed(1).padStart(6)} µs of the hop`,
  );
}
