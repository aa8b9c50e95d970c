import type { Clock, ReceiptStore } from '@pennyswitch/stream';
import { systemClock } from '../environment.js';
import type { Journal } from '../received/journal.js';

/** One line of JSON each; amounts are texts there. */
type ReceiptRecord =
  | {
      readonly type: 'receipt';
      readonly key: string;
      readonly total: string;
      readonly expiresAt: number;
      readonly balance?: string | undefined;
      readonly credited: string;
    }
  | { readonly type: 'spend'; readonly balance: string; readonly amount: string }
  /** In what the journal is shortened to: how a balance stands. */
  | { readonly type: 'balance'; readonly balance: string; readonly amount: string };

/** Options of {@link ReceiptBook.open}. */
export interface ReceiptBookOptions {
  readonly journal: Journal;
  readonly clock?: Pick<Clock, 'now'>;
}

interface KnownReceipt {
  readonly total: bigint;
  readonly expiresAt: number;
}

/** How many records the journal has at least before it is written anew in short. */
const LEAST_RECORDS = 10_000;

/**
 * What a verifier of receipts (RFC 0039) remembers: the highest total of each stream, until its receipts are stale, and what
 * payers have in balance. Both are in one journal, and a receipt raises both in one record: no crash credits one without the
 * other.
 */
export class ReceiptBook {
  readonly #journal: Journal;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #receipts = new Map<string, KnownReceipt>();
  readonly #balances = new Map<string, bigint>();
  #records = 0;

  private constructor({ journal, clock = systemClock }: ReceiptBookOptions) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Reads the journal. @throws what the journal throws; SyntaxError for records that are not those of a receipt book. */
  static async open(options: ReceiptBookOptions): Promise<ReceiptBook> {
    const book = new ReceiptBook(options);
    for (const text of await options.journal.read()) {
      book.#apply(JSON.parse(text) as ReceiptRecord);
      book.#records += 1;
    }
    return book;
  }

  /** A store for `ReceiptVerifier` that credits a balance, or none. */
  storeFor(balance: string | undefined): ReceiptStore {
    return {
      raise: async (key, total, expiresAt) => {
        const known = this.#receipts.get(key)?.total ?? 0n;
        if (total <= known) return 0n;
        const credited = total - known;
        await this.#write({
          type: 'receipt',
          key,
          total: total.toString(),
          expiresAt,
          balance,
          credited: credited.toString(),
        });
        return credited;
      },
    };
  }

  /** What is in a balance, in units of the receiver. */
  balance(id: string): bigint {
    return this.#balances.get(id) ?? 0n;
  }

  /** Takes from a balance, once that would outlive a crash; returns what is left, or undefined where there is too little. */
  async spend(id: string, amount: bigint): Promise<bigint | undefined> {
    const left = this.balance(id) - amount;
    if (amount <= 0n || left < 0n) return undefined;
    await this.#write({ type: 'spend', balance: id, amount: amount.toString() });
    return left;
  }

  /** Waits until all is kept and closes the journal. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  #apply(record: ReceiptRecord): void {
    switch (record.type) {
      case 'receipt': {
        const { key, total, expiresAt, balance, credited } = record;
        this.#receipts.set(key, { total: BigInt(total), expiresAt });
        if (balance !== undefined) this.#add(balance, BigInt(credited));
        return;
      }
      case 'spend':
        this.#add(record.balance, -BigInt(record.amount));
        return;
      case 'balance':
        this.#balances.set(record.balance, BigInt(record.amount));
    }
  }

  #add(id: string, amount: bigint): void {
    const balance = this.balance(id) + amount;
    if (balance === 0n) this.#balances.delete(id);
    else this.#balances.set(id, balance);
  }

  /** Changes the book at once, so that what comes next sees it, and resolves when the change would outlive a crash. */
  async #write(record: ReceiptRecord): Promise<void> {
    this.#apply(record);
    this.#records += 1;
    const written = this.#journal.append(JSON.stringify(record));
    this.#forgetStale();
    const size = this.#receipts.size + this.#balances.size;
    if (this.#records > Math.max(LEAST_RECORDS, 4 * size)) this.#shorten();
    await written;
  }

  /** Looks at the oldest only: they were put in roughly in the order in which they expire. */
  #forgetStale(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#receipts) {
      if (expiresAt > now) return;
      this.#receipts.delete(key);
    }
  }

  #shorten(): void {
    const records: ReceiptRecord[] = [];
    for (const [key, { total, expiresAt }] of this.#receipts) {
      const facts = { total: total.toString(), expiresAt, credited: '0' };
      records.push({ type: 'receipt', key, ...facts });
    }
    for (const [balance, amount] of this.#balances) {
      records.push({ type: 'balance', balance, amount: amount.toString() });
    }
    this.#records = records.length;
    // Where it fails the journal takes no more records, which the next one reports.
    this.#journal.replace(records.map((each) => JSON.stringify(each))).catch(() => undefined);
  }
}
