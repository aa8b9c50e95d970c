import { seededRandom, type LinkFaults, type SeededRandom } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import type { StreamConnection } from '../../src/connection/stream-connection.js';
import type { MoneyStream } from '../../src/connection/money-stream.js';
import { createWorld, readAll, testBytes, writeAll, type World } from './world.js';

/** How many schedules run; SCHEDULES=100000 runs that many, SEED=17 only the one with that seed. */
const SCHEDULES = Number(process.env.SCHEDULES ?? 100);
const ONLY = process.env.SEED === undefined ? undefined : Number(process.env.SEED);

/** A bad network that gets well at some time. */
function chooseFaults(random: SeededRandom, heals: () => boolean): () => LinkFaults {
  const spread = random.pick([0, 5, 40, 400]);
  const well: LinkFaults = { delayMs: [5, 5 + spread], timeOutAfterMs: 25_000 };
  const ill: LinkFaults = {
    ...well,
    losePrepare: random.pick([0, 0.02, 0.2]),
    loseReply: random.pick([0, 0.02, 0.2]),
    duplicate: random.pick([0, 0.1, 0.5]),
    corruptReply: random.pick([0, 0, 0.02]),
  };
  return () => (heals() ? well : ill);
}

interface Job {
  readonly money: bigint;
  readonly bytes: Uint8Array;
}

function chooseJobs(random: SeededRandom): Job[] {
  return Array.from({ length: random.int(1, 4) }, () => ({
    money: random.chance(0.7) ? random.bigint(100n, 1_000_000n) : 0n,
    bytes: random.chance(0.7)
      ? testBytes(random.int(0, 300_000), random.uint32())
      : new Uint8Array(0),
  }));
}

/** What became of one job at its sender. */
interface Done {
  readonly name: string;
  readonly job: Job;
  readonly stream: MoneyStream;
  readonly error: unknown;
}

/** What the other end read of a stream, or why it could not. */
type Read = Promise<Uint8Array | Error>;

interface Schedule {
  readonly world: World;
  readonly client: StreamConnection;
  readonly server: StreamConnection;
  readonly done: readonly Done[];
  /** By the name of who reads and the stream's id. */
  readonly reads: ReadonlyMap<string, Read>;
}

const NOTHING: Job = { money: 0n, bytes: new Uint8Array(0) };

async function work(name: string, stream: MoneyStream, job: Job): Promise<Done> {
  const results = await Promise.allSettled([
    job.money > 0n ? stream.sendMoney(job.money) : undefined,
    writeAll(stream, job.bytes),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  return { name, job, stream, error: failed?.reason };
}

async function runSchedule(seed: number): Promise<Schedule> {
  const random = seededRandom(seed);
  const healAfter = random.int(0, 3000);
  let startedAt = 0;
  const world: World = createWorld({
    seed,
    faults: chooseFaults(random, () => world.clock.now() > startedAt + healAfter),
    there: {
      rate: random.pick([
        { numerator: 1n, denominator: 1n },
        { numerator: 1999n, denominator: 1000n },
        { numerator: 7n, denominator: 30n },
      ]),
      maxPacketAmount: random.pick([undefined, 10_000n, 123_457n]),
      liquidity: random.pick([undefined, 50_000n, 500_000n]),
    },
    back: { maxPacketAmount: random.pick([undefined, 10_000n]) },
    client: { halfOpen: true, policy: { idleTimeoutMs: 600_000 } },
    server: { halfOpen: true, policy: { idleTimeoutMs: 600_000 } },
  });
  startedAt = world.clock.now();
  const reads = new Map<string, Read>();
  const working: Promise<Done>[] = [];
  const begin = (name: string, stream: MoneyStream, job: Job): void => {
    reads.set(
      `${name} ${stream.id}`,
      readAll(stream.readable).catch((error: unknown) => error as Error),
    );
    working.push(work(name, stream, job));
  };
  const [answer = NOTHING] = chooseJobs(random);
  world.server.on('connection', (connection) => {
    connection.on('stream', (stream) => begin('server', stream, answer));
  });
  const client = await world.until(world.connect());
  client.on('stream', (stream) => begin('client', stream, NOTHING));
  const server = world.connections[0]!;
  for (const job of chooseJobs(random)) {
    begin('client', await world.until(client.openStream()), job);
  }
  if (random.chance(0.5)) {
    begin('server', await world.until(server.openStream()), chooseJobs(random)[0]!);
  }
  const done: Done[] = [];
  for (let i = 0; i < working.length; i++) {
    done.push(await world.until(working[i]!));
    // A stream that this end opens begins at the other end when something of it arrives there.
    await world.clock.advance(i === working.length - 1 ? 60_000 : 0);
  }
  await world.until(client.close());
  await world.clock.run();
  return { world, client, server, done, reads };
}

async function check({ world, client, server, done, reads }: Schedule): Promise<void> {
  for (const { name, job, stream, error } of done) {
    const other = name === 'client' ? 'server' : 'client';
    if (error === undefined) {
      expect(stream.sent, `${name} ${stream.id}`).toBe(job.money);
      // A stream that nothing was sent on may have been opened and closed unseen.
      if (job.money === 0n && job.bytes.length === 0) continue;
      const read = await reads.get(`${other} ${stream.id}`);
      expect(read).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(read as Uint8Array, job.bytes), `${name} ${stream.id}`).toBe(0);
    } else expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  }
  const { clientOut, serverIn, serverOut, clientIn } = world.books;
  expect(client.sent).toBe(clientOut.total('fulfilled'));
  expect(server.sent).toBe(serverOut.total('fulfilled'));
  expect(server.received).toBe(serverIn.total('fulfilled'));
  expect(client.received).toBe(clientIn.total('fulfilled'));
  expect(client.delivered <= server.received).toBe(true);
  expect(server.delivered <= client.received).toBe(true);
  expect([client.isClosed, server.isClosed]).toEqual([true, true]);
  expect(world.clock.pendingTimers).toBe(0);
}

describe('a connection over a network that loses, delays, repeats and reorders', () => {
  const seeds = ONLY === undefined ? Array.from({ length: SCHEDULES }, (_, i) => i + 1) : [ONLY];
  it(
    `keeps the books and the bytes of ${seeds.length} schedules`,
    { timeout: 600_000 },
    async () => {
      for (const seed of seeds) {
        try {
          await check(await runSchedule(seed));
        } catch (error) {
          throw new Error(`SEED=${seed}: ${String(error)}`, { cause: error });
        }
      }
    },
  );
});
