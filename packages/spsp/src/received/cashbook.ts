import {
  secureRandomBytes,
  type Asset,
  type Clock,
  type IncomingMoney,
  type Logger,
  type MoneyDecision,
  type RandomBytes,
  type StreamReceiver,
  type TotalsStore,
} from '@pennyswitch/stream';
import { encodeBase64 } from '../base64.js';
import { silentLogger, systemClock } from '../environment.js';
import type { SpspServerOptions } from '../server.js';
import { Announcements } from './announcements.js';
import { Books, invoiceIdOf, invoiceTag } from './books.js';
import { InvoiceError, statusOf, type Invoice } from './invoice.js';
import type { Journal } from './journal.js';
import { decodeRecord, encodeRecord, type BookRecord, type MoneyEvent } from './records.js';

/** Options of {@link Cashbook.open}. */
export interface CashbookOptions {
  readonly journal: Journal;
  /** What all amounts are counted in: the asset of the receiver. */
  readonly asset: Asset;
  /** After so many milliseconds without money for a tag, what came in is made one event; default 1000. */
  readonly quietMs?: number;
  /** An event does not wait longer than this where money never stops; default 10 000. */
  readonly longestWaitMs?: number;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** What makes an invoice. */
export interface NewInvoice {
  /** In units of the asset, above 0. */
  readonly amount: bigint;
  readonly description?: string;
  /** In milliseconds since 1970. */
  readonly expiresAt?: number;
  /** Letters, digits, `-` and `_`; default: random. */
  readonly id?: string;
}

/** Which pointers there are. */
export interface PointerOptions {
  /** The tag of the pointer at a path, undefined where there is none. Tags of invoices begin with `invoice:`: no other may. */
  readonly tagOf: (path: string) => string | undefined;
  /** Where invoices have their pointers; default `/invoices/`. */
  readonly invoicePath?: string;
}

/** What the books look at of a packet of money. */
type Money = Pick<IncomingMoney, 'tag' | 'amount'>;

/** The options of a `StreamReceiver` that keep its books; the receiver's other options stand beside them. */
export interface ReceiverBooks {
  readonly totals: TotalsStore;
  readonly onMoney: (money: Money) => Promise<MoneyDecision>;
  readonly onReceived: (money: Money) => void;
  readonly onUndo: (money: Money) => void;
}

const ID_LENGTH = 18;
const DAY_MS = 86_400_000;
/** How long credentials for an invoice are good, in milliseconds: the total that its limit counts must not be forgotten before. */
const CREDENTIALS_MS = 3_600_000;
/** How many records the journal has at least before it is written anew in short. */
const LEAST_RECORDS = 10_000;

/**
 * What pointers and invoices have received, kept in a journal so that a restart forgets nothing. It plugs into a
 * `StreamReceiver` ({@link receiverOptions}) and into an SPSP server ({@link answer}), and makes {@link MoneyEvent}s of what
 * comes in, each kept until it is confirmed.
 *
 * Money is in the journal before its packet is fulfilled. So a crash in between leaves money in the books whose packet was
 * perhaps not fulfilled (its sender calls the outcome unknown), but never the other way round.
 */
export class Cashbook {
  readonly #books = new Books();
  readonly #journal: Journal;
  /** What all amounts are counted in. */
  readonly asset: Asset;
  readonly #clock: Clock;
  readonly #randomBytes: RandomBytes;
  readonly #logger: Logger;
  readonly #announcements: Announcements;
  readonly #listeners = new Set<(event: MoneyEvent) => void>();
  /** Events that are on their way into the journal: told before they are kept, they would be told under another id too. */
  readonly #unkept = new Set<string>();
  #records = 0;

