import { allocationScheme, isPrefixOf, type IlpAddress } from '@pennyswitch/ilp-address';
import { isUp } from './best-route.js';
import { SOURCE_RANK, type Candidate, type Relation, type RouteEntry } from './route.js';

/**
 * Why a route is told to nobody:
 * - `other-network`, `whole-network`: it is not of our network, or all of it, as a default route is;
 * - `below-own-address`: our address, which we tell, covers it;
 * - `link-down`: no packet can take it now;
 * - `aggregated`: a shorter prefix that we tell is as good (DRAGON, see {@link isCoveredBy}).
 */
export type ExportRule =
  'other-network' | 'whole-network' | 'below-own-address' | 'link-down' | 'aggregated';

/** The first rule that keeps a route from everybody, or undefined. Aggregation is decided apart. */
export function exportProblem(
  entry: RouteEntry,
  own: IlpAddress,
): Exclude<ExportRule, 'aggregated'> | undefined {
  const { prefix, candidates } = entry;
  if (prefix === '' || !prefix.includes('.')) return 'whole-network';
  if (allocationScheme(prefix) !== allocationScheme(own)) return 'other-network';
  if (prefix !== own && isPrefixOf(own, prefix)) return 'below-own-address';
  const best = candidates[0];
  if (best === undefined || !isUp(best)) return 'link-down';
  return undefined;
}

/**
 * Whether a longer prefix adds nothing to a shorter one that we tell (DRAGON, https://route-aggregation.net): our way to
 * the shorter one is of the same class or a better one, so that others lose nothing by sending us what they have for the
 * longer one along it. Our own address never comes into it: what lies below that is not told at all.
 */
export function isCoveredBy(longer: Candidate, shorter: Candidate): boolean {
  return SOURCE_RANK[classOf(shorter)] >= SOURCE_RANK[classOf(longer)];
}

/** What the rules look at of the account that is told. */
export interface ExportTarget {
  readonly id: string;
  readonly relation: Relation;
  /** Whether it is told routes of our peers; if a peer itself. */
  readonly peerTransit: boolean;
}

/**
 * Whether an account is told a route that is told at all: not where it is the next hop itself (split horizon), and
 * routes of parents and peers only to those who may send us packets for them (Gao-Rexford, `peerTransit` in the policy).
 */
export function isToldTo(route: Candidate, target: ExportTarget): boolean {
  if (route.account?.id === target.id) return false;
  const origin = classOf(route);
  switch (target.relation) {
    case 'child':
      return true;
    case 'peer':
      return origin === 'child' || (origin === 'peer' && target.peerTransit);
    case 'parent':
      return origin === 'child';
  }
}

/** Whether two ways are told to the same accounts, and cover the same longer prefixes. */
export function isOfSameClass(a: Candidate | undefined, b: Candidate | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return classOf(a) === classOf(b);
}

/** A configured route is worth what the account that it leads to is. */
function classOf({ source, account }: Candidate): Relation {
  return source === 'static' || source === 'local' ? (account?.relation ?? 'child') : source;
}
