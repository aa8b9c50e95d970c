import type { Invoice } from './invoice.js';
import type { BookRecord, MoneyEvent } from './records.js';

/** How a tag stands. */
interface TagBalance {
  /** All that came in. */
  received: bigint;
  /** How much of it events have been made of. */
  announced: bigint;
}

/** A stream's total and when it last changed, in milliseconds since 1970. */
interface StreamTotal {
  total: bigint;
  at: number;
}

const INVOICE_TAG = 'invoice:';

/** The tag of an invoice's credentials. */
export function invoiceTag(id: string): string {
  return `${INVOICE_TAG}${id}`;
}

/** The invoice that a tag belongs to; undefined for another tag. */
export function invoiceIdOf(tag: string): string | undefined {
  return tag.startsWith(INVOICE_TAG) ? tag.slice(INVOICE_TAG.length) : undefined;
}

/** All that a journal's records come to: applied in order, they give the same books every time. No I/O, no time. */
export class Books {
  readonly #invoices = new Map<string, Omit<Invoice, 'received'>>();
  readonly #tags = new Map<string, TagBalance>();
  /** The stream that was used longest ago comes first. */
  readonly #streams = new Map<string, StreamTotal>();
  /** Events that nobody has confirmed yet, in the order in which they were made. */
  readonly #events = new Map<string, MoneyEvent>();

  apply(record: BookRecord): void {
    switch (record.type) {
      case 'invoice': {
        const { id, amount, asset, description, createdAt, expiresAt } = record;
        const facts = { id, amount, asset, description, createdAt, expiresAt };
        this.#invoices.set(id, { ...facts, isCancelled: false });
        return;
      }
      case 'cancel': {
        const invoice = this.#invoices.get(record.id);
        if (invoice !== undefined) this.#invoices.set(record.id, { ...invoice, isCancelled: true });
        return;
      }
      case 'money':
        this.#tag(record.tag).received += record.amount;
        return;
      case 'tag':
        this.#tags.set(record.tag, { received: record.received, announced: record.announced });
        return;
      case 'stream':
        this.#streams.delete(record.key);
        this.#streams.set(record.key, { total: record.total, at: record.at });
        return;
      case 'event':
        this.#events.set(record.event.id, record.event);
        this.#tag(record.event.tag).announced = record.event.total;
        return;
      case 'told':
        this.#events.delete(record.id);
    }
  }

  /** The fewest records that give these books. @param streamsSince leaves out totals that were last used before. */
  snapshot(streamsSince: number): BookRecord[] {
    const records: BookRecord[] = [];
    for (const { isCancelled, ...invoice } of this.#invoices.values()) {
      records.push({ type: 'invoice', ...invoice });
      if (isCancelled) records.push({ type: 'cancel', id: invoice.id });
    }
    for (const event of this.#events.values()) records.push({ type: 'event', event });
    // After the events, which say what was announced then and not what is now.
    for (const [tag, balance] of this.#tags) records.push({ type: 'tag', tag, ...balance });
    for (const [key, { total, at }] of this.#streams) {
      if (at >= streamsSince) records.push({ type: 'stream', key, total, at });
    }
    return records;
  }

  /** Forgets totals of streams that were last used before; they are the first ones. */
  forgetStreams(before: number): void {
    for (const [key, { at }] of this.#streams) {
      if (at >= before) return;
      this.#streams.delete(key);
    }
  }

  invoice(id: string): Invoice | undefined {
    const invoice = this.#invoices.get(id);
    return invoice === undefined
      ? undefined
      : { ...invoice, received: this.received(invoiceTag(id)) };
  }

  invoiceIds(): IterableIterator<string> {
    return this.#invoices.keys();
  }

  tags(): IterableIterator<string> {
    return this.#tags.keys();
  }

  received(tag: string): bigint {
    return this.#tags.get(tag)?.received ?? 0n;
  }

  announced(tag: string): bigint {
    return this.#tags.get(tag)?.announced ?? 0n;
  }

  streamTotal(key: string): bigint {
    return this.#streams.get(key)?.total ?? 0n;
  }

  /** The event that has waited longest. */
  firstEvent(): MoneyEvent | undefined {
    for (const event of this.#events.values()) return event;
    return undefined;
  }

  /** How many things the books hold: about the length of a snapshot. */
  get size(): number {
    return this.#invoices.size + this.#tags.size + this.#streams.size + this.#events.size;
  }

  #tag(tag: string): TagBalance {
    let balance = this.#tags.get(tag);
    if (balance === undefined) {
      balance = { received: 0n, announced: 0n };
      this.#tags.set(tag, balance);
    }
    return balance;
  }
}
