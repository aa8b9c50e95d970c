import { describeAsset, isSameUnit, type Asset } from '../asset.js';
import { randomUuid, systemRandomBytes, type RandomBytes } from '../environment.js';
import { LedgerError } from '../errors.js';
import { assertBalanced, EMPTY_BALANCE, netOf, type Balance } from './balance.js';
import { creditToUnits } from './leftover.js';
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
} from './ledger-store.js';
import type { Book, Credited, LedgerRecord, LedgerTable, Ordered } from './records.js';
import { settlementDue, type SettlementPolicy } from './settlement-policy.js';

/** How long a settlement's key is kept after its last use (RFC 0038 "Handling idempotent requests"). */
export const IDEMPOTENCY_MS: number = 24 * 60 * 60 * 1000;
/** Of late fulfillments and lost packets, each. */
const MAX_UNRECONCILED = 1000;

class MemoryEntry implements LedgerEntry {
  state: LedgerEntry['state'] = 'held';
  readonly incoming: Leg | undefined;
  readonly outgoing: Leg | undefined;
  /** The books that it holds money in. One may be deleted, and even opened anew, before the entry ends. */
  readonly from: Book | undefined;
  readonly to: Book | undefined;

  constructor(entry: NewEntry, from: Book | undefined, to: Book | undefined) {
    this.incoming = entry.incoming;
    this.outgoing = entry.outgoing;
    this.from = from;
    this.to = to;
  }
}

/** How a memory store starts, and who hears of changes. */
export interface MemoryLedgerStoreOptions {
  readonly randomBytes?: RandomBytes;
  /** What an earlier store knew, in any order. */
  readonly records?: Iterable<LedgerRecord>;
  /** Told of each record that changes, comes or goes, within the step that does it. Must not throw. */
  readonly onChange?: (table: LedgerTable, id: string) => void;
}

/**
 * Balances in this process's memory, for tests, wallets and embedding: they end with the process. Every step runs to
 * its end at once, which is what makes it atomic. A durable store is one of these and somewhere to write its records.
 */
export class MemoryLedgerStore implements LedgerStore {
  readonly #randomBytes: RandomBytes;
  readonly #onChange: (table: LedgerTable, id: string) => void;
  readonly #books = new Map<string, Book>();
  readonly #outbox = new Map<string, Ordered<OutgoingSettlement>>();
  /** By key, least recently used first, so that expiry is a look at the front. */
  readonly #credited = new Map<string, Credited>();
  readonly #late = new Map<string, Ordered<LateFulfillment>>();
  readonly #lost = new Map<string, Ordered<LostPacket>>();
  #lastOrder = 0;

  constructor(options: MemoryLedgerStoreOptions = {}) {
    this.#randomBytes = options.randomBytes ?? systemRandomBytes;
    this.#onChange = options.onChange ?? (() => undefined);
    if (options.records !== undefined) this.#restore([...options.records]);
  }

  /** A record as it is now; undefined if it is gone. */
  record(table: LedgerTable, id: string): LedgerRecord['value'] | undefined {
    if (table !== 'book') return this.#tableOf(table).get(id);
    const book = this.#books.get(id);
    if (book === undefined) return undefined;
    const { heldIncoming: _in, heldOutgoing: _out, ...kept } = book;
    return kept;
  }

