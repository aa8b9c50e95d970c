import { isPrefixOf, parseIlpAddressPrefix, type IlpAddress } from '@pennyswitch/ilp-address';
import type { Account, AccountProblem } from './account/account.js';
import type { DirectionCounters } from './account/counters.js';
import type { AccountLimits, Relation } from './account/settings.js';
import type { Asset } from './asset.js';
import { netOf, type Balance } from './ledger/balance.js';
import type { Packet } from './pipeline/context.js';
import { traceIdOf } from './pipeline/trace-id.js';
import type { Conversions } from './rate/conversions.js';
import type { Ratio } from './rate/ratio.js';
import type { RouteSnapshot } from './routing/routing.js';

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
  /** What every node on the path calls it in its log. */
  readonly trace: string;
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

/** What one whole unit of an asset is worth in another, at one moment. */
export interface RateSnapshot {
  readonly from: string;
  readonly to: string;
  /** Undefined where there is none, or only a stale one: packets are rejected. */
  readonly rate: Ratio | undefined;
  /** The rate less what is kept: what packets are converted with. */
  readonly net: Ratio | undefined;
}

/** Why packets to one destination go where they go. */
export interface RouteLookup {
  readonly destination: IlpAddress;
  /** Accounts that would be tried, best first; undefined stands for this node itself. */
  readonly nextHops: readonly (string | undefined)[];
  /** The prefix of the routing table that decides; undefined where none does. */
  readonly prefix: string | undefined;
  readonly why: string;
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
    trace: traceIdOf(packet),
    from: packet.from?.id,
    to: packet.to?.id,
    destination: packet.prepare.destination,
    amount: packet.amount,
    outgoingAmount: packet.outgoingAmount,
    arrivedAt: packet.now,
    expiresAt: packet.expiresAt,
  };
}

/** The rates between every two assets of these accounts. */
export function snapshotRates(
  accounts: Iterable<Account>,
  conversions: Conversions,
): RateSnapshot[] {
  const assets = new Map<string, Asset>();
  for (const { asset } of accounts) if (asset !== undefined) assets.set(asset.code, asset);
  return [...assets.values()].flatMap((from) =>
    [...assets.values()].flatMap((to) => {
      const found = conversions.explain(from, to);
      return from === to
        ? []
        : [{ from: from.code, to: to.code, rate: found?.rate, net: found?.net }];
    }),
  );
}

/** What the routing table says about a destination: the longest prefix decides. */
export function explainRoute(
  destination: IlpAddress,
  nextHops: RouteLookup['nextHops'],
  routes: readonly RouteSnapshot[],
): RouteLookup {
  let best: RouteSnapshot | undefined;
  for (const route of routes) {
    const isLonger = best === undefined || route.prefix.length > best.prefix.length;
    if (isLonger && isPrefixOf(parseIlpAddressPrefix(route.prefix), destination)) best = route;
  }
  const why = best?.why ?? 'no prefix of the routing table leads there';
  return { destination, nextHops, prefix: best?.prefix, why };
}
