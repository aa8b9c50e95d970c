/** Which part of the routing table is asked for. */
export interface RouteQuery {
  /** Only prefixes that start with these characters. */
  readonly startingWith?: string;
  /** Only prefixes whose best way leads over this account. */
  readonly accountId?: string;
  /** Only prefixes behind this one, in the order of prefixes: the last one of the page before. */
  readonly after?: string;
  /** How many at most. Default all. */
  readonly limit?: number;
}

/** One page of the routing table, and how many prefixes there are on all pages. */
export interface RoutePage<T> {
  readonly routes: readonly T[];
  /** Prefixes that the query leaves, those of earlier pages included. */
  readonly total: number;
}

/**
 * Picks a page, in the order of prefixes by character code. Looks at every entry once and keeps no more than two pages of
 * them, so that a page of a large table costs little more than a walk through it.
 *
 * @param accountOf the account that an entry's best way leads over.
 */
export function pageOf<T extends { readonly prefix: string }>(
  entries: Iterable<T>,
  query: RouteQuery,
  accountOf: (entry: T) => string | undefined,
): RoutePage<T> {
  const { startingWith = '', accountId, after, limit = Infinity } = query;
  let page: T[] = [];
  let last: string | undefined;
  let total = 0;
  for (const entry of entries) {
    const { prefix } = entry;
    if (!prefix.startsWith(startingWith)) continue;
    if (accountId !== undefined && accountOf(entry) !== accountId) continue;
    total += 1;
    if ((after !== undefined && prefix <= after) || (last !== undefined && prefix > last)) continue;
    page.push(entry);
    if (page.length >= limit * 2) {
      page = sorted(page).slice(0, limit);
      last = page.at(-1)?.prefix;
    }
  }
  return { routes: sorted(page).slice(0, limit), total };
}

function sorted<T extends { readonly prefix: string }>(entries: T[]): T[] {
  return entries.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}
