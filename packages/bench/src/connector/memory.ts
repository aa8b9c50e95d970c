/** Packets through one connector between links of this process, beside the working floor. */
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { floor } from './floor.js';
import { ours } from './ours.js';
import { drive, Traffic } from './traffic.js';

const IN_FLIGHT = 100;
const ROUNDS = 15;
const ROUND_PACKETS = 20_000;
const WARM_UP = 5;
const AMOUNT = 1_000_000n;

/** What is to be reached, and what would be better still. */
const GOAL = 0.6;
const STRETCH = 0.7;

/** Prints packets per second of processor time, medians of rounds that take turns. */
export async function runMemory(): Promise<void> {
  const traffic = new Traffic(AMOUNT);
  const answer: IlpPacketHandler = (prepare) => Promise.resolve(traffic.answer(prepare));
  const connector = await ours(answer);
  const contenders = [
    { name: 'working floor', handle: floor(answer), micros: [] as number[] },
    { name: 'connector-core', handle: connector.handle, micros: [] as number[] },
  ] as const;
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    traffic.renew();
    for (const { handle, micros } of contenders) {
      const cpu = process.cpuUsage();
      await drive(traffic, ROUND_PACKETS, IN_FLIGHT, handle);
      const { user, system } = process.cpuUsage(cpu);
      if (round >= 0) micros.push((user + system) / ROUND_PACKETS);
    }
  }
  await connector.stop();
  console.log(`Connector between links of one process, ${IN_FLIGHT} in flight, memory store`);
  const [floorMicros, ourMicros] = contenders.map(({ name, micros }) => {
    const median = micros.toSorted((a, b) => a - b)[micros.length >> 1] ?? NaN;
    const perSecond = Math.round(1e6 / median)
      .toLocaleString('en')
      .padStart(9);
    console.log(
      `  ${name.padEnd(16)} ${perSecond} packets per CPU second  ${median.toFixed(2)} µs`,
    );
    return median;
  }) as [number, number];
  const ratio = floorMicros / ourMicros;
  console.log(`  ours: ${ratio.toFixed(2)} of the floor (goal ${GOAL}, stretch ${STRETCH})`);
  if (ratio < GOAL) process.exitCode = 1;
}
