import type { IlpErrorCode, PrepareView } from '@pennyswitch/ilp-packet';
import type { Account } from '../account/account.js';
import type { LedgerEntry } from '../ledger/ledger-store.js';

/** A Prepare that arrived. What each step adds is in the types below, so that the compiler checks their order. */
export interface Incoming {
  /** Counts up from 1 in each connector. */
  readonly id: number;
  /** When it arrived, read once; milliseconds since 1970. */
  readonly now: number;
  /** The account of the authenticated link that it came over; undefined for packets that start at this node. */
  readonly from: Account | undefined;
  /** The packet itself, which goes out in the same bytes. */
  readonly prepare: PrepareView;
  /** A view of the packet's condition; making one costs more than keeping it. */
  readonly condition: Uint8Array;
  /** As it arrived, in units of the incoming account. */
  readonly amount: bigint;
  /** As it arrived, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Whether it may go back to where it came from, as the answer to a ping does. */
  readonly mayReflect: boolean;
  /** Whether it was answered already, because a step took longer than the packet lives. */
  readonly isOver: boolean;
}

/** Where a packet may go: an account, or undefined for this node itself. */
export type Hop = Account | undefined;

/** A packet that has a way to go; at least one, best first. */
export interface Routed extends Incoming {
  readonly hops: readonly Hop[];
}

/** A packet that is tried on one of its ways. */
export interface Directed extends Routed {
  readonly to: Hop;
  /** When this way is tried: {@link Incoming.now} for the first. */
  readonly attemptedAt: number;
}

/** A packet whose amount on the way out is known. */
export interface Priced extends Directed {
  /** In units of the outgoing account. */
  readonly outgoingAmount: bigint;
}

/** A packet whose expiry on the way out is known. */
export interface Timed extends Priced {
  /** In milliseconds since 1970. */
  readonly outgoingExpiresAt: number;
}

/** A packet whose money is held on both accounts. */
export interface Reserved extends Timed {
  /** Undefined where there is no money in it, or no account. */
  readonly entry: LedgerEntry | undefined;
}

/** The one object behind all these types: steps fill it in, nothing is copied from step to step. */
export class Packet implements Reserved {
  readonly id: number;
  readonly now: number;
  readonly from: Account | undefined;
  readonly condition: Uint8Array;
  readonly amount: bigint;
  readonly expiresAt: number;
  prepare: PrepareView;
  mayReflect = false;
  hops: readonly Hop[] = [];
  to: Hop = undefined;
  attemptedAt: number;
  outgoingAmount = 0n;
  outgoingExpiresAt = 0;
  entry: LedgerEntry | undefined = undefined;
  /** Whether it has one of the places that the connector has for packets in flight. */
  isAdmitted = false;
  /** Where it is among the packets in flight. */
  slot = 0;
  isOver = false;

  constructor(id: number, now: number, from: Account | undefined, prepare: PrepareView) {
    this.id = id;
    this.now = now;
    this.from = from;
    this.prepare = prepare;
    this.condition = prepare.executionCondition;
    this.amount = prepare.amount;
    this.expiresAt = prepare.expiresAtMs;
    this.attemptedAt = now;
  }
}

/** What the steps fill in. */
export type StepFields = Pick<
  Packet,
  'prepare' | 'mayReflect' | 'hops' | 'outgoingAmount' | 'outgoingExpiresAt' | 'entry'
>;

/** Why a packet is not forwarded, without the cost of an error and its stack. What is in it goes to other nodes. */
export interface Rejection {
  readonly code: IlpErrorCode;
  /** Says what the sender needs to know, and nothing about this node. */
  readonly message: string;
  readonly data?: Uint8Array;
  /** Whether the reason lies in this way only, so that another may be tried. */
  readonly anotherWay?: boolean;
}

/** What a step says: go on, reject, or here is the reply (a Fulfill or Reject in bytes). */
export type Verdict = undefined | Rejection | Uint8Array;
