/** Packets through one connector between links of this process, beside the working floor. */
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { floor } from './floor.js';
import { ours } from './ours.js';
import { FunctionPlugin, startPeer } from './peer.js';
import { median } from './median.js';
import { drive, Traffic } from './traffic.js';

const IN_FLIGHT = 100;
const ROUNDS = 15;
const ROUND_PACKETS = 10_000;
const WARM_UP = 5;
const AMOUNT = 1_000_000n;

/** What is to be reached of the floor and times the peer, and what would be better still. */
const GOAL = 0.6;
const STRETCH = 0.7;
const GOAL_OF_PEER = 3.5;
const STRETCH_OF_PEER = 6;

/** Does to packets what it is named for. */
interface Contender {
  readonly name: string;
  readonly handle: IlpPacketHandler;
}

/** Prints packets per second of processor time, medians of rounds that take turns. */
export async function runMemory(): Promise<void> {
  const traffic = new Traffic(AMOUNT);
  const answer: IlpPacketHandler = (prepare) => Promise.resolve(traffic.answer(prepare));
  const connector = await ours(answer);
  console.log(`Connector between links of one process, ${IN_FLIGHT} in flight, memory store`);
  const [floorMicros = NaN, ourMicros = NaN] = await measure(traffic, [
    { name: 'working floor', handle: floor(answer) },
    { name: 'connector-core', handle: connector.handle },
  ]);
  await connector.stop();
  // By itself: it remembers every packet of the last half minute, and collecting that is not for others to pay.
  const alice = new FunctionPlugin(() => Promise.reject(new Error('nobody sends this way')));
  const stopPeer = await startPeer(alice, new FunctionPlugin(answer));
  const [peerMicros = NaN] = await measure(traffic, [
    {
      name: 'ilp-connector',
      handle: ({ buffer, byteOffset, length }) =>
        alice.handler(Buffer.from(buffer, byteOffset, length)),
    },
  ]);
  await stopPeer();
  const ratio = floorMicros / ourMicros;
  const times = peerMicros / ourMicros;
  console.log(
    `  ours: ${ratio.toFixed(2)} of the floor (goal ${GOAL}, stretch ${STRETCH}), ` +
      `${times.toFixed(1)} times ilp-connector (goal ${GOAL_OF_PEER}, stretch ${STRETCH_OF_PEER})`,
  );
  if (ratio < GOAL || times < GOAL_OF_PEER) process.exitCode = 1;
}

/** Microseconds of processor time per packet, of each. */
async function measure(traffic: Traffic, contenders: readonly Contender[]): Promise<number[]> {
  const rounds = contenders.map((): number[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    traffic.renew();
    for (const [i, { handle }] of contenders.entries()) {
      const cpu = process.cpuUsage();
      await drive(traffic, ROUND_PACKETS, IN_FLIGHT, handle);
      const { user, system } = process.cpuUsage(cpu);
      if (round >= 0) rounds[i]?.push((user + system) / ROUND_PACKETS);
    }
  }
  return contenders.map(({ name }, i) => {
    const micros = median(rounds[i] ?? []);
    const perSecond = Math.round(1e6 / micros)
      .toLocaleString('en')
      .padStart(9);
    console.log(
      `  ${name.padEnd(16)} ${perSecond} packets per CPU second  ${micros.toFixed(2)} µs`,
    );
    return micros;
  });
}
