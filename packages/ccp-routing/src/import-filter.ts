import {
  addressNetwork,
  allocationScheme,
  isIlpAddress,
  isIlpAddressPrefix,
  isPrefixOf,
  type IlpAddress,
  type IlpAddressPrefix,
  type Network,
} from '@pennyswitch/ilp-address';
import { isAuthentic } from './auth.js';
import type { CcpPolicy } from './policy.js';
import type { Relation } from './route.js';
import type { AnnouncedRoute } from './update-request.js';

/**
 * Why an announced route is not taken:
 * - `invalid-prefix`: it is no ILP address prefix;
 * - `other-network`: it is not of our own network, by the first segment;
 * - `whole-network`: it covers all of it; a default route is configured, not learned;
 * - `own-address`: it is our address or lies below, and is not the announcing child's own part of that;
 * - `loop`: its path has us on it;
 * - `path-too-long`: its path has more nodes than the policy, or the account's configuration, allows;
 * - `invalid-path`: what is on its path is no ILP address; some deployed nodes refuse all of an update that has one;
 * - `not-accepted`: the account's configuration lists what it may announce, and this is not in it;
 * - `not-owner`: the policy says that other accounts have this prefix;
 * - `not-authentic`: the policy has the origin's secret, and the route was not made with it;
 * - `too-many`: the account has as many routes as the policy, or its configuration, allows;
 * - `too-large`: its routes have as much text as the policy allows.
 */
export type ImportRule =
  | 'invalid-prefix'
  | 'other-network'
  | 'whole-network'
  | 'own-address'
  | 'loop'
  | 'path-too-long'
  | 'invalid-path'
  | 'not-accepted'
  | 'not-owner'
  | 'not-authentic'
  | 'too-many'
  | 'too-large';

/** What the rules look at beside the route. */
export interface ImportContext {
  readonly own: IlpAddress;
  readonly network: Network | undefined;
  readonly accountId: string;
  readonly relation: Relation;
  /** The prefix below our address that a child has. */
  readonly childPrefix: IlpAddress | undefined;
  /** What the account may announce; undefined: anything. */
  readonly accept: readonly IlpAddressPrefix[] | undefined;
  /** What it may not. */
  readonly refuse: readonly IlpAddressPrefix[];
  /** The longest path that is taken from it, in nodes. */
  readonly maxPathLength: number;
  readonly policy: CcpPolicy;
}

/** The first rule that keeps a route out, or undefined for one that is taken. */
export function importProblem(
  route: AnnouncedRoute,
  context: ImportContext,
): Exclude<ImportRule, 'too-many' | 'too-large'> | undefined {
  const { prefix, path } = route;
  const { own, policy } = context;
  if (prefix === '') return 'whole-network';
  if (!isIlpAddressPrefix(prefix)) return 'invalid-prefix';
  if (!isOfNetwork(prefix, context)) return 'other-network';
  if (!prefix.includes('.')) return 'whole-network';
  if (isPrefixOf(own, prefix) && !isChildsOwn(prefix, context)) return 'own-address';
  if (path.length > context.maxPathLength) return 'path-too-long';
  if (!path.every(isIlpAddress)) return 'invalid-path';
  if (path.includes(own)) return 'loop';
  if (!isAccepted(prefix, context)) return 'not-accepted';
  if (!isOwner(prefix, context)) return 'not-owner';
  for (const origin of policy.knownOrigins) {
    if (isPrefixOf(origin.prefix, prefix) && !isAuthentic(route, origin.secret)) {
      return 'not-authentic';
    }
  }
  return undefined;
}

/** `test` and `test1` are networks of their own, although both are test networks. */
function isOfNetwork(prefix: IlpAddressPrefix, { own, network }: ImportContext): boolean {
  return (
    allocationScheme(prefix) === allocationScheme(own) &&
    (network === undefined || addressNetwork(prefix) === network)
  );
}

function isChildsOwn(prefix: IlpAddressPrefix, { childPrefix }: ImportContext): boolean {
  return childPrefix !== undefined && isPrefixOf(childPrefix, prefix);
}

function isAccepted(prefix: IlpAddressPrefix, { accept, refuse }: ImportContext): boolean {
  return (
    (accept === undefined || accept.some((allowed) => isPrefixOf(allowed, prefix))) &&
    !refuse.some((refused) => isPrefixOf(refused, prefix))
  );
}

/** The longest prefix for which the policy names accounts decides. */
function isOwner(prefix: IlpAddressPrefix, { policy, accountId }: ImportContext): boolean {
  let decisive: CcpPolicy['ownership'][number] | undefined;
  for (const rule of policy.ownership) {
    if (isPrefixOf(rule.prefix, prefix) && rule.prefix.length >= (decisive?.prefix.length ?? 0)) {
      decisive = rule;
    }
  }
  return decisive === undefined || decisive.accounts.includes(accountId);
}
