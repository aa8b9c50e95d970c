import type { IlpAddress, IlpAddressPrefix, Network } from '@pennyswitch/ilp-address';
import type { CcpAccount } from './account.js';
import { packAuth } from './auth.js';
import { importProblem, type ImportRule } from './import-filter.js';
import type { CcpPolicy } from './policy.js';
import { waysOf, type Candidate, type RouteEntry } from './route.js';
import type { RouteStore } from './route-store.js';
import type { AnnouncedRoute } from './update-request.js';

const NO_NODES: readonly string[] = [];

/** How many paths are kept once for all routes that share them. */
const MAX_SHARED_PATHS = 10_000;

/** Longer ones, in characters, are not looked for: nobody honest has them, and they would fill the memory. */
const MAX_SHARED_LENGTH = 1_000;

/** Puts what accounts announce into the store, as far as the rules allow. */
export class Importer {
  readonly #store: RouteStore;
  readonly #policy: CcpPolicy;
  readonly #network: Network | undefined;
  readonly #paths = new Map<string, readonly string[]>();
  /** Our address, which the rules need. */
  own: IlpAddress | undefined;

  constructor(store: RouteStore, policy: CcpPolicy, network: Network | undefined) {
    this.#store = store;
    this.#policy = policy;
    this.#network = network;
  }

  /** Takes a route that an account announces, or drops what it announced before for that prefix. */
  add(account: CcpAccount, route: AnnouncedRoute, generation: number): void {
    const prefix = route.prefix as IlpAddressPrefix;
    const entry = this.#store.table.get(prefix);
    const known = entry && learnedFrom(account, entry);
    const text = textOf(route.prefix, route.path);
    const before = known === undefined ? 0 : textOfCandidate(prefix, known);
    const rule = this.#problem(account, route) ?? this.#excess(account, known, text - before);
    if (rule !== undefined) {
      if (entry !== undefined) this.#drop(account, entry);
      account.noteFiltered(route.prefix, rule);
      return;
    }
    account.noteNotFiltered(prefix);
    const auth = packAuth(route.auth);
    const transit = this.#share(route.path);
    const origin = originOf(route);
    if (known?.auth === auth && known.origin === origin && isSame(known.transit, transit)) {
      known.generation = generation;
      return;
    }
    if (known === undefined) account.learned += 1;
    account.learnedText += text - before;
    this.#store.place(prefix, {
      source: account.relation,
      account,
      transit,
      origin,
      auth,
      generation,
    });
  }

  /** Drops what an account announced for a prefix. */
  withdraw(account: CcpAccount, prefix: string): void {
    account.noteNotFiltered(prefix);
    const entry = this.#store.table.get(prefix as IlpAddressPrefix);
    if (entry !== undefined) this.#drop(account, entry);
  }

  /** Drops what an account announced before a generation; everything, if that is undefined. */
  sweep(account: CcpAccount, generation: number | undefined): void {
    if (generation === undefined) account.forgetFiltered();
    for (const entry of account.entries) {
      const learned = learnedFrom(account, entry);
      if (learned !== undefined && (generation === undefined || learned.generation < generation)) {
        this.#drop(account, entry);
      }
    }
  }

  #problem(account: CcpAccount, route: AnnouncedRoute): ImportRule | undefined {
    const { own } = this;
    if (own === undefined) return 'other-network';
    return importProblem(route, {
      own,
      network: this.#network,
      accountId: account.id,
      relation: account.relation,
      childPrefix: account.childPrefix,
      accept: account.options.accept,
      refuse: account.options.refuse ?? [],
      maxPathLength: Math.min(
        account.options.maxPathLength ?? Infinity,
        this.#policy.maxPathLength,
      ),
      policy: this.#policy,
    });
  }

  /** Whether a route that is new, or replaces a known one, is more than the account may have. */
  #excess(
    account: CcpAccount,
    known: Candidate | undefined,
    moreText: number,
  ): ImportRule | undefined {
    const most = account.options.maxRoutes ?? this.#policy.maxRoutesPerAccount;
    if (known === undefined && account.learned >= most) return 'too-many';
    const isLarger = moreText > 0;
    return isLarger && account.learnedText + moreText > this.#policy.maxTextPerAccount
      ? 'too-large'
      : undefined;
  }

  #drop(account: CcpAccount, entry: RouteEntry): void {
    const learned = learnedFrom(account, entry);
    if (learned === undefined) return;
    account.learned -= 1;
    account.learnedText -= textOfCandidate(entry.prefix, learned);
    this.#store.displace(entry, { source: account.relation, account });
  }

  /** All nodes of a path but the last, as the list that other routes have too. */
  #share(path: readonly string[]): readonly string[] {
    if (path.length < 2) return NO_NODES;
    const transit = path.slice(0, -1);
    const key = transit.join(' ');
    if (key.length > MAX_SHARED_LENGTH) return transit;
    const shared = this.#paths.get(key);
    if (shared !== undefined) return shared;
    if (this.#paths.size >= MAX_SHARED_PATHS) this.#paths.clear();
    this.#paths.set(key, transit);
    return transit;
  }
}

function learnedFrom(account: CcpAccount, entry: RouteEntry): Candidate | undefined {
  for (const candidate of waysOf(entry)) {
    if (candidate.account === account && candidate.source === account.relation) return candidate;
  }
  return undefined;
}

/** The last node of a route's path; most announce themselves, and need no text of their own. */
function originOf({ prefix, path }: AnnouncedRoute): string | undefined {
  const origin = path.at(-1);
  return origin === prefix ? prefix : origin;
}

/** How many characters a route has. */
function textOf(prefix: string, path: readonly string[]): number {
  let length = prefix.length;
  for (const hop of path) length += hop.length;
  return length;
}

function textOfCandidate(prefix: string, { transit, origin }: Candidate): number {
  return textOf(prefix, transit) + (origin?.length ?? 0);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((hop, i) => hop === b[i]));
}
