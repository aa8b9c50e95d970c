import type { RedisClientOptions } from '@redis/client';
import { describeAsset, isSameUnit, type Asset } from '../../asset.js';
import {
  randomUuid,
  silentLogger,
  systemClock,
  systemRandomBytes,
  type Clock,
  type Logger,
  type RandomBytes,
} from '../../environment.js';
import { LedgerError, messageOf } from '../../errors.js';
import type { ProcessGroup } from '../../group/process-group.js';
import type { Balance } from '../../ledger/balance.js';
import type {
  CreditResult,
  IncomingSettlement,
  LateFulfillment,
  LedgerEntry,
  LedgerStore,
  Leg,
  LostPacket,
  NewEntry,
  OutgoingSettlement,
  Shortfall,
} from '../../ledger/ledger-store.js';
import type { SettlementPolicy } from '../../ledger/settlement-policy.js';
import { RedisConnection } from './connection.js';
import { RedisProcessGroup, type GroupOptions } from './group/redis-process-group.js';
import type { Held } from './operations.js';
import {
  readBalance,
  readLate,
  readLost,
  readSettlement,
  toHex,
  writeLate,
  writeLost,
  writePolicy,
} from './records.js';
import { Session } from './session.js';

/** How a store in Redis is opened. */
export interface RedisLedgerStoreOptions {
  /** `redis://`, `rediss://` or `unix:///path`; of each server that may be the master, if there are several. */
  readonly url: string | readonly string[];
  /** What all keys start with, default `{pennyswitch}`. One operator's connectors share it; braces keep it in one slot. */
  readonly prefix?: string;
  /** How many replicas must have a change before it counts, default 0: `WAIT` after each batch. */
  readonly replicas?: number;
  /** How long a step is waited for, in milliseconds, default 1000. */
  readonly timeoutMs?: number;
  /** How long a process may be silent, in milliseconds, before its holds are released; default 10 000. */
  readonly lifetimeMs?: number;
  /** How long steps are kept to be told again to a server that forgot them, in milliseconds; default 10 000. */
  readonly journalMs?: number;
  /** Credentials, TLS and the like, as `@redis/client` takes them. */
  readonly client?: RedisClientOptions;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

class RedisEntry implements LedgerEntry {
  state: LedgerEntry['state'] = 'held';
  readonly id: string;
  readonly incoming: Leg | undefined;
  readonly outgoing: Leg | undefined;

  constructor(id: string, { incoming, outgoing }: NewEntry) {
    this.id = id;
    this.incoming = incoming;
    this.outgoing = outgoing;
  }
}

/** So many signs of life within a lifetime. */
const PULSES = 5;

/**
 * A ledger in Redis, for many connector processes of one operator. Every step is done by a script, whole or not at all and
 * once, also if connection or server break in between; steps that wait at the same time share one round trip. Holds
 * belong to the process that made them: when it dies, another releases them and keeps what may have gone out as lost packets.
 *
 * What survives is up to Redis: see docs/scaling.md.
 */
export class RedisLedgerStore implements LedgerStore {
  readonly limitsThroughput = true;
  readonly #connection: RedisConnection;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #randomBytes: RandomBytes;
  readonly #logger: Logger;
  readonly #lifetimeMs: number;
  readonly #groupOptions: GroupOptions;
  #group: Promise<RedisProcessGroup> | undefined;
  /** Whether this process leads those that use the store. */
  #leads: () => boolean = () => false;
  readonly #unsent = new Set<(settlement: OutgoingSettlement) => void>();
  /** Taken over from a dead process before anybody listened. */
  #untold: OutgoingSettlement[] = [];
  /** Keys that no settlement took. */
  readonly #keys: string[] = [];
  #lastId = 0;
  #pulse: unknown;
  #isClosed = false;
  #holdsReaped = 0;
  #processes = 1;

