import { isIlpAddressPrefix } from '@pennyswitch/ilp-address';

/**
 * What an operator says about the routes that are exchanged over one account (CCP), beside whether they are. All lists hold
 * ILP address prefixes, each with whatever lies below it.
 */
export interface AccountRoutingSettings {
  /** What the peer may announce. Default: anything that is not ours. */
  readonly accept?: readonly string[];
  /** What it may not, although `accept` has it. */
  readonly refuse?: readonly string[];
  /** The longest path of its routes that is taken, in nodes. Default: the routing policy's. */
  readonly maxPathLength?: number;
  /** The most of its routes that are held. Default: the routing policy's `maxRoutesPerAccount`. */
  readonly maxRoutes?: number;
  /** What the peer is told. Default: all that its relation allows. */
  readonly tell?: readonly string[];
  /** What it is not told, although `tell` has it. */
  readonly withhold?: readonly string[];
  /** The longest path that it is told, in nodes, us included. Default: any. */
  readonly maxToldPathLength?: number;
  /** Whether this peer is told routes of other peers. Default: the routing policy's `peerTransit`. */
  readonly peerTransit?: boolean;
}

const LISTS = ['accept', 'refuse', 'tell', 'withhold'] as const;
const NUMBERS = { maxPathLength: 1, maxRoutes: 0, maxToldPathLength: 1 } as const;

/** Calls `problem` with what is wrong, if anything is. */
export function checkRoutingSettings(
  settings: AccountRoutingSettings,
  problem: (text: string) => never,
): void {
  for (const name of LISTS) {
    for (const prefix of settings[name] ?? []) {
      if (!isIlpAddressPrefix(prefix)) {
        problem(`routing.${name}: ${JSON.stringify(prefix)} is no ILP address prefix (RFC 0015)`);
      }
    }
  }
  for (const [name, least] of Object.entries(NUMBERS)) {
    const value = settings[name as keyof typeof NUMBERS];
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
      problem(`routing.${name} is ${value}, allowed are whole numbers from ${least}`);
    }
  }
}

/** Whether two versions of these settings say the same. */
export function isSameRouting(
  a: AccountRoutingSettings = {},
  b: AccountRoutingSettings = {},
): boolean {
  const lists = LISTS.every((name) => a[name]?.join(' ') === b[name]?.join(' '));
  const { maxPathLength, maxRoutes, maxToldPathLength, peerTransit } = a;
  return (
    lists &&
    maxPathLength === b.maxPathLength &&
    maxRoutes === b.maxRoutes &&
    maxToldPathLength === b.maxToldPathLength &&
    peerTransit === b.peerTransit
  );
}
