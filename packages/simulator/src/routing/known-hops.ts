import type { CcpRouter } from '@pennyswitch/ccp-routing';

/** Stands for a next hop that does not exist. */
export const NO_HOP: number = -1;
const UNKNOWN = -2;

/** What routers said about next hops, for as long as their tables stay as they are. */
export class KnownHops {
  readonly #count: number;
  readonly #rows = new Map<number, Row>();

  /** @param count how many nodes there are, at most 32,767. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Where node `at` sends packets for node `to`; {@link NO_HOP} for nowhere, undefined if it was not asked. */
  get(router: CcpRouter, at: number, to: number): number | undefined {
    const row = this.#rows.get(at);
    if (row?.router !== router || row.version !== router.version) return undefined;
    const hop = row.hops[to] as number;
    return hop === UNKNOWN ? undefined : hop;
  }

  /** Notes what node `at` said. */
  set(router: CcpRouter, at: number, to: number, hop: number): void {
    const row = this.#rowOf(router, at);
    row.hops[to] = hop;
  }

  #rowOf(router: CcpRouter, at: number): Row {
    const known = this.#rows.get(at);
    const { version } = router;
    if (known?.router === router && known.version === version) return known;
    const hops = known?.hops ?? new Int16Array(this.#count).fill(UNKNOWN);
    if (known !== undefined) hops.fill(UNKNOWN);
    const row = { router, version, hops };
    this.#rows.set(at, row);
    return row;
  }
}

interface Row {
  readonly router: CcpRouter;
  readonly version: number;
  readonly hops: Int16Array;
}
