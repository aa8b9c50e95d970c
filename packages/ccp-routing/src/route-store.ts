import { EMPTY_PREFIX, type IlpAddress, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import { nextAuth, unpackAuth } from './auth.js';
import { sortCandidates, withCandidate, withoutCandidate } from './best-route.js';
import type { BroadcastLog } from './broadcast-log.js';
import {
  exportProblem,
  isCoveredBy,
  isOfSameClass,
  tellingProblem,
  type ExportRule,
  type ExportTarget,
} from './export-rules.js';
import type { CcpPolicy } from './policy.js';
import {
  bestWay,
  packWays,
  pathOf,
  waysOf,
  type Candidate,
  type RouteAccount,
  type RouteEntry,
} from './route.js';
import { RoutingTable } from './routing-table.js';
import type { AnnouncedRoute } from './update-request.js';

/** How many routes are kept as they are told. */
const MAX_TOLD = 1_000;

/** Who is told what happens in a store. */
export interface RouteStoreListener {
  /** The epochs of the log begin again at 0. */
  readonly renumbered: () => void;
  /** The ways to a prefix, or their order, changed. */
  readonly changed?: ((prefix: IlpAddressPrefix) => void) | undefined;
}

/**
 * All ways to all prefixes, the best one of each, and the log of what others are told. Every change goes through here,
 * so that the log cannot miss one; what it costs depends on the prefix that changed and not on the size of the table.
 */
export class RouteStore {
  readonly table: RoutingTable<RouteEntry>;
  readonly log: BroadcastLog;
  readonly #policy: CcpPolicy;
  readonly #listener: RouteStoreListener;
  /** Our address, the first node of the paths that we tell; nothing is told without. */
  #own: IlpAddress | undefined;
  /** Routes as they were told lately: one that changes is told to many accounts within a short time. */
  readonly #told = new Map<Candidate, AnnouncedRoute>();
  #version = 0;

  constructor(policy: CcpPolicy, seed: number, log: BroadcastLog, listener: RouteStoreListener) {
    this.#policy = policy;
    this.#listener = listener;
    this.table = new RoutingTable(seed);
    this.log = log;
  }

  /** Grows with every change of a best route or of what is told. */
  get version(): number {
    return this.#version;
  }

  /** Adds a way, or replaces that of the same kind and account. */
  place(prefix: IlpAddressPrefix, candidate: Candidate): void {
    const { account } = candidate;
    const entry = this.#entryFor(prefix);
    entry.ways = packWays(withCandidate(waysOf(entry), candidate));
    if (account !== undefined) account.entries.add(entry);
    this.#changed(entry);
  }

  /** Removes a way, if it is there. */
  displace(entry: RouteEntry, kind: Pick<Candidate, 'source' | 'account'>): void {
    const before = waysOf(entry);
    const left = withoutCandidate(before, kind);
    if (left === before) return;
    entry.ways = packWays(left);
    const { account } = kind;
    if (account !== undefined && !left.some((candidate) => candidate.account === account)) {
      account.entries.delete(entry);
    }
    if (left.length === 0) this.table.delete(entry.prefix);
    this.#changed(entry);
  }

  /** Puts everything that an account is a way to in order again, after its link came up or went down. */
  reorder(account: RouteAccount): void {
    for (const entry of account.entries) {
      entry.ways = packWays(sortCandidates(waysOf(entry)));
      this.#changed(entry);
    }
  }

  /** Tells everything anew under another address. */
  setOwn(own: IlpAddress | undefined): void {
    this.#own = own;
    this.#told.clear();
    // Shorter prefixes come before longer ones here, as aggregation needs it.
    for (const entry of this.table.below(EMPTY_PREFIX)) {
      const next = this.#toAnnounce(entry);
      if (next !== undefined || entry.announced !== undefined) this.#announce(entry, next);
    }
  }

  /** Why a route is told to nobody, or undefined. */
  exportRuleOf(entry: RouteEntry): ExportRule | undefined {
    if (this.#own === undefined) return 'other-network';
    const problem = exportProblem(entry, this.#own);
    if (problem !== undefined) return problem;
    return this.#isAggregated(entry) ? 'aggregated' : undefined;
  }

  /** The route as an account is told it: by way of us, with the next authenticator. */
  announcementTo(entry: RouteEntry, target: ExportTarget): AnnouncedRoute | undefined {
    const { announced, prefix } = entry;
    if (announced === undefined || this.#own === undefined) return undefined;
    if (tellingProblem(prefix, announced, target) !== undefined) return undefined;
    const known = this.#told.get(announced);
    if (known !== undefined) return known;
    const told: AnnouncedRoute = {
      prefix,
      path: [this.#own, ...pathOf(announced)],
      auth: nextAuth(unpackAuth(announced.auth)),
      properties: [],
    };
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(announced, told);
    return told;
  }

  #entryFor(prefix: IlpAddressPrefix): RouteEntry {
    const known = this.table.get(prefix);
    if (known !== undefined) return known;
    const entry = this.log.withdrawnEntry(prefix) ?? {
      prefix,
      ways: [],
      announced: undefined,
      epoch: undefined,
      tellers: 0,
    };
    this.table.set(prefix, entry);
    return entry;
  }

  #changed(entry: RouteEntry): void {
    this.#version += 1;
    this.#listener.changed?.(entry.prefix);
    const before = entry.announced;
    const next = this.#toAnnounce(entry);
    if (next === before) return;
    this.#announce(entry, next);
    if (this.#policy.aggregate && !isOfSameClass(before, next)) this.#reconsiderBelow(entry);
  }

  #announce(entry: RouteEntry, next: Candidate | undefined): void {
    this.#version += 1;
    entry.announced = next;
    if (this.log.isFull) {
      this.log.renumber();
      this.#listener.renumbered();
    }
    this.log.append(entry);
  }

  /** A shorter prefix came, went or became of another class: longer ones may be worth telling, or no more. */
  #reconsiderBelow(entry: RouteEntry): void {
    for (const longer of this.table.below(entry.prefix)) {
      const next = this.#toAnnounce(longer);
      if (next !== longer.announced) this.#announce(longer, next);
    }
  }

  #toAnnounce(entry: RouteEntry): Candidate | undefined {
    return this.exportRuleOf(entry) === undefined ? bestWay(entry) : undefined;
  }

  #isAggregated(entry: RouteEntry): boolean {
    const best = bestWay(entry);
    if (!this.#policy.aggregate || best === undefined) return false;
    for (const { announced } of this.table.above(entry.prefix)) {
      if (announced !== undefined && isCoveredBy(best, announced)) return true;
    }
    return false;
  }
}
