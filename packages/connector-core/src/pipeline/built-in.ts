import type { LedgerStore } from '../ledger/ledger-store.js';
import type { PeerProtocols } from '../peer-protocols/peer-protocols.js';
import type { Conversions } from '../rate/conversions.js';
import {
  capacity,
  incomingThroughput,
  maxPacketAmount,
  packetRate,
  route,
  scope,
  type NodeView,
} from './arrival-steps.js';
import type { Directed, Incoming, Reserved, Routed } from './context.js';
import { expiry, link, outgoingThroughput, price, reserve } from './departure-steps.js';
import type { Duplicates } from './duplicates.js';
import { echo } from './echo.js';
import type { ForwardingPolicy } from './policy.js';
import { checkPlacements, Pipeline, type HandlerPlacement } from './step.js';

/** What the built-in steps work with. */
export interface StepServices {
  readonly node: NodeView;
  readonly policy: ForwardingPolicy;
  readonly protocols: PeerProtocols;
  readonly duplicates: Duplicates;
  readonly conversions: Conversions;
  readonly store: LedgerStore;
}

/** Both halves of a packet's way through a connector. */
export interface Pipelines {
  /** Once for each packet. */
  readonly arrival: Pipeline<Incoming, Routed>;
  /** Once for each way that is tried. */
  readonly departure: Pipeline<Directed, Reserved>;
}

/**
 * All that is done to a packet, in the order in which it is done. The order does not compile where a step needs what no
 * step before it gives.
 * @throws {@link ConnectorError} `BAD_SETTING` for a handler beside a step that does not exist.
 */
export function composePipelines(
  services: StepServices,
  handlers: readonly HandlerPlacement[],
): Pipelines {
  const { node, policy, protocols, duplicates, conversions, store } = services;
  const arrival = Pipeline.from<Incoming>()
    .then(packetRate)
    .then(capacity(node))
    .then(protocols.step())
    .then(scope(node))
    .then(duplicates.step())
    .then(maxPacketAmount)
    .then(incomingThroughput(store))
    .then(echo(node))
    .then(route(node, policy));
  const departure = Pipeline.from<Directed>()
    .then(link)
    .then(price(conversions))
    .then(expiry(policy))
    .then(outgoingThroughput(store))
    .then(reserve(store));
  checkPlacements(
    handlers,
    new Set([...arrival.steps, ...departure.steps].map(({ name }) => name)),
  );
  return { arrival: arrival.with(handlers), departure: departure.with(handlers) };
}
