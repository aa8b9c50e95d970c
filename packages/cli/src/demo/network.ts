/**
 * The network that `pennyswitch demo` runs, as facts: who is there, which accounts join them, in which assets, at which
 * rates. The nodes' configuration files, the settlement channels and the independent check are all made from it.
 *
 *     sender ── A ── B ── C ── receiver
 *        USD/6   EUR/6  XRP/9  XRP/9
 */
import type { Hop } from './expected-delivery.js';

export interface Asset {
  readonly code: string;
  readonly scale: number;
}

/** The five nodes. */
export type NodeName = 'A' | 'B' | 'C' | 'sender' | 'receiver';

/** An account between two nodes, with the name that each end has for it. */
export interface AccountPair {
  readonly asset: Asset;
  /** `left` is nearer to the sender. */
  readonly left: { readonly node: NodeName; readonly account: string };
  readonly right: { readonly node: NodeName; readonly account: string };
  /** What `right` is to `left`. */
  readonly relation: 'parent' | 'peer' | 'child';
  /** The largest packet that `right` takes over this account, in units of the asset; none where it is missing. */
  readonly maxPacketAmount?: bigint;
  /** Each end settles when it owes this much, down to zero. */
  readonly settleThreshold: bigint;
  /** The most that either end lets the other owe, packets in flight included. */
  readonly maximumBalance: bigint;
}

const USD: Asset = { code: 'USD', scale: 6 };
const EUR: Asset = { code: 'EUR', scale: 6 };
const XRP: Asset = { code: 'XRP', scale: 9 };

/** The path of the payment, from the sender's account to the receiver's. */
export const ACCOUNTS: readonly AccountPair[] = [
  {
    asset: USD,
    left: { node: 'sender', account: 'a' },
    right: { node: 'A', account: 'sender' },
    relation: 'parent',
    settleThreshold: 1_000_000n,
    maximumBalance: 20_000_000n,
  },
  {
    asset: EUR,
    left: { node: 'A', account: 'b' },
    right: { node: 'B', account: 'a' },
    relation: 'peer',
    // Five cents: a payment of 10.00 USD takes some two hundred packets.
    maxPacketAmount: 50_000n,
    settleThreshold: 1_000_000n,
    maximumBalance: 20_000_000n,
  },
  {
    asset: XRP,
    left: { node: 'B', account: 'c' },
    right: { node: 'C', account: 'b' },
    relation: 'peer',
    settleThreshold: 2_000_000_000n,
    maximumBalance: 40_000_000_000n,
  },
  {
    asset: XRP,
    left: { node: 'C', account: 'bob' },
    right: { node: 'receiver', account: 'c' },
    relation: 'child',
    settleThreshold: 2_000_000_000n,
    maximumBalance: 40_000_000_000n,
  },
];

/** What a connector charges and how it converts, keyed by `FROM/TO`: whole units of TO for one whole unit of FROM. */
export interface ConnectorTerms {
  readonly rates: Readonly<Record<string, string>>;
  readonly spread: string;
}

export const TERMS: Readonly<Record<'A' | 'B' | 'C', ConnectorTerms>> = {
  A: { rates: { 'USD/EUR': '0.9213' }, spread: '0.005' },
  B: { rates: { 'EUR/XRP': '1.8467' }, spread: '0.0025' },
  C: { rates: {}, spread: '0' },
};

/** What each connector on the path does to an amount, in order, worked out from the accounts and the terms. */
export function hops(
  accounts: readonly AccountPair[] = ACCOUNTS,
  terms: Readonly<Record<string, ConnectorTerms>> = TERMS,
): Hop[] {
  return accounts.slice(1).map((outgoing, index) => {
    const incoming = accounts[index] as AccountPair;
    const { rates, spread } = terms[outgoing.left.node] ?? { rates: {}, spread: '0' };
    const pair = `${incoming.asset.code}/${outgoing.asset.code}`;
    const rate = incoming.asset.code === outgoing.asset.code ? '1' : rates[pair];
    if (rate === undefined) throw new Error(`${outgoing.left.node} has no rate for ${pair}`);
    return {
      rate,
      spread,
      incomingScale: incoming.asset.scale,
      outgoingScale: outgoing.asset.scale,
    };
  });
}
