import { ClassicLevel } from 'classic-level';
import type { Asset } from '../../asset.js';
import type { RandomBytes } from '../../environment.js';
import { LedgerError } from '../../errors.js';
import type { Balance } from '../../ledger/balance.js';
import type {
  CreditResult,
  IncomingSettlement,
  LateFulfillment,
  LedgerEntry,
  LedgerStore,
  LostPacket,
  NewEntry,
  OutgoingSettlement,
  Shortfall,
} from '../../ledger/ledger-store.js';
import { MemoryLedgerStore } from '../../ledger/memory-store.js';
import {
  readRecord,
  writeRecord,
  type LedgerRecord,
  type LedgerTable,
} from '../../ledger/records.js';
import type { SettlementPolicy } from '../../ledger/settlement-policy.js';
import { GroupCommit, type DurableWriter, type Write } from './group-commit.js';

/** How a durable store is opened. */
export interface LevelLedgerStoreOptions {
  /** A folder of the store's own; made if it is missing. One process at a time has it open. */
  readonly path: string;
  readonly randomBytes?: RandomBytes;
}

const FORMAT_KEY = 'format';
/** Goes up when older programs must not read what newer ones wrote. */
const FORMAT = '1';

/**
 * A ledger on disk. It works in memory and writes behind, but not too late: what a step changed is on the disk
 * (fdatasync has returned) before the promise of that step resolves, so a balance is durable before its Fulfill goes
 * out. Steps that wait at the same time share one sync. Holds are in memory only and end with the process.
 *
 * After a crash the store is as after the last batch: LevelDB's log has a checksum for each, and one that is not whole
 * did not happen, and nobody was told that it had.
 */
export class LevelLedgerStore implements LedgerStore {
  readonly #database: ClassicLevel;
  readonly #memory: MemoryLedgerStore;
  readonly #commits: GroupCommit;
  /** Settlements that nobody sends: they were debited, but whoever asked was told that they could not be written. */
  readonly #unsent: OutgoingSettlement[] = [];
  readonly #onUnsent = new Set<(settlement: OutgoingSettlement) => void>();

