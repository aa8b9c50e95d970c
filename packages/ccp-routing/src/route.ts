import type { IlpAddressPrefix } from '@pennyswitch/ilp-address';
import type { PackedAuth } from './auth.js';

/** What the peer of an account is to this node (RFC 0034 "Link Relations"). */
export type Relation = 'parent' | 'peer' | 'child';

/**
 * Where a route is from, in the order of preference:
 * - `static`: an operator configured it;
 * - `local`: our own address, and the prefixes below it that our children have;
 * - `child`, `peer`, `parent`: an account of this relation announced it. What comes from a child earns, what goes to a
 *   parent costs (Gao-Rexford).
 */
export type RouteSource = 'static' | 'local' | Relation;

/** The higher, the better. */
export const SOURCE_RANK: Readonly<Record<RouteSource, number>> = {
  static: 5,
  local: 4,
  child: 3,
  peer: 2,
  parent: 1,
};

/** A next hop, as the forwarding of packets sees it. */
export interface NextHop {
  readonly accountId: string;
}

/** What a route needs to know of the account that it leads to. */
export interface RouteAccount {
  readonly id: string;
  readonly relation: Relation;
  readonly isConnected: boolean;
  /** This account alone, as the answer to a look-up. */
  readonly hops: readonly [NextHop];
  /** Everything that this account is a way to. */
  readonly entries: Set<RouteEntry>;
}

/** One way to a prefix. */
export interface Candidate {
  readonly source: RouteSource;
  /** Undefined for our own address. */
  readonly account: RouteAccount | undefined;
  /** The nodes on the way but the last, the next one first: the same list for all routes that share it. */
  readonly transit: readonly string[];
  /** The last node on the way; undefined where we are the origin. */
  readonly origin: string | undefined;
  readonly auth: PackedAuth;
  /** Which table of its account it was last seen in; when a new table is complete, what is only in an older one goes. */
  generation: number;
}

/** A prefix with the ways to it, and what was told to others about it. */
export interface RouteEntry {
  readonly prefix: IlpAddressPrefix;
  /** All ways, the best first; one alone, as most are, stands without a list. See {@link waysOf}. */
  ways: Candidate | readonly Candidate[];
  /** The way that is told to others; undefined while none is. */
  announced: Candidate | undefined;
  /** The epoch of the last change that was told; undefined if none ever was. */
  epoch: number | undefined;
  /** The senders that ever told it, as bits; see `CcpSender`. */
  tellers: number;
}

/** All ways to a prefix, the best first. */
export function waysOf({ ways }: Pick<RouteEntry, 'ways'>): readonly Candidate[] {
  return isList(ways) ? ways : [ways];
}

/** The best way to a prefix. */
export function bestWay({ ways }: Pick<RouteEntry, 'ways'>): Candidate | undefined {
  return isList(ways) ? ways[0] : ways;
}

/** Ways as an entry keeps them. */
export function packWays(ways: readonly Candidate[]): RouteEntry['ways'] {
  const [only] = ways;
  return only !== undefined && ways.length === 1 ? only : ways;
}

function isList(ways: RouteEntry['ways']): ways is readonly Candidate[] {
  return Array.isArray(ways);
}

/** The nodes on a way, the next one first; none where we are the origin. */
export function pathOf({ transit, origin }: Pick<Candidate, 'transit' | 'origin'>): string[] {
  return origin === undefined ? [] : [...transit, origin];
}

/** How many they are. */
export function pathLength({ transit, origin }: Pick<Candidate, 'transit' | 'origin'>): number {
  return origin === undefined ? 0 : transit.length + 1;
}
