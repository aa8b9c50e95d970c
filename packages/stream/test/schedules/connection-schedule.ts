import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { seededRandom, VirtualClock, type SeededRandom, type TestRate } from '@pennyswitch/testkit';
import {
  StreamConnectionError,
  type MoneyStream,
  type StreamConnection,
} from '@pennyswitch/stream';
import { createWorld, readAll, testBytes, writeAll, type World } from '../connection/world.js';
import { ASSUMED_CONNECTION_WINDOW } from '../../src/connection/connection-policy.js';
import { findConnectionFault } from './connection-audit.js';
import { FaultLog, type FaultCoverage } from './fault-coverage.js';
import { FaultPlan } from './fault-plan.js';
import { PacketBooks } from './packet-books.js';
import type { ScheduleReport } from './schedule.js';

/** What one end is to send on one stream. */
export interface Job {
  readonly money: bigint;
  readonly bytes: Uint8Array;
}

/** What became of a job at the end that had it, and what the other end has read of it. */
export interface Work {
  readonly by: 'client' | 'server';
  readonly job: Job;
  readonly stream: MoneyStream;
  /** Why not all of it was sent. */
  error: unknown;
  isDone: boolean;
}

/** What an end has read of a stream so far, and whether it came to the end. */
export interface Reading {
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

/** A connection that has ended, and what is known of it. */
export interface ConnectionSchedule {
  readonly world: World;
  readonly client: StreamConnection;
  readonly server: StreamConnection;
  readonly work: readonly Work[];
  /** By who reads and the stream's id. */
  readonly readings: ReadonlyMap<string, Reading>;
  readonly books: readonly PacketBooks[];
  readonly isFair: boolean;
  /** Packets get lost. */
  readonly isLossy: boolean;
  /** Why the ends ended, where not as they should. */
  readonly ends: readonly (StreamConnectionError | undefined)[];
  /** At the start, in each direction. */
  readonly rates: { readonly there: TestRate; readonly back: TestRate };
}

const NOTHING: Job = { money: 0n, bytes: new Uint8Array(0) };
const RATES: readonly [TestRate, ...TestRate[]] = [
  { numerator: 1n, denominator: 1n },
  { numerator: 1999n, denominator: 1000n },
  { numerator: 7n, denominator: 30n },
];

const TINY: Job = { money: 0n, bytes: new Uint8Array([1, 2, 3]) };

/** What is particular about a schedule, beside its faults. */
interface Traits {
  /** The server's streams take little money at first. */
  readonly isMoneyBlocked: boolean;
  /** The client opens more streams than it may have at a time. */
  readonly isStreamBlocked: boolean;
  /** Much data, which is read late. */
  readonly isDataBlocked: boolean;
  readonly movesAfterMs: number | undefined;
  readonly rateFallsAfterMs: number | undefined;
}

function drawTraits(random: SeededRandom): Traits {
  return {
    isMoneyBlocked: random.chance(0.25),
    isStreamBlocked: random.chance(0.12),
    isDataBlocked: random.chance(0.1),
    movesAfterMs: random.chance(0.2) ? random.int(50, 1500) : undefined,
    rateFallsAfterMs: random.chance(0.08) ? random.int(50, 1500) : undefined,
  };
}

function drawJob(random: SeededRandom, { isDataBlocked }: Traits): Job {
  const length = isDataBlocked ? random.int(36_000, 50_000) : random.int(0, 12_000);
  return {
    money: random.chance(0.85) ? random.bigint(80_000n, 200_000n) : 0n,
    bytes:
      isDataBlocked || random.chance(0.7) ? testBytes(length, random.uint32()) : new Uint8Array(0),
  };
}

/** Runs the two ends of a connection, and compares what they report with the books. @throws what is wrong. */
export async function runConnection(
  seed: number,
  coverage: FaultCoverage,
): Promise<ScheduleReport> {
  const log = new FaultLog(coverage);
  const schedule = await new ConnectionRun(seed, log).run();
  const fault = findConnectionFault(schedule);
  if (fault !== undefined) throw new Error(fault);
  const { books, work } = schedule;
  return {
    result: resultOf(work.find(({ error }) => error !== undefined)?.error),
    packets: books.reduce((sum, { packets }) => sum + packets, 0),
    faults: [...log.counts.keys()],
  };
}

function resultOf(failure: unknown): string {
  if (failure === undefined) return 'complete';
  return failure instanceof StreamConnectionError ? failure.code : 'an error of another kind';
}

class ConnectionRun {
  readonly #random: SeededRandom;
  readonly #traits: Traits;
  readonly #plan: FaultPlan;
  readonly #world: World;
  readonly #log: FaultLog;
  readonly #books: readonly PacketBooks[];
  readonly #work: Work[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #readings = new Map<string, Reading>();
  readonly #answer: Job;
  readonly #rates: ConnectionSchedule['rates'];
  readonly #ends: (StreamConnectionError | undefined)[] = [];
  #faultsUntil = Infinity;

