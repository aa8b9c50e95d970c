/** One soak: processes that carry packets, kills by a seed, and in the end a look at all books. */
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@pennyswitch/testkit';
import { RedisServer } from '../connector/redis.js';
import { checkDirection, RECORD_MS, type Conversion, type DirectionSums } from './check.js';
import { SoakDirection } from './journal.js';
import type { SoakBooks } from './node.js';
import { PACKET_LIFETIME_MS, RATE } from './packet.js';
import { SoakProcess } from './process.js';

/** What is soaked, and how long. */
export interface SoakOptions {
  /** `level`: one connector with a store on disk. `redis`: several on one Redis that syncs each write. */
  readonly store: 'level' | 'redis';
  /** Connectors; 1 with a store on disk. */
  readonly processes: number;
  /** Decides who is killed and when; packets are by chance. */
  readonly seed: number;
  /** Packets that each peer has under way. */
  readonly inFlight: number;
  /** Ends it, asked before each kill. */
  readonly isOver: (kills: number) => boolean;
  /** Between two kills, in milliseconds; packets go through both ways in any case before the next one. */
  readonly calmMs: { readonly from: number; readonly to: number };
  /** How long what was killed stays dead, in milliseconds. */
  readonly deadMs: { readonly from: number; readonly to: number };
}

/** What came of it. */
export interface SoakReport {
  readonly directions: Readonly<Record<string, DirectionSums>>;
  /** How often each was killed. */
  readonly kills: Readonly<Record<string, number>>;
  readonly books: SoakBooks;
  readonly faults: readonly string[];
  /** Where all records are, if there is a fault. */
  readonly folder: string;
}

