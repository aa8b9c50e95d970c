/**
 * An Interledger node (RFC 0034): accounts with peers over links, a bilateral ledger for each, routes, exact conversion, and
 * settlement (RFC 0038).
 *
 * Make a {@link Connector}, give it an account and a {@link Link} for each peer, and start it. A wallet is a connector with
 * one parent: it gets address and asset from there, sends with {@link Connector.sendLocal} and receives with
 * {@link Connector.setLocalHandler}.
 *
 * Everything that needs an HTTP framework is elsewhere: `@pennyswitch/connector-core/admin` for operators and
 * `@pennyswitch/connector-core/settlement-api` for settlement engines.
 *
 * @packageDocumentation
 */

// The node.
export { Connector } from './connector.js';
export type { ConnectorOptions } from './connector-options.js';
export type { ConnectorEvents } from './events.js';
export type { RemoveAccountOptions } from './node/account-service.js';
export type {
  AccountSnapshot,
  BalanceSnapshot,
  InFlightSnapshot,
  RateSnapshot,
  RouteLookup,
} from './snapshots.js';
export type { AccountRoutingSettings } from './account/routing-settings.js';
export type { RouteSnapshot } from './routing/routing.js';
export { ConnectorError, type ConnectorErrorCode } from './errors.js';

// Accounts.
export {
  checkAccountSettings,
  fixedSettings,
  type AccountLimits,
  type AccountSettings,
  type RateLimit,
  type Relation,
  type SettlementSettings,
} from './account/settings.js';
export type { Account, AccountProblem } from './account/account.js';
export type { DirectionCounters } from './account/counters.js';
export type { Asset } from './asset.js';

// Links: how packets get to a peer.
export { LinkError, type Link, type Sent } from './links/link.js';
export { MemoryLink } from './links/memory-link.js';
export { btpLink } from './links/btp-link.js';
export { httpLink, type HttpEndpoint } from './links/http-link.js';

// Rates: exact ratios, rounded down once.
export { configuredRates, ratesFrom, sameAssetOnly } from './rate/rate-provider.js';
export type { ConfiguredRates, RateProvider } from './rate/rate-provider.js';
export {
  httpRateSource,
  RateFeed,
  type RateFeedOptions,
  type RateSource,
} from './rate/rate-feed.js';
export { Conversions, type Spread } from './rate/conversions.js';
export {
  largestWithin,
  multiplyFloor,
  parseRatio,
  parseSpread,
  type Decimal,
  type Ratio,
} from './rate/ratio.js';
export { RateError, type RateErrorCode } from './errors.js';

// Forwarding, and an application's own steps in it.
export { DEFAULT_POLICY, type ForwardingPolicy } from './pipeline/policy.js';
export { encodeEchoRequest, isEchoResponse } from './pipeline/echo.js';
export type { PacketResult } from './pipeline/forwarder.js';
export { traceIdOf } from './pipeline/trace-id.js';
export type {
  Directed,
  Hop,
  Incoming,
  Priced,
  Rejection,
  Reserved,
  Routed,
  Timed,
  Verdict,
} from './pipeline/context.js';
export {
  Pipeline,
  type HandlerPlacement,
  type Step,
  type StepInputs,
  type StepName,
  type StepResults,
} from './pipeline/step.js';
export type { PeerProtocol } from './peer-protocols/peer-protocols.js';

// The ledger, for whoever writes a store.
export { netOf, type Balance } from './ledger/balance.js';
export {
  isShortfall,
  type CreditResult,
  type IncomingSettlement,
  type LateFulfillment,
  type LedgerEntry,
  type LedgerStore,
  type Leg,
  type LostPacket,
  type NewEntry,
  type OutgoingSettlement,
  type Shortfall,
} from './ledger/ledger-store.js';
export { MemoryLedgerStore, type MemoryLedgerStoreOptions } from './ledger/memory-store.js';
export {
  readRecord,
  writeRecord,
  type BookRecord,
  type Credited,
  type LedgerRecord,
  type LedgerTable,
  type Ordered,
} from './ledger/records.js';
export { settlementDue, type SettlementPolicy } from './ledger/settlement-policy.js';
export { creditToUnits, type Leftover } from './ledger/leftover.js';
export { LedgerError, type LedgerErrorCode } from './errors.js';

// Several processes that act as one connector.
export { GroupLinks, type GroupLinksOptions } from './group/group-links.js';
export type { GroupAnswer, GroupRequest, ProcessGroup } from './group/process-group.js';
export {
  MemoryTable,
  type SharedTable,
  type TableChanges,
  type WriteOptions,
} from './group/shared-table.js';

// Settlement.
export type { SettlementControl } from './settlement/settlement.js';
export type { MessageReply } from './settlement/messages.js';
export type { Fetch } from './settlement/engine-client.js';
export { readQuantity, writeQuantity, type Quantity } from './settlement/quantity.js';

// What a connector takes from the world around it.
export type { Awaitable } from './awaitable.js';
export type { Clock, Logger, RandomBytes } from './environment.js';