  private constructor(options: RedisLedgerStoreOptions) {
    const environment = {
      clock: options.clock ?? systemClock,
      randomBytes: options.randomBytes ?? systemRandomBytes,
      logger: options.logger ?? silentLogger,
    };
    const prefix = options.prefix ?? '{pennyswitch}';
    const timeoutMs = options.timeoutMs ?? 1000;
    this.#clock = environment.clock;
    this.#randomBytes = environment.randomBytes;
    this.#logger = environment.logger;
    this.#lifetimeMs = options.lifetimeMs ?? 10_000;
    const connection = {
      ...environment,
      prefix,
      timeoutMs,
      urls: typeof options.url === 'string' ? [options.url] : options.url,
      client: options.client ?? {},
      replicas: options.replicas ?? 0,
    };
    this.#groupOptions = { ...connection, lifetimeMs: this.#lifetimeMs };
    this.#connection = new RedisConnection(connection);
    this.#session = new Session({
      ...environment,
      connection: this.#connection,
      prefix,
      timeoutMs,
      journalMs: options.journalMs ?? 10_000,
    });
  }

  /**
   * Connects to a store, or makes a new one.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE` if no master answers, `STORE_UNREADABLE` for a store of another version
   * and for a server that may evict keys.
   */
  static async open(options: RedisLedgerStoreOptions): Promise<RedisLedgerStore> {
    const store = new RedisLedgerStore(options);
    try {
      await store.#connection.connect();
      await store.#live();
      return store;
    } catch (error) {
      store.#connection.close();
      throw error;
    }
  }

  async openAccount(account: string, asset: Asset): Promise<Balance> {
    const reply = await this.#session.request(['open', account, asset.code, String(asset.scale)]);
    const [code, scale, balance] = reply as [string, string, readonly string[]];
    const known = { code, scale: Number(scale) };
    if (!isSameUnit(known, asset)) {
      throw new LedgerError(
        'ASSET_CHANGED',
        `the book of account ${account} counts ${describeAsset(known)}, not ${describeAsset(asset)}`,
      );
    }
    return readBalance(balance);
  }

  async deleteAccount(account: string): Promise<void> {
    await this.#session.request(['delete', account]);
  }

  async balance(account: string): Promise<Balance> {
    const reply = await this.#session.request(['balance', account], { canCancel: true });
    return readBalance(reply as readonly string[]);
  }

  /** Refuses at once while no server is connected: nobody waits for a packet that cannot be paid for. */
  async reserve(entry: NewEntry): Promise<LedgerEntry | Shortfall> {
    checkLeg(entry.incoming);
    checkLeg(entry.outgoing);
    if (!this.#connection.isUp) {
      throw new LedgerError('STORE_UNAVAILABLE', 'there is no connection to Redis');
    }
    const held = new RedisEntry((++this.#lastId).toString(36), entry);
    const { incoming, outgoing } = entry;
    const result = await this.#session.request(
      [
        'hold',
        held.id,
        whatOf(entry),
        incoming?.limit === undefined ? false : String(incoming.limit),
        outgoing?.limit === undefined ? false : String(outgoing.limit),
        limitsOf(entry),
      ],
      {
        canCancel: true,
        onLate: (late) => {
          if (late === 1) this.#releaseLate(held);
        },
      },
    );
    return result === 1 ? held : { shortfall: result as Shortfall['shortfall'] };
  }

  async commit(
    entry: LedgerEntry,
    policy: SettlementPolicy | undefined,
    now: number,
  ): Promise<OutgoingSettlement | undefined> {
    const held = finish(entry, 'committed');
    const { outgoing } = held;
    const settles = policy !== undefined && outgoing !== undefined;
    const key = settles ? (this.#keys.pop() ?? randomUuid(this.#randomBytes)) : '';
    const read = (result: unknown): OutgoingSettlement | undefined => {
      const settlement = readSettlement(result, outgoing?.account ?? '', now);
      if (settles && settlement === undefined) this.#keys.push(key);
      return settlement;
    };
    const result = await this.#session.request(
      ['commit', held.id, ...amountsOf(held), settles && writePolicy(policy), key, String(now)],
      {
        onLate: (late) => {
          this.#tellUnsent(read(late));
        },
      },
    );
    return read(result);
  }

  async release(entry: LedgerEntry): Promise<void> {
    const held = finish(entry, 'released');
    await this.#session.request(['release', held.id, ...amountsOf(held)]);
  }

  async debit(
    account: string,
    due: bigint | SettlementPolicy,
    now: number,
  ): Promise<OutgoingSettlement | undefined> {
    if (typeof due === 'bigint' && due < 0n) {
      throw new LedgerError('BAD_AMOUNT', `a settlement of ${String(due)}`);
    }
    const what = typeof due === 'bigint' ? String(due) : writePolicy(due);
    const result = await this.#session.request(
      ['debit', account, what, randomUuid(this.#randomBytes), String(now)],
      {
        canCancel: true,
        onLate: (late) => {
          this.#tellUnsent(readSettlement(late, account, now));
        },
      },
    );
    return readSettlement(result, account, now);
  }

  async outbox(accounts: ReadonlySet<string>): Promise<readonly OutgoingSettlement[]> {
    const all = (await this.#list('outbox')).map(([key, text]): OutgoingSettlement => {
      const [account, amount, createdAt] = JSON.parse(text) as [string, string, string];
      return { key, account, amount: BigInt(amount), createdAt: Number(createdAt) };
    });
    return all.filter(({ account }) => accounts.has(account));
  }

  async acknowledge(key: string): Promise<void> {
    await this.#session.request(['acknowledge', key]);
  }

  async credit(settlement: IncomingSettlement): Promise<CreditResult> {
    checkLeg(settlement);
    const { key, account, amount, scale } = settlement;
    const result = await this.#session.request([
      'credit',
      key,
      account,
      String(amount),
      String(scale),
    ]);
    if (!Array.isArray(result)) return { type: 'conflict' };
    return {
      type: 'credited',
      credited: BigInt(result[0] as string),
      replayed: result[1] === 1,
    };
  }

  async recordLate(late: LateFulfillment): Promise<void> {
    await this.#session.request(['keep', 'late', randomUuid(this.#randomBytes), writeLate(late)]);
  }

  async lateFulfillments(): Promise<readonly LateFulfillment[]> {
    return (await this.#list('late')).map(([, text]) => readLate(text));
  }

  async recordLost(lost: LostPacket): Promise<void> {
    await this.#session.request(['keep', 'lost', randomUuid(this.#randomBytes), writeLost(lost)]);
  }

  async lostPackets(): Promise<readonly LostPacket[]> {
    return (await this.#list('lost')).map(([, text]) => readLost(text));
  }

  onUnsent(listener: (settlement: OutgoingSettlement) => void): () => void {
    this.#unsent.add(listener);
    for (const settlement of this.#untold.splice(0)) listener(settlement);
    return () => this.#unsent.delete(listener);
  }

  statistics(): Readonly<Record<string, number>> {
    const { roundTrips, connections, failures } = this.#connection;
    return {
      round_trips_total: roundTrips,
      operations_total: this.#session.operations,
      batches_total: this.#session.batches,
      batches_redone_total: this.#session.batchesRedone,
      connections_total: connections,
      connection_failures_total: failures,
      holds_reaped_total: this.#holdsReaped,
      operations_pending: this.#session.pending,
      holds: this.#session.held,
      processes: this.#processes,
      connected: this.#connection.isUp ? 1 : 0,
      leads: this.#leads() ? 1 : 0,
    };
  }

  /** Joins the processes that use this store, until {@link close}. */
  joinGroup(): Promise<ProcessGroup> {
    this.#group ??= RedisProcessGroup.join(this.#groupOptions).then((group) => {
      this.#leads = () => group.isLeader;
      return group;
    });
    return this.#group;
  }

  /** Sends what is left and ends the session: what it still holds is released by another process, or by the next one. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#pulse);
    const group = await this.#group?.catch(() => undefined);
    await group?.leave();
    await this.#session.close();
  }

  /** Says that this process lives, looks for those that do not, and comes back in time to do so again. */
  async #live(): Promise<void> {
    const reply = await this.#session.request(['pulse', String(this.#lifetimeMs)], {
      canCancel: true,
    });
    const [reaped, processes, count, adopted] = reply as [number, number, number, unknown];
    this.#holdsReaped += reaped;
    this.#processes = processes;
    if (reaped > 0) {
      this.#logger.warn('packets of a process that died are not under way any more', { reaped });
    }
    if (count > 0) {
      for (const [key, account, amount, at] of adopted as readonly (readonly string[])[]) {
        this.#tellUnsent(readSettlement([key, amount], account ?? '', Number(at)));
      }
    }
    const delay = reaped > 0 ? 0 : this.#lifetimeMs / PULSES;
    if (!this.#isClosed) this.#pulse = this.#clock.setTimeout(() => void this.#goOnLiving(), delay);
  }

  async #goOnLiving(): Promise<void> {
    try {
      await this.#live();
    } catch (error) {
      if (this.#isClosed) return;
      this.#logger.warn('no sign of life reached Redis', { error: messageOf(error) });
      this.#pulse = this.#clock.setTimeout(
        () => void this.#goOnLiving(),
        this.#lifetimeMs / PULSES,
      );
    }
  }

  async #list(table: string): Promise<[string, string][]> {
    const reply = await this.#session.request(['list', table], { canCancel: true });
    const [, ...rows] = reply as [string, ...[string, string | false][]];
    return rows.filter((row): row is [string, string] => row[1] !== false);
  }

  #releaseLate(held: RedisEntry): void {
    this.release(held).catch((error: unknown) => {
      this.#logger.warn('a hold that came too late is released later', { error: messageOf(error) });
    });
  }

  #tellUnsent(settlement: OutgoingSettlement | undefined): void {
    if (settlement === undefined) return;
    if (this.#unsent.size === 0) this.#untold.push(settlement);
    for (const listener of this.#unsent) listener(settlement);
  }
}

