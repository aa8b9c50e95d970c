/**
 * The accounting system's HTTP API of RFC 0038, for settlement engines, as a Hono application. It has no authentication of
 * its own unless a token is given, as the RFC has none: let it listen where only the engine can reach it.
 *
 * @packageDocumentation
 */
export { createSettlementApi, type SettlementApiOptions } from './settlement-api.js';