  private constructor(database: ClassicLevel, records: LedgerRecord[], randomBytes?: RandomBytes) {
    this.#database = database;
    this.#memory = new MemoryLedgerStore({
      ...(randomBytes === undefined ? {} : { randomBytes }),
      records,
      onChange: (table, id) => {
        this.#commits.touch(keyOf(table, id));
      },
    });
    this.#commits = new GroupCommit(writerOf(database), (key) => {
      const { table, id } = partsOf(key);
      const value = this.#memory.record(table, id);
      return value === undefined ? undefined : writeRecord(value);
    });
  }

  /**
   * Opens a store, or makes a new one.
   * @throws {@link LedgerError} `STORE_LOCKED` while another process has it open, `STORE_UNREADABLE` for what is no store
   * of this version.
   */
  static async open(options: LevelLedgerStoreOptions): Promise<LevelLedgerStore> {
    const database = new ClassicLevel(options.path);
    try {
      await database.open();
    } catch (error) {
      throw cannotOpen(options.path, error);
    }
    try {
      await checkFormat(database, options.path);
      const records: LedgerRecord[] = [];
      for await (const [key, text] of database.iterator()) {
        if (key === FORMAT_KEY) continue;
        records.push({ ...partsOf(key), value: readRecord(text) } as LedgerRecord);
      }
      return new LevelLedgerStore(database, records, options.randomBytes);
    } catch (error) {
      await database.close();
      if (error instanceof LedgerError) throw error;
      throw new LedgerError('STORE_UNREADABLE', `the store at ${options.path} cannot be read`, {
        cause: error,
      });
    }
  }

  openAccount(account: string, asset: Asset): Promise<Balance> {
    return this.#durably(() => this.#memory.openAccount(account, asset));
  }

  deleteAccount(account: string): Promise<void> {
    return this.#durably(() => {
      this.#memory.deleteAccount(account);
    });
  }

  balance(account: string): Balance {
    return this.#memory.balance(account);
  }

  reserve(entry: NewEntry): LedgerEntry | Shortfall {
    return this.#memory.reserve(entry);
  }

  commit(
    entry: LedgerEntry,
    policy: SettlementPolicy | undefined,
    now: number,
  ): Promise<OutgoingSettlement | undefined> {
    return this.#debitDurably(() => this.#memory.commit(entry, policy, now));
  }

  release(entry: LedgerEntry): void {
    this.#memory.release(entry);
  }

  debit(
    account: string,
    due: bigint | SettlementPolicy,
    now: number,
  ): Promise<OutgoingSettlement | undefined> {
    return this.#debitDurably(() => this.#memory.debit(account, due, now));
  }

  outbox(accounts: ReadonlySet<string>): readonly OutgoingSettlement[] {
    return this.#memory.outbox(accounts);
  }

  acknowledge(key: string): Promise<void> {
    return this.#durably(() => {
      this.#memory.acknowledge(key);
    });
  }

  credit(settlement: IncomingSettlement): Promise<CreditResult> {
    return this.#durably(() => this.#memory.credit(settlement));
  }

  recordLate(late: LateFulfillment): Promise<void> {
    return this.#durably(() => {
      this.#memory.recordLate(late);
    });
  }

  lateFulfillments(): readonly LateFulfillment[] {
    return this.#memory.lateFulfillments();
  }

  recordLost(lost: LostPacket): Promise<void> {
    return this.#durably(() => {
      this.#memory.recordLost(lost);
    });
  }

  lostPackets(): readonly LostPacket[] {
    return this.#memory.lostPackets();
  }

  onUnsent(listener: (settlement: OutgoingSettlement) => void): () => void {
    this.#onUnsent.add(listener);
    return () => this.#onUnsent.delete(listener);
  }

  statistics(): Readonly<Record<string, number>> {
    const { batches, keys, failures, pending } = this.#commits;
    return {
      syncs_total: batches,
      records_written_total: keys,
      write_failures_total: failures,
      records_pending: pending,
    };
  }

  /** Writes what is left and closes the files. */
  async close(): Promise<void> {
    try {
      await this.#commits.flush();
    } finally {
      await this.#database.close();
    }
  }

  /** Does a step in memory, and resolves when what it changed is on the disk. */
  async #durably<T>(step: () => T): Promise<T> {
    const result = step();
    await this.#commits.flush();
    this.#tellUnsent();
    return result;
  }

  /** The same for a step that may debit a settlement, which must be sent even if the step could only be written later. */
  async #debitDurably(
    step: () => OutgoingSettlement | undefined,
  ): Promise<OutgoingSettlement | undefined> {
    let settlement: OutgoingSettlement | undefined;
    try {
      return await this.#durably(() => (settlement = step()));
    } catch (error) {
      if (settlement !== undefined) this.#unsent.push(settlement);
      throw error;
    }
  }

  /** After a flush, which wrote what an earlier one could not. */
  #tellUnsent(): void {
    for (const settlement of this.#unsent.splice(0)) {
      if (this.#memory.record('outbox', settlement.key) === undefined) continue;
      for (const listener of this.#onUnsent) listener(settlement);
    }
  }
}

function writerOf(database: ClassicLevel): DurableWriter {
  return {
    write: (batch) => database.batch(batch.map(operationOf), { sync: true }),
  };
}

function operationOf({
  key,
  value,
}: Write): { type: 'put'; key: string; value: string } | { type: 'del'; key: string } {
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value };
}

async function checkFormat(database: ClassicLevel, path: string): Promise<void> {
  const format = await database.get(FORMAT_KEY);
  if (format === FORMAT) return;
  if (format === undefined && (await database.keys({ limit: 1 }).next()) === undefined) {
    await database.put(FORMAT_KEY, FORMAT, { sync: true });
    return;
  }
  throw new LedgerError(
    'STORE_UNREADABLE',
    `what is at ${path} is of format ${format ?? 'unknown'}, this program reads ${FORMAT}`,
  );
}

function cannotOpen(path: string, error: unknown): LedgerError {
  const cause = error instanceof Error ? error.cause : undefined;
  const isLocked = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
  return isLocked
    ? new LedgerError('STORE_LOCKED', `another process has the store at ${path} open`)
    : new LedgerError('STORE_UNREADABLE', `the store at ${path} cannot be opened`, {
        cause: error,
      });
}

/** Ids of accounts and keys of settlements may hold anything; names of tables hold no `!`. */
function keyOf(table: LedgerTable, id: string): string {
  return `${table}!${id}`;
}

function partsOf(key: string): { readonly table: LedgerTable; readonly id: string } {
  const at = key.indexOf('!');
  return { table: key.slice(0, at) as LedgerTable, id: key.slice(at + 1) };
}
