/** Several connector processes that share their books in one Redis: what all carry together, and what a packet costs. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { RedisLedgerStore } from '@pennyswitch/connector-core/stores/redis';
import { median } from './median.js';
import { hasRedis, RedisServer } from './redis.js';
import { AMOUNT, IN_FLIGHT, PREFIX, type ProcessReport } from './scaling-report.js';

const COUNTS = [1, 2, 4];
const ROUNDS = 5;
const WARM_UP = 1;
/** In one round, by all processes together. */
const ROUND_PACKETS = 8000;

interface Round {
  readonly perSecond: number;
  readonly processMicros: number;
  readonly redisMicros: number;
  readonly roundTrips: number;
}

/** Prints a row for each count of processes and each way to sync; fails if the books are not exact. */
export async function runScaling(): Promise<void> {
  if (!hasRedis()) {
    console.log('Several processes on one Redis: skipped, there is no redis-server here');
    return;
  }
  console.log(
    `Several processes on one Redis, ${IN_FLIGHT.toLocaleString('en')} in flight in each; ` +
      `${availableParallelism()} cores for all of it`,
  );
  for (const appendfsync of ['everysec', 'always'] as const) {
    for (const count of COUNTS) await measure(count, appendfsync);
  }
}

async function measure(count: number, appendfsync: 'always' | 'everysec'): Promise<void> {
  const server = await RedisServer.start(appendfsync);
  const processes = await Promise.all(Array.from({ length: count }, () => startProcess(server)));
  const rounds: Round[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const figures = await runRound(server, processes);
    if (round >= 0) rounds.push(figures);
  }
  const isExact = await booksAgree(server, (ROUNDS + WARM_UP) * ROUND_PACKETS);
  for (const each of processes) each.kill();
  await server.stop();
  show(`${count} process${count === 1 ? '' : 'es'}, ${appendfsync}`, rounds, isExact);
  if (!isExact) process.exitCode = 1;
}

async function startProcess(server: RedisServer): Promise<ChildProcess> {
  const child = fork(
    fileURLToPath(new URL('./scaling-process.ts', import.meta.url)),
    [server.url],
    { execArgv: ['--import', 'tsx', '--conditions=@pennyswitch/source'] },
  );
  await reportOf(child);
  return child;
}

async function runRound(server: RedisServer, processes: readonly ChildProcess[]): Promise<Round> {
  const before = server.cpuMicros();
  const start = performance.now();
  const reports = await Promise.all(
    processes.map((child) => {
      child.send(ROUND_PACKETS / processes.length);
      return reportOf(child);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const perPacket = (of: (report: ProcessReport) => number): number =>
    reports.reduce((sum, report) => sum + of(report), 0) / ROUND_PACKETS;
  return {
    perSecond: ROUND_PACKETS / seconds,
    processMicros: perPacket(({ cpuMicros }) => cpuMicros),
    redisMicros: (server.cpuMicros() - before) / ROUND_PACKETS,
    roundTrips: perPacket(({ roundTrips }) => roundTrips),
  };
}

/** Whether what all processes carried is in the books, to the unit. */
async function booksAgree(server: RedisServer, packets: number): Promise<boolean> {
  const store = await RedisLedgerStore.open({ url: server.url, prefix: PREFIX });
  const [alice, bob] = [await store.balance('alice'), await store.balance('bob')];
  await store.close();
  const forwarded = (AMOUNT * 92n * 998n) / 100_000n;
  return (
    alice.clearedIncoming === BigInt(packets) * AMOUNT &&
    bob.clearedOutgoing === BigInt(packets) * forwarded &&
    alice.heldIncoming === 0n &&
    bob.heldOutgoing === 0n
  );
}

function show(name: string, rounds: readonly Round[], isExact: boolean): void {
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure));
  console.log(
    `  ${name.padEnd(22)} ${Math.round(of(({ perSecond }) => perSecond))
      .toLocaleString('en')
      .padStart(7)} packets/s  ` +
      `${of(({ processMicros }) => processMicros).toFixed(1)} µs of processes, ` +
      `${of(({ redisMicros }) => redisMicros).toFixed(1)} µs of Redis, ` +
      `${of(({ roundTrips }) => roundTrips).toFixed(4)} round trips each; ` +
      `books ${isExact ? 'exact' : 'WRONG'}`,
  );
}

async function reportOf(child: ChildProcess): Promise<ProcessReport> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([report]) => report as ProcessReport),
      once(child, 'exit', { signal }).then(() => {
        throw new Error('the process ended');
      }),
    ]);
  } finally {
    listening.abort();
  }
}