function checkLeg(leg: { readonly account: string; readonly amount: bigint } | undefined): void {
  if (leg !== undefined && leg.amount < 0n) {
    throw new LedgerError('BAD_AMOUNT', `${String(leg.amount)} for account ${leg.account}`);
  }
}

/** An entry takes a step once, and only where it was made. */
function finish(entry: LedgerEntry, state: 'committed' | 'released'): RedisEntry {
  if (!(entry instanceof RedisEntry) || entry.state !== 'held') {
    throw new LedgerError('NOT_HELD', `the entry is ${entry.state}, it cannot be ${state} now`);
  }
  entry.state = state;
  return entry;
}

type Amounts = readonly [string | false, string, string | false, string];

function amountsOf({ incoming, outgoing }: NewEntry): Amounts {
  return [
    incoming?.account ?? false,
    String(incoming?.amount ?? 0),
    outgoing?.account ?? false,
    String(outgoing?.amount ?? 0),
  ];
}

function whatOf(entry: NewEntry): Held {
  const { expiresAt = 0, condition } = entry;
  return [...amountsOf(entry), String(expiresAt), condition === undefined ? '' : toHex(condition)];
}

/** Each as bucket, limit, period, what is taken, and the shortfall if it is not there. */
function limitsOf({ incoming, outgoing }: NewEntry): readonly (readonly string[])[] {
  const limits: string[][] = [];
  const add = (
    leg: Leg | undefined,
    limit: { readonly limit: number | bigint; readonly periodMs?: number } | undefined,
    amount: bigint | undefined,
    name: Shortfall['shortfall'],
  ): void => {
    if (leg === undefined || limit === undefined) return;
    const period = String(limit.periodMs ?? 1000);
    limits.push([`${name}:${leg.account}`, String(limit.limit), period, String(amount), name]);
  };
  add(incoming, incoming?.packets, 1n, 'packets');
  add(incoming, incoming?.throughput, incoming?.amount, 'incoming-throughput');
  add(outgoing, outgoing?.throughput, outgoing?.amount, 'outgoing-throughput');
  return limits;
}
