import type { Asset } from '../asset.js';
import type { Balance } from './balance.js';
import type {
  IncomingSettlement,
  LateFulfillment,
  LostPacket,
  OutgoingSettlement,
} from './ledger-store.js';
import type { Leftover } from './leftover.js';

/** The book of one account, with what belongs to it. */
export type Book = { -readonly [Key in keyof Balance]: Balance[Key] } & {
  readonly account: string;
  readonly asset: Asset;
  /** Of settlements that came in, what is too little for a unit of the account yet. */
  leftover: Leftover | undefined;
};

/** What is kept of a book: holds end with the process. */
export type BookRecord = Omit<Book, 'heldIncoming' | 'heldOutgoing'>;

/** A settlement that was credited, kept for its key. */
export interface Credited {
  readonly settlement: IncomingSettlement;
  readonly credited: bigint;
  readonly usedAt: number;
}

/** What has a place in a row: the lower, the older. */
export type Ordered<T> = T & { readonly order: number };

/** One thing that a ledger knows and that outlives a process. */
export type LedgerRecord =
  | { readonly table: 'book'; readonly id: string; readonly value: BookRecord }
  | { readonly table: 'outbox'; readonly id: string; readonly value: Ordered<OutgoingSettlement> }
  | { readonly table: 'credited'; readonly id: string; readonly value: Credited }
  | { readonly table: 'late'; readonly id: string; readonly value: Ordered<LateFulfillment> }
  | { readonly table: 'lost'; readonly id: string; readonly value: Ordered<LostPacket> };

/** The kinds of records. */
export type LedgerTable = LedgerRecord['table'];

/** A record as text. Whole numbers of any size and bytes are written as tagged objects. */
export function writeRecord(value: LedgerRecord['value']): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return { $int: part.toString() };
    if (part instanceof Uint8Array) return { $hex: toHex(part) };
    return part;
  });
}

/** Reads what {@link writeRecord} wrote. @throws `SyntaxError` for anything else. */
export function readRecord(text: string): LedgerRecord['value'] {
  return JSON.parse(text, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    if ('$int' in part) return BigInt(part.$int as string);
    if ('$hex' in part) return fromHex(part.$hex as string);
    return part;
  }) as LedgerRecord['value'];
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
