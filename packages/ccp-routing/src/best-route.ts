import { addressScope, allocationScheme, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  pathLength,
  SOURCE_RANK,
  waysOf,
  type Candidate,
  type NextHop,
  type RouteEntry,
} from './route.js';

const NO_HOPS: readonly NextHop[] = [];

/**
 * The order of two ways to the same prefix: negative where `a` is better. It depends on nothing but the two, so that
 * the best of many does not depend on the order in which they came.
 *
 * A way over a link that is down comes last, since a packet that is refused for now is better than none at all; then
 * the better source, the shorter path, and to make it one order the id of the account.
 */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return compareMerits(a, b) || compareTexts(a.account?.id ?? '', b.account?.id ?? '');
}

/** The same without the id: 0 for ways that are as good as each other. */
function compareMerits(a: Candidate, b: Candidate): number {
  return (
    Number(isUp(b)) - Number(isUp(a)) ||
    SOURCE_RANK[b.source] - SOURCE_RANK[a.source] ||
    pathLength(a) - pathLength(b)
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether packets can take this way now. */
export function isUp(candidate: Candidate): boolean {
  return candidate.account?.isConnected ?? true;
}

/** Adds a way to a sorted list, instead of the one of the same kind and account. */
export function withCandidate(
  candidates: readonly Candidate[],
  candidate: Candidate,
): readonly Candidate[] {
  const others = withoutCandidate(candidates, candidate);
  if (others.length === 0) return [candidate];
  const at = others.findIndex((other) => compareCandidates(candidate, other) < 0);
  return others.toSpliced(at < 0 ? others.length : at, 0, candidate);
}

/** Takes out the way of the same kind and account. */
export function withoutCandidate(
  candidates: readonly Candidate[],
  candidate: Pick<Candidate, 'source' | 'account'>,
): readonly Candidate[] {
  return candidates.some((other) => isSameKind(other, candidate))
    ? candidates.filter((other) => !isSameKind(other, candidate))
    : candidates;
}

/** The ways in their order, after something about their accounts changed. */
export function sortCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.length < 2 ? candidates : [...candidates].sort(compareCandidates);
}

function isSameKind(
  a: Pick<Candidate, 'source' | 'account'>,
  b: Pick<Candidate, 'source' | 'account'>,
): boolean {
  return a.account === b.account && a.source === b.source;
}

/**
 * The next hops that are as good as the best: a packet that one of them refuses for now can be sent to another. Less good
 * ones are left out: what we told others holds for the best way, and over a longer one a packet may come back.
 */
export function nextHopsOf(entry: RouteEntry): readonly NextHop[] {
  const candidates = waysOf(entry);
  const best = candidates[0];
  if (best?.account === undefined) return NO_HOPS;
  const second = candidates[1];
  if (second === undefined || compareMerits(best, second) !== 0) return best.account.hops;
  const equal = candidates.filter((candidate) => compareMerits(best, candidate) === 0);
  return equal.flatMap(({ account }) => account?.hops ?? NO_HOPS);
}

/**
 * Whether a packet may follow a default route. `private.` and `local.` mean something else, or nothing, outside of the
 * operator's own domain (RFC 0015 "Allocation Schemes"); behind our default route is that domain only where our own
 * address is of the same scheme.
 */
export function mayTakeDefaultRoute(destination: IlpAddress, own: IlpAddress | undefined): boolean {
  if (addressScope(destination) !== 'domain') return true;
  return own !== undefined && allocationScheme(own) === allocationScheme(destination);
}

/** In words, why the first of the ways is the best one. */
export function explainBest(candidates: readonly Candidate[]): string {
  const [best, second] = candidates;
  if (best === undefined) return 'there is no route';
  if (second === undefined) return 'it is the only route';
  if (isUp(best) !== isUp(second)) return 'the links of the others are down';
  if (best.source !== second.source) return `${best.source} comes before ${second.source}`;
  if (pathLength(best) !== pathLength(second)) {
    return `its path is shorter: ${pathLength(best)} before ${pathLength(second)}`;
  }
  return 'others are as good; the accounts are in the order of their ids';
}
