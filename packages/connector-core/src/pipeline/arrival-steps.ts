import {
  addressNetwork,
  addressScope,
  isPrefixOf,
  type IlpAddress,
  type Network,
} from '@pennyswitch/ilp-address';
import { amountTooLarge } from '@pennyswitch/ilp-packet';
import type { Hop, Incoming, Rejection, Routed, StepFields } from './context.js';
import type { ForwardingPolicy } from './policy.js';
import { REJECTIONS } from './rejections.js';
import type { Step } from './step.js';

/** What the steps need to know about the node at the moment a packet arrives. */
export interface NodeView {
  /** Undefined until configuration or the parent says. */
  readonly address: IlpAddress | undefined;
  /** The network that the node runs on; undefined until its address says. */
  readonly network: Network | undefined;
  /** Whether new packets are still taken. */
  readonly isAccepting: boolean;
  readonly packetsInFlight: number;
  /** Accounts that have packets in flight. */
  readonly busyAccounts: number;
  /** Whether an application receives packets at this node's own address. */
  readonly hasLocalHandler: boolean;
  /** Ways to a destination, best first; empty for none. Ways through accounts whose link is down may be among them. */
  findHops(destination: IlpAddress): readonly Hop[];
}

/**
 * T03 while the connector stops, or when more packets are under way than it can care for (RFC 0027, T03). From half of that
 * on each account has its share only, so that one which sends too much keeps no other one out.
 */
export function capacity(node: NodeView, policy: ForwardingPolicy): Step<Incoming> {
  const { maxPacketsInFlight: most } = policy;
  return {
    name: 'capacity',
    run: ({ from }) => {
      const { packetsInFlight } = node;
      if (!node.isAccepting || packetsInFlight > most) return REJECTIONS.busy;
      if (packetsInFlight <= most / 2 || from === undefined) return undefined;
      return from.inFlight > most / node.busyAccounts ? REJECTIONS.busy : undefined;
    },
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

/** T04 above the account's throughput (RFC 0018 "Managing Payment Bandwidth"). */
export const incomingThroughput: Step<Incoming> = {
  name: 'incoming-throughput',
  run: ({ from, amount, now }) =>
    amount > 0n && from?.incomingBucket?.take(amount, now) === false
      ? REJECTIONS.moneyBandwidth
      : undefined,
};

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