interface Victim {
  readonly killedAt: readonly number[];
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Between two looks at what processes write, in milliseconds. */
const LOOK_MS = 50;
/** While Redis is away, and until it is connected again, nothing is recorded. */
const RECORD_AT_REDIS_MS = 10_000;

/** Soaks, and checks all books. Ends all that it started. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'pennyswitch-soak-'));
  const redis = options.store === 'redis' ? await RedisServer.start('always') : undefined;
  const soak = await Soak.start(options, folder, redis);
  try {
    await soak.killSome();
    const report = await soak.finish();
    if (report.faults.length === 0) await rm(folder, { recursive: true });
    return report;
  } finally {
    await soak.end();
    await redis?.stop();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #folder: string;
  readonly #redis: RedisServer | undefined;
  readonly #nodes: readonly SoakProcess[];
  readonly #peers: Readonly<Record<'alice' | 'bob', SoakProcess>>;

  private constructor(
    options: SoakOptions,
    folder: string,
    redis: RedisServer | undefined,
    ports: readonly number[],
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#redis = redis;
    const place = redis?.url ?? join(folder, 'books');
    this.#nodes = ports.map(
      (port) =>
        new SoakProcess('./node.ts', () => [String(port), place, join(folder, 'unreconciled')]),
    );
    const peer = (name: string, other: string): SoakProcess =>
      new SoakProcess('./peer.ts', (life) => [
        ...[name, other, ports.join(','), this.#journalOf(name)],
        ...[String(life), String(options.inFlight)],
      ]);
    this.#peers = { alice: peer('alice', 'bob'), bob: peer('bob', 'alice') };
  }

  static async start(
    options: SoakOptions,
    folder: string,
    redis: RedisServer | undefined,
  ): Promise<Soak> {
    const ports = await Promise.all(Array.from({ length: options.processes }, freePort));
    const soak = new Soak(options, folder, redis, ports);
    await Promise.all(soak.#nodes.map((node) => node.start()));
    await Promise.all(Object.values(soak.#peers).map((peer) => peer.start()));
    return soak;
  }

  /** Kills one or two at a time, and starts them again, Redis first. */
  async killSome(): Promise<void> {
    const { seed, calmMs, deadMs, isOver } = this.#options;
    const random = seededRandom(seed);
    for (let kills = 0; ; kills++) {
      await Promise.all([pause(random.int(calmMs.from, calmMs.to)), this.#carryBothWays()]);
      if (isOver(kills)) return;
      const victims = new Set([this.#victim(random.int(0, 99))]);
      if (random.chance(1 / 3)) victims.add(this.#victim(random.int(0, 99)));
      for (const victim of victims) await victim.kill();
      await pause(random.int(deadMs.from, deadMs.to));
      await this.#redis?.start();
      // At once: a peer is up when it has a connection, and the only connector may be among the dead.
      const others = [...victims].filter((victim) => victim !== this.#redis);
      await Promise.all(others.map((victim) => victim.start()));
    }
  }

  /** A quarter of the kills for the peers; a third of the others for Redis, if there is one. */
  #victim(percent: number): Victim {
    const { alice, bob } = this.#peers;
    if (percent < 25) return percent < 12 ? alice : bob;
    if (this.#redis !== undefined && percent < 50) return this.#redis;
    const node = this.#nodes[percent % this.#nodes.length];
    if (node === undefined) throw new Error('there is no connector');
    return node;
  }

  /** Resolves when both peers have got one more fulfillment. */
  async #carryBothWays(): Promise<void> {
    await Promise.all(
      Object.keys(this.#peers).map(async (name) => {
        const path = this.#journalOf(name);
        const { size } = await stat(path);
        while (!/^f /m.test(await textFrom(path, size))) await pause(LOOK_MS);
      }),
    );
  }

  /** Lets packets end, kills all connectors once more, and compares what one of them finds with what the peers wrote. */
  async finish(): Promise<SoakReport> {
    const { alice, bob } = this.#peers;
    await Promise.all([alice.ask(), bob.ask()]);
    // What is still under way expires before the connector is asked.
    await pause(PACKET_LIFETIME_MS);
    const kills = this.#kills();
    for (const node of this.#nodes) await node.kill();
    await this.#nodes[0]?.start();
    const books = await this.#booksAtRest();
    const unreconciled = new Set(
      (await readFile(join(this.#folder, 'unreconciled'), 'utf8')).split('\n'),
    );
    const usd = { from: RATE.usd, to: RATE.eur };
    const eur = { from: RATE.eur, to: RATE.usd };
    const directions = {
      'alice -> bob': await this.#check('alice', 'bob', usd, books, unreconciled),
      'bob -> alice': await this.#check('bob', 'alice', eur, books, unreconciled),
    };
    const faults = Object.values(directions).flatMap((sums) => sums.faults);
    return { directions, kills, books, faults, folder: this.#folder };
  }

  async end(): Promise<void> {
    for (const each of [...this.#nodes, ...Object.values(this.#peers)]) await each.kill();
  }

  /** The books, once the last connector has taken over from all dead ones. */
  async #booksAtRest(): Promise<SoakBooks> {
    for (;;) {
      const books = (await this.#nodes[0]?.ask()) as SoakBooks;
      if (books.processes === 1) return books;
      await pause(LOOK_MS);
    }
  }

  async #check(
    sender: string,
    receiver: string,
    conversion: Conversion,
    { accounts }: SoakBooks,
    unreconciled: ReadonlySet<string>,
  ): Promise<DirectionSums> {
    const direction = await SoakDirection.read(this.#journalOf(sender), this.#journalOf(receiver));
    const [incoming, outgoing] = [accounts[sender], accounts[receiver]];
    if (incoming === undefined || outgoing === undefined) throw new Error('an account is missing');
    return checkDirection(
      direction,
      incoming,
      outgoing,
      conversion,
      unreconciled,
      this.#nodes.flatMap(({ killedAt }) => killedAt),
      this.#redis === undefined ? RECORD_MS : RECORD_AT_REDIS_MS,
    );
  }

  #kills(): Record<string, number> {
    const { alice, bob } = this.#peers;
    return {
      connectors: this.#nodes.reduce((sum, { killedAt }) => sum + killedAt.length, 0),
      alice: alice.killedAt.length,
      bob: bob.killedAt.length,
      ...(this.#redis !== undefined && { redis: this.#redis.killedAt.length }),
    };
  }

  #journalOf(name: string): string {
    return join(this.#folder, `${name}.journal`);
  }
}

/** What a file has from some place on. */
async function textFrom(path: string, start: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = new Uint8Array(size - start);
    await file.read(buffer, 0, buffer.length, start);
    // The first line may be cut off.
    return new TextDecoder().decode(buffer);
  } finally {
    await file.close();
  }
}

/** A connector has the same port in all its lives. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
