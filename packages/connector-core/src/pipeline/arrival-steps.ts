import {
  addressNetwork,
  addressScope,
  isPrefixOf,
  type IlpAddress,
  type Network,
} from '@pennyswitch/ilp-address';
import { amountTooLarge } from '@pennyswitch/ilp-packet';
import type { Awaitable } from '../awaitable.js';
import type { LedgerStore } from '../ledger/ledger-store.js';
import type { Hop, Incoming, Rejection, Routed, StepFields, Verdict } from './context.js';
import type { ForwardingPolicy } from './policy.js';
import { busyFor, REJECTIONS } from './rejections.js';
import type { Step } from './step.js';

/** What the steps need to know about the node at the moment a packet arrives. */
export interface NodeView {
  /** Undefined until configuration or the parent says. */
  readonly address: IlpAddress | undefined;
  /** The network that the node runs on; undefined until its address says. */
  readonly network: Network | undefined;
  /** Whether new packets are still taken. */
  readonly isAccepting: boolean;
  /** Lets a packet on, now or when it is its turn. */
  admit(context: Incoming): Awaitable<Verdict>;
  /** Whether an application receives packets at this node's own address. */
  readonly hasLocalHandler: boolean;
  /** Ways to a destination, best first; empty for none. Ways through accounts whose link is down may be among them. */
  findHops(destination: IlpAddress): readonly Hop[];
}

/**
 * T02 or T03 while the connector stops, and for what is too much for it (RFC 0027); what is above an account's share waits for
 * its turn, see {@link FairQueue}.
 */
export function capacity(node: NodeView): Step<Incoming> {
  return {
    name: 'capacity',
    run: (context) => (node.isAccepting ? node.admit(context) : busyFor(context.from)),
  };
}

/** T05 above the account's limit of packets; packets without money and bilateral ones count too. */
export const packetRate: Step<Incoming> = {
  name: 'packet-rate',
  run: ({ from, now }) =>
    from?.packetBucket?.take(1n, now) === false ? REJECTIONS.rateLimited : undefined,
};

/**
 * Keeps packets where they belong (RFC 0015 "Allocation Schemes", RFC 0034 "Special Addresses"): nothing from the live network
 * on a test one or the reverse, and nothing to `self.` from another node.
 */
export function scope(node: NodeView): Step<Incoming> {
  return {
    name: 'scope',
    run({ from, prepare }) {
      const reach = addressScope(prepare.destination);
      if (reach === 'node' && from !== undefined) return REJECTIONS.nodeScope;
      if (reach === 'peer') return REJECTIONS.unknownPeerProtocol;
      const network = addressNetwork(prepare.destination);
      if (network === undefined || network === node.network) return undefined;
      return node.network === undefined && node.address === undefined
        ? REJECTIONS.noAddressYet
        : REJECTIONS.otherNetwork;
    },
  };
}

/** F08 with both amounts for packets above the account's limit (RFC 0027, F08). */
export const maxPacketAmount: Step<Incoming> = {
  name: 'max-packet-amount',
  run({ from, amount }) {
    const maximum = from?.limits.maxPacketAmount;
    return maximum !== undefined && amount > maximum ? tooLarge(amount, maximum) : undefined;
  },
};

/**
 * T04 above the account's throughput (RFC 0018 "Managing Payment Bandwidth"); stores that many processes share check it when
 * they hold the money.
 */
export function incomingThroughput(store: LedgerStore): Step<Incoming> {
  return {
    name: 'incoming-throughput',
    run: ({ from, amount, now }) =>
      store.limitsThroughput !== true &&
      amount > 0n &&
      from?.incomingBucket?.take(amount, now) === false
        ? REJECTIONS.moneyBandwidth
        : undefined,
  };
}

/** Finds the ways that the packet may go, never back where it came from unless configured (RFC 0034 "Routing"). */
export function route(node: NodeView, policy: ForwardingPolicy): Step<Incoming, Routed> {
  return {
    name: 'route',
    run(context) {
      const { from, prepare } = context;
      const all = node.findHops(prepare.destination);
      const mayReflect = policy.reflectPackets || context.mayReflect;
      const hops = mayReflect ? all : withoutSource(all, from);
      if (hops.length > 0) {
        (context as Incoming & StepFields).hops = hops;
        return undefined;
      }
      if (all.length > 0) return REJECTIONS.backToSender;
      if (node.address === undefined) return REJECTIONS.noAddressYet;
      return isPrefixOf(node.address, prepare.destination)
        ? REJECTIONS.noReceiver
        : REJECTIONS.noRoute;
    },
  };
}

/** F08 with the amounts that let the sender find the largest packet. */
export function tooLarge(receivedAmount: bigint, maximumAmount: bigint): Rejection {
  const { code, message, data } = amountTooLarge({ receivedAmount, maximumAmount });
  return { code, message, data };
}

function withoutSource(hops: readonly Hop[], from: Hop): readonly Hop[] {
  return from !== undefined && hops.includes(from) ? hops.filter((hop) => hop !== from) : hops;
}
