/**
 * The operator's HTTP API of a connector, as a Hono application: `serve({ fetch: createAdminApi(connector, { token }).fetch })`.
 *
 * Every request carries `Authorization: Bearer TOKEN`; amounts are strings of decimal digits; errors are
 * `{ "error": { "code", "message" } }`.
 *
 * @packageDocumentation
 */
export { createAdminApi, type AdminApiOptions } from './admin-api.js';
