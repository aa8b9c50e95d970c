import type { IlpAddress, IlpAddressPrefix } from '@pennyswitch/ilp-address';
import type { CcpAccount } from './account.js';
import { unpackAuth } from './auth.js';
import { explainBest, isUp, nextHopsOf } from './best-route.js';
import { tellingProblem, type ExportRule, type WithholdingRule } from './export-rules.js';
import type { ImportRule } from './import-filter.js';
import type { ReceiverStatus } from './receiver.js';
import {
  pathOf,
  waysOf,
  type Candidate,
  type Relation,
  type RouteEntry,
  type RouteSource,
} from './route.js';
import type { RouteStore } from './route-store.js';
import type { SenderStatus } from './sender.js';

/** One way to a prefix. */
export interface CandidateListing {
  /** Undefined for our own address. */
  readonly accountId: string | undefined;
  readonly source: RouteSource;
  /** The nodes on the way, the next one first. */
  readonly path: readonly string[];
  /** The authenticator, in hexadecimal. */
  readonly auth: string;
  readonly isUp: boolean;
}

/** One prefix of the routing table. */
export interface RouteListing {
  /** Empty for the default route. */
  readonly prefix: IlpAddressPrefix;
  /** Where packets go, the best first; empty for what ends at this node. */
  readonly nextHops: readonly string[];
  /** All ways, the best first. */
  readonly candidates: readonly CandidateListing[];
  /** Why the first of them is the best, in words. */
  readonly reason: string;
  /** The accounts that are told this route, if they ask. */
  readonly toldTo: readonly string[];
  /** Those that are not, although others are, and the rule that decides. */
  readonly keptFrom: Readonly<Record<string, WithholdingRule>>;
  /** Why nobody is told, if so. */
  readonly keptBack: ExportRule | undefined;
}

/** Routing over one account. */
export interface CcpAccountListing {
  readonly id: string;
  readonly relation: Relation;
  readonly isConnected: boolean;
  /** The prefix below our address that it has as a child. */
  readonly childPrefix: IlpAddress | undefined;
  /** How many routes it announced that were taken. */
  readonly routes: number;
  /** The latest that were not, and the rule that each broke. */
  readonly filtered: readonly { readonly prefix: string; readonly rule: ImportRule }[];
  /** How many times each rule kept one out. */
  readonly filteredCounts: Readonly<Partial<Record<ImportRule, number>>>;
  /** Undefined where it is not told our routes. */
  readonly sender: SenderStatus | undefined;
  /** Undefined where its routes are not wanted. */
  readonly receiver: ReceiverStatus | undefined;
}

export function listRoute(
  entry: RouteEntry,
  store: RouteStore,
  accounts: Iterable<CcpAccount>,
): RouteListing {
  const { prefix, announced } = entry;
  const candidates = waysOf(entry);
  const toldTo: string[] = [];
  const keptFrom: Record<string, WithholdingRule> = {};
  if (announced !== undefined) {
    for (const account of accounts) {
      if (account.sender === undefined) continue;
      const problem = tellingProblem(prefix, announced, account);
      if (problem === undefined) toldTo.push(account.id);
      else keptFrom[account.id] = problem;
    }
  }
  return {
    prefix,
    nextHops: nextHopsOf(entry).map(({ accountId }) => accountId),
    candidates: candidates.map(listCandidate),
    reason: explainBest(candidates),
    toldTo,
    keptFrom,
    keptBack: store.exportRuleOf(entry),
  };
}

function listCandidate(candidate: Candidate): CandidateListing {
  const { account, source, auth } = candidate;
  return {
    accountId: account?.id,
    source,
    path: pathOf(candidate),
    auth: Array.from(unpackAuth(auth), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    isUp: isUp(candidate),
  };
}

export function listAccount(account: CcpAccount): CcpAccountListing {
  const { id, relation, isConnected, childPrefix, learned } = account;
  return {
    id,
    relation,
    isConnected,
    childPrefix,
    routes: learned,
    filtered: account.filtered,
    filteredCounts: account.filteredCounts,
    sender: account.sender?.status,
    receiver: account.receiver?.status,
  };
}
