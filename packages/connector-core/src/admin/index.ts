/**
 * The operator's HTTP API of a connector, as a Hono application: `serve({ fetch: createAdminApi(connector, { token }).fetch })`.
 *
 * Every request carries `Authorization: Bearer TOKEN`; amounts are strings of decimal digits; errors are
 * `{ "error": { "code", "message" } }`. `GET /openapi.json` says the rest, made from the same definitions as the routes.
 *
 * @packageDocumentation
 */
export { createAdminApi, type AdminApiOptions } from './admin-api.js';
export type { AccountKeeper } from './account-routes.js';
export type { EventStreamLimits } from './event-stream.js';
export { createMetrics, type Metrics } from './metrics.js';
