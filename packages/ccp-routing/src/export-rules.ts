import {
  allocationScheme,
  isPrefixOf,
  type IlpAddress,
  type IlpAddressPrefix,
} from '@pennyswitch/ilp-address';
import { isUp } from './best-route.js';
import {
  bestWay,
  pathLength,
  SOURCE_RANK,
  type Candidate,
  type Relation,
  type RouteEntry,
} from './route.js';

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
  const { prefix } = entry;
  if (prefix === '' || !prefix.includes('.')) return 'whole-network';
  if (allocationScheme(prefix) !== allocationScheme(own)) return 'other-network';
  if (prefix !== own && isPrefixOf(own, prefix)) return 'below-own-address';
  const best = bestWay(entry);
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
  /** What its configuration lets it be told. */
  readonly options: {
    readonly tell?: readonly IlpAddressPrefix[];
    readonly withhold?: readonly IlpAddressPrefix[];
    readonly maxToldPathLength?: number;
  };
}

/**
 * Why one account is not told a route that others are:
 * - `split-horizon`: it is the next hop itself;
 * - `relation`: routes of parents and peers are for those only who may send us packets for them (Gao-Rexford,
 *   `peerTransit` in the policy);
 * - `withheld`: its configuration says what it is told, and this is not in it;
 * - `path-too-long`: its configuration says how long paths may be.
 */
export type WithholdingRule = 'split-horizon' | 'relation' | 'withheld' | 'path-too-long';

/** The first rule that keeps a route from an account, or undefined for one that it is told. */
export function tellingProblem(
  prefix: IlpAddressPrefix,
  route: Candidate,
  target: ExportTarget,
): WithholdingRule | undefined {
  if (route.account?.id === target.id) return 'split-horizon';
  if (!isAllowedByRelation(classOf(route), target)) return 'relation';
  const { tell, withhold = [], maxToldPathLength = Infinity } = target.options;
  const isIn = (list: readonly IlpAddressPrefix[]): boolean =>
    list.some((each) => isPrefixOf(each, prefix));
  if ((tell !== undefined && !isIn(tell)) || isIn(withhold)) return 'withheld';
  return pathLength(route) >= maxToldPathLength ? 'path-too-long' : undefined;
}

function isAllowedByRelation(origin: Relation, target: ExportTarget): boolean {
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
