/**
 * Routing between connectors: CCP, the protocol by which deployed nodes tell each other their routes, and the table that
 * finds the next hop of a packet. `docs/protocols/ccp.md` says what goes over the wire and when.
 *
 * {@link CcpRouter} is a whole node's routing as a machine without I/O: it is told what happens, and polled for what to
 * send. Below it are parts of their own: the codec of both messages, and {@link RoutingTable}, a longest-prefix table.
 *
 * @packageDocumentation
 */
export { CcpRouter, type CcpRouterOptions } from './router.js';
export type { CcpRequest } from './requests.js';
export type { CcpAccountOptions } from './account.js';
export type { NextHop, Relation, RouteSource } from './route.js';
export type { CandidateListing, CcpAccountListing, RouteListing } from './listing.js';
export { pageOf, type RoutePage, type RouteQuery } from './route-page.js';
export { mayTakeDefaultRoute } from './best-route.js';
export type { ReceiverStatus } from './receiver.js';
export type { SenderStatus } from './sender.js';
export type { ImportRule } from './import-filter.js';
export type { ExportRule, WithholdingRule } from './export-rules.js';
export {
  completePolicy,
  DEFAULT_CCP_POLICY,
  type CcpPolicy,
  type KnownOrigin,
  type Ownership,
} from './policy.js';

export { RoutingTable } from './routing-table.js';

export {
  decodeRouteControlRequest,
  encodeRouteControlRequest,
  type RouteControlMode,
  type RouteControlRequest,
} from './control-request.js';
export {
  AUTH_LENGTH,
  decodeRouteUpdateRequest,
  encodeRouteUpdateRequest,
  type AnnouncedRoute,
  type RouteUpdateRequest,
} from './update-request.js';
export type { RouteProperty } from './route-property.js';
export { NO_TABLE, randomTableId, type RoutingTableId } from './table-id.js';
export {
  CCP_CONTROL_DESTINATION,
  CCP_EXPIRY_MS,
  CCP_UPDATE_DESTINATION,
  encodeCcpPrepare,
  encodeCcpResponse,
  type CcpPrepare,
} from './peer-packet.js';
export { isAuthentic, nextAuth, originAuth } from './auth.js';
