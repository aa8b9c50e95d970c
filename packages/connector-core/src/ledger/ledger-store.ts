import type { RateLimit } from '../account/settings.js';
import type { Asset } from '../asset.js';
import type { Awaitable } from '../awaitable.js';
import type { Balance } from './balance.js';
import type { SettlementPolicy } from './settlement-policy.js';

/** One side of an entry: an amount of an account, and the limit that the account may not pass by it. */
export interface Leg {
  readonly account: string;
  /** 0 or more, in units of the account. */
  readonly amount: bigint;
  /**
   * Incoming: the most that the peer may owe us, packets under way counted (RFC 0032 "Maximum Balance").
   * Outgoing: the least that our net balance may become, packets under way counted; as a rule below zero.
   * Limits travel with the call, so that the check and the hold are one step whoever else uses the store.
   */
  readonly limit?: bigint | undefined;
  /** How much may move this way in a period; only for stores that {@link LedgerStore.limitsThroughput}. */
  readonly throughput?: RateLimit<bigint> | undefined;
  /** How many packets may come in a period; incoming legs only, and only for stores that {@link LedgerStore.limitsThroughput}. */
  readonly packets?: RateLimit<number> | undefined;
}

/** What one packet moves: something from the account it came over, something to the one it goes out on. */
export interface NewEntry {
  /** Missing for packets that start at this node. */
  readonly incoming?: Leg | undefined;
  /** Missing for packets that end at this node. */
  readonly outgoing?: Leg | undefined;
  /** Names the packet, in case this process ends before it knows the outcome; for stores whose holds outlive a process. */
  readonly condition?: Uint8Array | undefined;
  /** When the packet expires on its way out, in milliseconds since 1970; for the same case. */
  readonly expiresAt?: number | undefined;
}

/**
 * A hold on both accounts of a packet, until it is committed or released: one of the two, once.
 * Stores hand out their own objects; nobody else makes one.
 */
export interface LedgerEntry {
  readonly incoming: Leg | undefined;
  readonly outgoing: Leg | undefined;
  readonly state: 'held' | 'committed' | 'released';
}

/** Why nothing was held. */
export interface Shortfall {
  readonly shortfall:
    'incoming' | 'outgoing' | 'packets' | 'incoming-throughput' | 'outgoing-throughput';
}

/** A settlement that the accounts have been debited for, and that the settlement engine must be told of. */
export interface OutgoingSettlement {
  /** The `Idempotency-Key` (RFC 0038), the same for every attempt. */
  readonly key: string;
  readonly account: string;
  /** In units of the account. */
  readonly amount: bigint;
  readonly createdAt: number;
}

/** What an engine says that it received for us (RFC 0038 "Credit incoming settlement"). */
export interface IncomingSettlement {
  readonly key: string;
  readonly account: string;
  /** As the engine counts: `amount` units of 10^-scale. */
  readonly amount: bigint;
  readonly scale: number;
  readonly now: number;
}

/** What became of an {@link IncomingSettlement}. */
export type CreditResult =
  /** `credited`: the whole units of the account, leftovers of earlier ones included. `replayed`: the key was known. */
  | { readonly type: 'credited'; readonly credited: bigint; readonly replayed: boolean }
  /** The key was used for another account or quantity. */
  | { readonly type: 'conflict' };

/** A fulfillment that came too late to count; for two operators to reconcile (RFC 0032 "Clearing"). */
export interface LateFulfillment {
  readonly account: string;
  readonly amount: bigint;
  readonly expiredAt: number;
  readonly arrivedAt: number;
  /** The packet's condition and its preimage: the peer's proof. */
  readonly condition: Uint8Array;
  readonly fulfillment: Uint8Array;
}

/** A packet that went out and whose outcome is not known: the peer may have fulfilled it. For two operators to reconcile. */
export interface LostPacket {
  /** The account that it went out on. */
  readonly account: string;
  /** In units of that account. */
  readonly amount: bigint;
  readonly expiresAt: number;
  /** When its link gave up. */
  readonly lostAt: number;
  /** Names the packet on both sides. */
  readonly condition: Uint8Array;
}