  #restore(records: LedgerRecord[]): void {
    const ordered = records.filter((record) => 'order' in record.value);
    const order = (record: LedgerRecord): number =>
      'order' in record.value ? record.value.order : 0;
    for (const record of ordered.sort((a, b) => order(a) - order(b))) {
      this.#lastOrder = order(record);
      (this.#tableOf(record.table) as Map<string, LedgerRecord['value']>).set(
        record.id,
        record.value,
      );
    }
    const credited = records.filter((record) => record.table === 'credited');
    for (const { id, value } of credited.sort((a, b) => a.value.usedAt - b.value.usedAt)) {
      this.#credited.set(id, value);
    }
    for (const record of records) {
      if (record.table !== 'book') continue;
      const book = { ...record.value, heldIncoming: 0n, heldOutgoing: 0n };
      assertBalanced(book.account, book);
      this.#books.set(record.id, book);
    }
  }

  #tableOf(table: LedgerTable): ReadonlyMap<string, LedgerRecord['value']> {
    switch (table) {
      case 'book':
        return this.#books;
      case 'outbox':
        return this.#outbox;
      case 'credited':
        return this.#credited;
      case 'late':
        return this.#late;
      case 'lost':
        return this.#lost;
    }
  }

  openAccount(account: string, asset: Asset): Balance {
    const known = this.#books.get(account);
    if (known === undefined) {
      this.#books.set(account, { ...EMPTY_BALANCE, account, asset, leftover: undefined });
      this.#onChange('book', account);
      return EMPTY_BALANCE;
    }
    if (!isSameUnit(known.asset, asset)) {
      throw new LedgerError(
        'ASSET_CHANGED',
        `the book of account ${account} counts ${describeAsset(known.asset)}, not ${describeAsset(asset)}`,
      );
    }
    return snapshot(known);
  }

  deleteAccount(account: string): void {
    this.#books.delete(account);
    this.#onChange('book', account);
    for (const [key, settlement] of this.#outbox) {
      if (settlement.account === account) this.acknowledge(key);
    }
  }

  balance(account: string): Balance {
    return snapshot(this.#book(account));
  }

  reserve(entry: NewEntry): MemoryEntry | Shortfall {
    const { incoming, outgoing } = entry;
    const from = incoming && this.#book(checked(incoming).account);
    const to = outgoing && this.#book(checked(outgoing).account);
    if (
      from !== undefined &&
      incoming?.limit !== undefined &&
      netOf(from) + from.heldIncoming + incoming.amount > incoming.limit
    ) {
      return { shortfall: 'incoming' };
    }
    if (
      to !== undefined &&
      outgoing?.limit !== undefined &&
      netOf(to) - to.heldOutgoing - outgoing.amount < outgoing.limit
    ) {
      return { shortfall: 'outgoing' };
    }
    if (from !== undefined && incoming !== undefined) from.heldIncoming += incoming.amount;
    if (to !== undefined && outgoing !== undefined) to.heldOutgoing += outgoing.amount;
    return new MemoryEntry(entry, from, to);
  }

  commit(
    entry: LedgerEntry,
    policy: SettlementPolicy | undefined,
    now: number,
  ): OutgoingSettlement | undefined {
    const { incoming, outgoing, from, to } = this.#finish(entry, 'committed');
    if (from !== undefined && incoming !== undefined) {
      from.receivable += incoming.amount;
      from.clearedIncoming += incoming.amount;
      assertBalanced(from.account, from);
      this.#onChange('book', from.account);
    }
    if (to === undefined || outgoing === undefined) return undefined;
    to.payable += outgoing.amount;
    to.clearedOutgoing += outgoing.amount;
    assertBalanced(to.account, to);
    this.#onChange('book', to.account);
    if (policy === undefined || this.#books.get(to.account) !== to) return undefined;
    return this.#debitDue(to, settlementDue(to, policy), now);
  }

  release(entry: LedgerEntry): void {
    this.#finish(entry, 'released');
  }

  debit(
    account: string,
    due: bigint | SettlementPolicy,
    now: number,
  ): OutgoingSettlement | undefined {
    const book = this.#book(account);
    return this.#debitDue(book, typeof due === 'bigint' ? due : settlementDue(book, due), now);
  }

  outbox(accounts: ReadonlySet<string>): OutgoingSettlement[] {
    return [...this.#outbox.values()]
      .filter(({ account }) => accounts.has(account))
      .map(({ order: _, ...settlement }) => settlement);
  }

  acknowledge(key: string): void {
    if (this.#outbox.delete(key)) this.#onChange('outbox', key);
  }

  credit(settlement: IncomingSettlement): CreditResult {
    this.#forgetCredited(settlement.now);
    const known = this.#credited.get(settlement.key);
    if (known !== undefined) return this.#replay(known, settlement);
    const book = this.#book(checked(settlement).account);
    const { units, leftover } = creditToUnits(settlement, book.asset.scale, book.leftover);
    book.leftover = leftover;
    book.receivable -= units;
    book.settledIncoming += units;
    assertBalanced(book.account, book);
    this.#onChange('book', book.account);
    this.#use(settlement.key, { settlement, credited: units, usedAt: settlement.now });
    return { type: 'credited', credited: units, replayed: false };
  }

  recordLate(late: LateFulfillment): void {
    this.#keep('late', this.#late, late);
  }

  lateFulfillments(): LateFulfillment[] {
    return [...this.#late.values()].map(({ order: _, ...late }) => late);
  }

  recordLost(lost: LostPacket): void {
    this.#keep('lost', this.#lost, lost);
  }

  lostPackets(): LostPacket[] {
    return [...this.#lost.values()].map(({ order: _, ...lost }) => lost);
  }

  /** Keeps the last so many. */
  #keep<T>(name: LedgerTable, table: Map<string, Ordered<T>>, value: T): void {
    const order = ++this.#lastOrder;
    table.set(String(order), { ...value, order });
    this.#onChange(name, String(order));
    if (table.size <= MAX_UNRECONCILED) return;
    for (const oldest of table.keys()) {
      table.delete(oldest);
      this.#onChange(name, oldest);
      return;
    }
  }

  #book(account: string): Book {
    const book = this.#books.get(account);
    if (book === undefined) {
      throw new LedgerError('UNKNOWN_ACCOUNT', `no book is open for account ${account}`);
    }
    return book;
  }

  /** Takes both holds away; what follows from that is up to the caller, in the same step. */
  #finish(entry: LedgerEntry, state: 'committed' | 'released'): MemoryEntry {
    if (!(entry instanceof MemoryEntry) || entry.state !== 'held') {
      throw new LedgerError('NOT_HELD', `the entry is ${entry.state}, it cannot be ${state} now`);
    }
    const { incoming, outgoing, from, to } = entry;
    entry.state = state;
    if (from !== undefined && incoming !== undefined) from.heldIncoming -= incoming.amount;
    if (to !== undefined && outgoing !== undefined) to.heldOutgoing -= outgoing.amount;
    if ((from?.heldIncoming ?? 0n) < 0n || (to?.heldOutgoing ?? 0n) < 0n) {
      throw new LedgerError('OUT_OF_BALANCE', 'more was taken back than was held');
    }
    return entry;
  }

  #debitDue(book: Book, amount: bigint, now: number): OutgoingSettlement | undefined {
    if (amount === 0n) return undefined;
    if (amount < 0n) throw new LedgerError('BAD_AMOUNT', `a settlement of ${String(amount)}`);
    book.payable -= amount;
    book.settledOutgoing += amount;
    assertBalanced(book.account, book);
    const key = randomUuid(this.#randomBytes);
    const settlement = { key, account: book.account, amount, createdAt: now };
    this.#outbox.set(key, { ...settlement, order: ++this.#lastOrder });
    this.#onChange('book', book.account);
    this.#onChange('outbox', key);
    return settlement;
  }

  #replay(known: Credited, settlement: IncomingSettlement): CreditResult {
    // A request that is refused is one with this key too: the key is kept for a day from now.
    this.#use(settlement.key, { ...known, usedAt: settlement.now });
    const { account, amount, scale } = known.settlement;
    if (
      account !== settlement.account ||
      amount !== settlement.amount ||
      scale !== settlement.scale
    ) {
      return { type: 'conflict' };
    }
    return { type: 'credited', credited: known.credited, replayed: true };
  }

  /** Puts a key last in the row of those that expire. */
  #use(key: string, credited: Credited): void {
    this.#credited.delete(key);
    this.#credited.set(key, credited);
    this.#onChange('credited', key);
  }

  #forgetCredited(now: number): void {
    for (const [key, { usedAt }] of this.#credited) {
      if (usedAt + IDEMPOTENCY_MS > now) return;
      this.#credited.delete(key);
      this.#onChange('credited', key);
    }
  }
}

function checked<T extends { readonly account: string; readonly amount: bigint }>(leg: T): T {
  if (leg.amount < 0n) {
    throw new LedgerError('BAD_AMOUNT', `${String(leg.amount)} for account ${leg.account}`);
  }
  return leg;
}

function snapshot(book: Book): Balance {
  const { receivable, payable, heldIncoming, heldOutgoing } = book;
  const { clearedIncoming, clearedOutgoing, settledIncoming, settledOutgoing } = book;
  return {
    receivable,
    payable,
    heldIncoming,
    heldOutgoing,
    clearedIncoming,
    clearedOutgoing,
    settledIncoming,
    settledOutgoing,
  };
}