  private constructor(options: CashbookOptions) {
    this.#journal = options.journal;
    this.asset = options.asset;
    this.#clock = options.clock ?? systemClock;
    this.#randomBytes = options.randomBytes ?? secureRandomBytes;
    this.#logger = options.logger ?? silentLogger;
    this.#announcements = new Announcements({
      clock: this.#clock,
      quietMs: options.quietMs ?? 1_000,
      longestWaitMs: options.longestWaitMs ?? 10_000,
      announce: (tag) => {
        this.#announce(tag).catch((error: unknown) => {
          this.#logger.error('could not keep an event', { error });
        });
      },
    });
  }

  /** Reads the journal. @throws what the journal throws; SyntaxError for records that are not those of a cashbook. */
  static async open(options: CashbookOptions): Promise<Cashbook> {
    const cashbook = new Cashbook(options);
    for (const text of await options.journal.read()) {
      cashbook.#books.apply(decodeRecord(text));
      cashbook.#records += 1;
    }
    for (const tag of cashbook.#books.tags()) {
      if (cashbook.#unannounced(tag) > 0n) cashbook.#announcements.dueNow(tag);
    }
    return cashbook;
  }

  /** The options that make a `StreamReceiver` keep its books here. */
  get receiverOptions(): ReceiverBooks {
    return {
      totals: this.totals,
      onMoney: (money) => this.#take(money),
      onReceived: (money) => {
        this.#settle(money, true);
      },
      onUndo: (money) => {
        this.#settle(money, false);
      },
    };
  }

  /** Totals of connections with a limit or receipts; forgotten a day after their last use. */
  readonly totals: TotalsStore = {
    add: async (connectionId, streamId, amount, cap) => {
      const key = `${connectionId}.${streamId}`;
      const total = this.#books.streamTotal(key) + amount;
      if (amount > 0n && total > cap) return undefined;
      if (amount === 0n) return total;
      await this.#write({ type: 'stream', key, total, at: this.#clock.now() });
      return total;
    },
  };

  /** Gives credentials for pointers and invoices: the `answer` of `createSpspHandler`. */
  answer(receiver: StreamReceiver, options: PointerOptions): SpspServerOptions['answer'] {
    const { tagOf, invoicePath = '/invoices/' } = options;
    return ({ path, receipts }) => {
      const withReceipts = receipts === undefined ? {} : { receipts };
      const receiptsEnabled = receipts !== undefined;
      if (!path.startsWith(invoicePath)) {
        const tag = tagOf(path);
        if (tag === undefined) return undefined;
        return {
          credentials: receiver.createCredentials({ tag, ...withReceipts }),
          receiptsEnabled,
        };
      }
      const invoice = this.invoice(path.slice(invoicePath.length));
      if (invoice === undefined) return undefined;
      const status = statusOf(invoice, this.#clock.now());
      if (status !== 'open') return { gone: `The invoice is ${status}` };
      const { amount, asset, description, received: balance } = invoice;
      const credentials = receiver.createCredentials({
        tag: invoiceTag(invoice.id),
        limit: amount - balance,
        expiresAt: Math.min(invoice.expiresAt ?? Infinity, this.#clock.now() + CREDENTIALS_MS),
        ...withReceipts,
      });
      const push = { balance, invoice: { amount, asset, description } };
      return { credentials, receiptsEnabled, push };
    };
  }

  /** Makes an invoice. Resolves when it would outlive a crash. @throws {@link InvoiceError} */
  async createInvoice(wanted: NewInvoice): Promise<Invoice> {
    const { amount, description, expiresAt } = wanted;
    const id = wanted.id ?? this.#randomId();
    if (amount <= 0n || amount >= 2n ** 64n) {
      throw new InvoiceError('BAD_AMOUNT', `the amount is ${amount} and must be above 0`);
    }
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
      throw new InvoiceError('BAD_ID', 'an id has 1 to 64 letters, digits, "-" and "_"');
    }
    if (this.#books.invoice(id) !== undefined) {
      throw new InvoiceError('ID_TAKEN', `there is an invoice ${id} already`);
    }
    const createdAt = this.#clock.now();
    const facts = { id, amount, asset: this.asset, description, createdAt, expiresAt };
    await this.#write({ type: 'invoice', ...facts });
    return { ...facts, received: 0n, isCancelled: false };
  }

  /** Takes no more money for an invoice; what came in stays. @throws {@link InvoiceError} `UNKNOWN` */
  async cancelInvoice(id: string): Promise<void> {
    if (this.#books.invoice(id) === undefined) {
      throw new InvoiceError('UNKNOWN', `there is no invoice ${id}`);
    }
    await this.#write({ type: 'cancel', id });
  }

  invoice(id: string): Invoice | undefined {
    return this.#books.invoice(id);
  }

  /** All invoices, in the order in which they were made. */
  *invoices(): Generator<Invoice> {
    for (const id of this.#books.invoiceIds()) {
      const invoice = this.#books.invoice(id);
      if (invoice !== undefined) yield invoice;
    }
  }

  /** All that came in for a tag, in units. */
  received(tag: string): bigint {
    return this.#books.received(tag);
  }

  /** Told of each event once it is kept. Who must not miss one takes them from {@link firstEvent}, as `Outbox` does. */
  onEvent(listener: (event: MoneyEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The event that has waited longest to be confirmed, once it is kept. */
  firstEvent(): MoneyEvent | undefined {
    const event = this.#books.firstEvent();
    return event !== undefined && this.#unkept.has(event.id) ? undefined : event;
  }

  /** Forgets an event for good: whoever had to be told has said that it was. */
  async confirmEvent(id: string): Promise<void> {
    await this.#write({ type: 'told', id });
  }

  /** Makes events of what came in, waits until all is kept, and closes the journal. */
  async close(): Promise<void> {
    await Promise.all(this.#announcements.stop().map((tag) => this.#announce(tag)));
    await this.#journal.close();
  }

  async #take({ tag = '', amount }: Money): Promise<MoneyDecision> {
    const id = invoiceIdOf(tag);
    const invoice = id === undefined ? undefined : this.#books.invoice(id);
    if (id !== undefined) {
      const status = invoice === undefined ? 'unknown' : statusOf(invoice, this.#clock.now());
      if (invoice === undefined || status !== 'open') {
        return { decline: 'final', reason: `the invoice is ${status}` };
      }
      if (invoice.received + amount > invoice.amount) {
        // Another connection pays it too. With fresh credentials this one learns how much is left.
        return { decline: 'final', reason: 'less is due by now: query again' };
      }
    }
    this.#announcements.hold(tag, amount);
    try {
      await this.#write({ type: 'money', tag, amount });
    } catch (error) {
      this.#announcements.release(tag, amount);
      throw error;
    }
    return 'accept';
  }

  #settle({ tag = '', amount }: Money, isFulfilled: boolean): void {
    if (!isFulfilled) {
      this.#write({ type: 'money', tag, amount: -amount }).catch((error: unknown) => {
        this.#logger.error('could not take money back in the journal', { error });
      });
    }
    this.#announcements.release(tag, amount);
    const invoice = this.#books.invoice(invoiceIdOf(tag) ?? '');
    // Whoever waits for an invoice is told at once when it is paid.
    if (invoice !== undefined && invoice.received >= invoice.amount) {
      this.#announcements.dueNow(tag);
    } else {
      this.#announcements.due(tag);
    }
  }

  #unannounced(tag: string): bigint {
    return this.#books.received(tag) - this.#announcements.held(tag) - this.#books.announced(tag);
  }

  async #announce(tag: string): Promise<void> {
    const amount = this.#unannounced(tag);
    if (amount <= 0n) return;
    const invoice = this.#books.invoice(invoiceIdOf(tag) ?? '');
    const event: MoneyEvent = {
      id: this.#randomId(),
      type: 'money.received',
      tag,
      amount,
      total: this.#books.announced(tag) + amount,
      asset: this.asset,
      at: this.#clock.now(),
      invoice:
        invoice === undefined
          ? undefined
          : {
              id: invoice.id,
              amount: invoice.amount,
              isPaid: this.#books.announced(tag) + amount >= invoice.amount,
            },
    };
    this.#unkept.add(event.id);
    await this.#write({ type: 'event', event });
    this.#unkept.delete(event.id);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error('a listener for events failed', { error });
      }
    }
  }

  /** Changes the books at once, so that what comes next sees it, and resolves when the change would outlive a crash. */
  async #write(record: BookRecord): Promise<void> {
    this.#books.apply(record);
    this.#records += 1;
    const written = this.#journal.append(encodeRecord(record));
    if (this.#records > Math.max(LEAST_RECORDS, 4 * this.#books.size)) this.#shorten();
    await written;
  }

  #shorten(): void {
    const oldest = this.#clock.now() - DAY_MS;
    this.#books.forgetStreams(oldest);
    const records = this.#books.snapshot(oldest);
    this.#records = records.length;
    this.#journal.replace(records.map(encodeRecord)).catch((error: unknown) => {
      this.#logger.error('could not shorten the journal', { error });
    });
  }

  #randomId(): string {
    return encodeBase64(this.#randomBytes(ID_LENGTH)).replaceAll('+', '-').replaceAll('/', '_');
  }
}