/**
 * Where balances live. **Each method is one atomic step**: it happens whole or not at all, no other step is seen half
 * done, and two processes on one store see each other's steps. A method that returns a promise has the effect when it
 * resolves; `commit`, `debit`, `credit` and `acknowledge` must be durable by then as far as the store promises
 * durability. Holds need not survive a crash: what they were for is over by then.
 *
 * Methods may answer at once instead of with a promise; the memory store does, so that forwarding never waits for it.
 */
export interface LedgerStore {
  /**
   * Opens the account's book, empty if it is new.
   * @throws {@link LedgerError} `ASSET_CHANGED` if it was opened with another asset.
   */
  openAccount(account: string, asset: Asset): Awaitable<Balance>;
  /** Forgets a book. Only for accounts that the operator removes for good. */
  deleteAccount(account: string): Awaitable<void>;
  /** The book as it is now. @throws {@link LedgerError} `UNKNOWN_ACCOUNT`. */
  balance(account: string): Awaitable<Balance>;

  /** Checks the limits of both legs and holds both, or holds nothing. */
  reserve(entry: NewEntry): Awaitable<LedgerEntry | Shortfall>;
  /**
   * Turns both holds into what is owed. With `policy`, it also decides in the same step whether the outgoing account must
   * settle now, debits it and puts the settlement into the outbox.
   * @returns the settlement, if there is one.
   * @throws {@link LedgerError} `NOT_HELD` at the second time.
   */
  commit(
    entry: LedgerEntry,
    policy: SettlementPolicy | undefined,
    now: number,
  ): Awaitable<OutgoingSettlement | undefined>;
  /** Takes both holds back. @throws {@link LedgerError} `NOT_HELD` at the second time. */
  release(entry: LedgerEntry): Awaitable<void>;

  /**
   * Debits a settlement and puts it into the outbox (RFC 0038 "Account for outgoing settlements"): `amount`, or what
   * the policy finds due.
   * @returns undefined if nothing is due.
   */
  debit(
    account: string,
    due: bigint | SettlementPolicy,
    now: number,
  ): Awaitable<OutgoingSettlement | undefined>;
  /** The outbox of these accounts, oldest first: what the engine has not acknowledged. */
  outbox(accounts: ReadonlySet<string>): Awaitable<readonly OutgoingSettlement[]>;
  /** Takes a settlement out of the outbox. Twice is once. */
  acknowledge(key: string): Awaitable<void>;
  /**
   * Credits what the peer settled, at most once per key: credit, key and leftover of the scale conversion in one step.
   * Keys are kept for 24 hours after their last use (RFC 0038 "Idempotence").
   */
  credit(settlement: IncomingSettlement): Awaitable<CreditResult>;

  /** Keeps a fulfillment that came too late. Stores keep at least the last thousand. */
  recordLate(late: LateFulfillment): Awaitable<void>;
  /** What {@link recordLate} kept, oldest first. */
  lateFulfillments(): Awaitable<readonly LateFulfillment[]>;
  /** Keeps a packet that was lost with its link. Stores keep at least the last thousand. */
  recordLost(lost: LostPacket): Awaitable<void>;
  /** What {@link recordLost} kept, oldest first. */
  lostPackets(): Awaitable<readonly LostPacket[]>;

  /** Whether `reserve` checks the throughput of legs too, for all processes that share the store. Otherwise each process does. */
  readonly limitsThroughput?: boolean;
  /**
   * Tells of settlements in the outbox that nobody sends: of a process that died, or debited by a step that was given up.
   * @returns how to stop listening.
   */
  onUnsent?(listener: (settlement: OutgoingSettlement) => void): () => void;
  /** How the store fares, as plain numbers for metrics; names of those that only grow end in `_total`. */
  statistics?(): Readonly<Record<string, number>>;
  /** Writes what is left, and lets go of files or connections. The connector that was given a store does not close it. */
  close?(): Promise<void>;
}

/** Whether nothing was held. */
export function isShortfall(result: LedgerEntry | Shortfall): result is Shortfall {
  return 'shortfall' in result;
}
