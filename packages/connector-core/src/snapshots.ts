import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { Account, AccountProblem } from './account/account.js';
import type { DirectionCounters } from './account/counters.js';
import type { AccountLimits, Relation } from './account/settings.js';
import type { Asset } from './asset.js';
import { netOf, type Balance } from './ledger/balance.js';
import type { Packet } from './pipeline/context.js';

/** An account at one moment. */
export interface AccountSnapshot {
  readonly id: string;
  readonly relation: Relation;
  /** Undefined until a parent tells. */
  readonly asset: Asset | undefined;
  /** Why it carries no money, if it does not. */
  readonly problem: AccountProblem | undefined;
  /** A child's address, as long as this node has one. */
  readonly address: IlpAddress | undefined;
  readonly connected: boolean;
  readonly limits: AccountLimits;
  /** Whether a settlement engine is configured. */
  readonly settles: boolean;
  /** Packets from it without a reply. */
  readonly inFlight: number;
  readonly incoming: DirectionCounters;
  readonly outgoing: DirectionCounters;
}

/** The book of an account at one moment, in its units. */
export interface BalanceSnapshot extends Balance {
  readonly account: string;
  readonly asset: Asset;
  /** What the peer owes on the whole: receivable - payable. */
  readonly net: bigint;
}

/** A packet without a reply. */
export interface InFlightSnapshot {
  readonly id: number;
  /** Undefined for packets that start here. */
  readonly from: string | undefined;
  /** Undefined before a way was found, and for packets that end here. */
  readonly to: string | undefined;
  readonly destination: IlpAddress;
  readonly amount: bigint;
  readonly outgoingAmount: bigint;
  readonly arrivedAt: number;
  readonly expiresAt: number;
}

/** The account as it is now. @param own this node's address. */
export function snapshotAccount(account: Account, own: IlpAddress | undefined): AccountSnapshot {
  return {
    id: account.id,
    relation: account.relation,
    asset: account.asset,
    problem: account.problem,
    address:
      own === undefined || account.relation !== 'child' ? undefined : account.childAddress(own),
    connected: account.link.isConnected,
    limits: account.limits,
    settles: account.settings.settlement !== undefined,
    inFlight: account.inFlight,
    incoming: account.counters.incoming.snapshot(),
    outgoing: account.counters.outgoing.snapshot(),
  };
}

/** A book with what it belongs to. */
export function snapshotBalance(account: string, asset: Asset, balance: Balance): BalanceSnapshot {
  return { account, asset, ...balance, net: netOf(balance) };
}

/** A packet as it is now. */
export function snapshotPacket(packet: Packet): InFlightSnapshot {
  return {
    id: packet.id,
    from: packet.from?.id,
    to: packet.to?.id,
    destination: packet.prepare.destination,
    amount: packet.amount,
    outgoingAmount: packet.outgoingAmount,
    arrivedAt: packet.now,
    expiresAt: packet.expiresAt,
  };
}
