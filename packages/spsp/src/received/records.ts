import type { Asset } from '@pennyswitch/stream';

/** Money that came in for a tag and has to be told: at least once, so whoever is told books by `id`. */
export interface MoneyEvent {
  /** The same however often the event is told, and of no other event. */
  readonly id: string;
  readonly type: 'money.received';
  /** For whom: the tag of the credentials. */
  readonly tag: string;
  /** What came in since the last event of this tag, in units of the asset; the sum over all ids is all that came in. */
  readonly amount: bigint;
  /** All that ever came in for the tag. */
  readonly total: bigint;
  readonly asset: Asset;
  /** In milliseconds since 1970. */
  readonly at: number;
  /** Where the tag is that of an invoice. */
  readonly invoice:
    { readonly id: string; readonly amount: bigint; readonly isPaid: boolean } | undefined;
}

/** What changes the books. Each is one line of JSON in the journal. */
export type BookRecord =
  | {
      readonly type: 'invoice';
      readonly id: string;
      readonly amount: bigint;
      readonly asset: Asset;
      readonly description?: string | undefined;
      readonly createdAt: number;
      readonly expiresAt?: number | undefined;
    }
  | { readonly type: 'cancel'; readonly id: string }
  /** Money for a tag; negative where it is taken back. */
  | { readonly type: 'money'; readonly tag: string; readonly amount: bigint }
  /** In a snapshot: how a tag stands. */
  | {
      readonly type: 'tag';
      readonly tag: string;
      readonly received: bigint;
      readonly announced: bigint;
    }
  /** The total of a stream of a connection; stream 0 is all of it. */
  | { readonly type: 'stream'; readonly key: string; readonly total: bigint; readonly at: number }
  | { readonly type: 'event'; readonly event: MoneyEvent }
  | { readonly type: 'told'; readonly id: string };

/** Which fields are amounts: JSON has no integers of 64 bits, so they are texts there. */
const AMOUNTS: ReadonlySet<string> = new Set(['amount', 'received', 'announced', 'total']);

export function encodeRecord(record: BookRecord): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Reads what {@link encodeRecord} wrote. @throws SyntaxError for anything that is no record. */
export function decodeRecord(text: string): BookRecord {
  const record: unknown = JSON.parse(text, (key, value: unknown) =>
    AMOUNTS.has(key) && typeof value === 'string' ? BigInt(value) : value,
  );
  if (typeof record !== 'object' || record === null || !('type' in record)) {
    throw new SyntaxError('a record of the journal has no type');
  }
  return record as BookRecord;
}