  constructor(seed: number, log: FaultLog) {
    const random = seededRandom(seed);
    const clock = new VirtualClock(undefined, { isQuick: true });
    this.#random = random;
    this.#log = log;
    this.#traits = drawTraits(random);
    this.#plan = new FaultPlan(random, () => clock.now(), 0.1);
    this.#answer = random.chance(0.5) ? drawJob(random, this.#traits) : NOTHING;
    const { isMoneyBlocked, isDataBlocked, rateFallsAfterMs } = this.#traits;
    const rate = random.pick(RATES);
    // A rate that falls before it was looked at is no fault: here the client knows it from elsewhere.
    const minimumRate = {
      numerator: rate.numerator * 98n,
      denominator: rate.denominator * 100n,
    };
    const policy = isDataBlocked ? { connectionWindow: ASSUMED_CONNECTION_WINDOW } : {};
    const world = createWorld({
      seed,
      clock,
      onFault: log.note,
      faults: () => (clock.now() < this.#faultsUntil ? this.#plan.next() : this.#plan.healed()),
      faultySide: this.#plan.side,
      there: { rate, ...drawLimits(random) },
      back: drawLimits(random),
      client: { halfOpen: true, policy, ...(rateFallsAfterMs !== undefined && { minimumRate }) },
      server: { halfOpen: true, policy, ...(isMoneyBlocked && { receiveMax: 20_000n }) },
      details: random.chance(0.3)
        ? { receipts: { nonce: random.bytes(16), secret: random.bytes(32) } }
        : {},
    });
    this.#world = world;
    const { there, back } = world.connectors;
    this.#rates = { there: there.settings.rate, back: back.settings.rate };
    this.#books = [new PacketBooks(world.books.clientOut), new PacketBooks(world.books.serverOut)];
  }

  async run(): Promise<ConnectionSchedule> {
    const world = this.#world;
    const { clock } = world;
    world.server.on('connection', (connection) => {
      connection.once('close', (error) => this.#ends.push(error));
      connection.on('stream', (stream) => this.#acceptStream(stream));
    });
    world.onSecret = (secret) => this.#log.setSecret(secret);
    const client = await world.until(world.connect());
    client.once('close', (error) => this.#ends.push(error));
    // Half of the networks get well again.
    if (this.#random.chance(0.5)) this.#faultsUntil = clock.now() + this.#random.int(200, 4_000);
    client.on('stream', (stream) => this.#begin('client', stream, NOTHING));
    const [server] = world.connections;
    if (server === undefined) throw new Error('the server has no connection');
    this.#disturb(client);
    const { isDataBlocked, isStreamBlocked } = this.#traits;
    const count = isDataBlocked ? 3 : this.#random.int(1, 3);
    const jobs = Array.from({ length: count }, () => this.#drawJob());
    if (isStreamBlocked) jobs.push(...Array.from({ length: 10 }, () => TINY));
    for (const job of jobs) this.#open('client', client, job);
    if (this.#random.chance(0.5)) this.#open('server', server, this.#drawJob());
    await this.#finish();
    await world.until(client.close());
    await clock.run();
    return {
      ...{ world, client, server, work: this.#work, readings: this.#readings, books: this.#books },
      ends: this.#ends,
      isLossy: this.#plan.isLossy,
      isFair: this.#plan.isFair && this.#traits.rateFallsAfterMs === undefined,
      rates: this.#rates,
    };
  }

  #drawJob(): Job {
    return drawJob(this.#random, this.#traits);
  }

  #disturb(client: StreamConnection): void {
    const { clock, connectors } = this.#world;
    const { movesAfterMs, rateFallsAfterMs } = this.#traits;
    if (movesAfterMs !== undefined) {
      clock.setTimeout(() => client.setAddress(parseIlpAddress('test.moved')), movesAfterMs);
    }
    if (rateFallsAfterMs === undefined) return;
    clock.setTimeout(() => {
      const { settings } = connectors.there;
      const { numerator, denominator } = settings.rate;
      settings.rate = { numerator: numerator * 8n, denominator: denominator * 10n };
      settings.onForward = (prepare) => this.#log.note('rate falls', { prepare });
    }, rateFallsAfterMs);
  }

  #acceptStream(stream: MoneyStream): void {
    if (this.#traits.isMoneyBlocked) {
      this.#world.clock.setTimeout(
        () => stream.setReceiveMax(MAX_AMOUNT),
        this.#random.int(1, 2_000),
      );
    }
    this.#begin('server', stream, this.#answer);
  }

  #open(by: Work['by'], connection: StreamConnection, job: Job): void {
    const opening = connection.openStream().then(
      (stream) => this.#begin(by, stream, job),
      () => undefined, // the connection ended before there was room for it
    );
    this.#running.push(opening);
  }

  #begin(by: Work['by'], stream: MoneyStream, job: Job): void {
    const work: Work = { by, job, stream, error: undefined, isDone: false };
    this.#work.push(work);
    this.#running.push(send(work));
    void this.#read(`${by} ${stream.id}`, stream);
  }

  async #read(key: string, stream: MoneyStream): Promise<void> {
    const chunks: Uint8Array[] = [];
    const note = (isWhole: boolean): void =>
      void this.#readings.set(key, { bytes: new Uint8Array(Buffer.concat(chunks)), isWhole });
    note(false);
    if (this.#traits.isDataBlocked) await this.#world.clock.sleep(700);
    try {
      await readAll(stream.readable, (chunk) => void chunks.push(chunk));
      note(true);
    } catch {
      note(false);
    }
  }

  /** Waits for what was begun, and for what the other end begins because of it. */
  async #finish(): Promise<void> {
    const world = this.#world;
    for (let i = 0; i < this.#running.length; i++) {
      await world.until(this.#running[i] as Promise<void>);
      if (i === this.#running.length - 1) await world.clock.advance(30_000);
    }
  }
}

function drawLimits(random: SeededRandom): {
  maxPacketAmount: bigint | undefined;
  amountTooLargeData: boolean;
  liquidity: bigint | undefined;
} {
  return {
    maxPacketAmount: random.pick([8_000n, 14_000n, 20_011n]),
    amountTooLargeData: random.chance(0.6),
    liquidity: random.chance(0.25) ? random.pick([30_000n, 100_000n]) : undefined,
  };
}

async function send(work: Work): Promise<void> {
  const { stream, job } = work;
  const results = await Promise.allSettled([
    job.money > 0n ? stream.sendMoney(job.money) : undefined,
    writeAll(stream, job.bytes),
  ]);
  work.error = results.find((result) => result.status === 'rejected')?.reason as unknown;
  work.isDone = true;
}
