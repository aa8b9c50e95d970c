/**
 * A ledger store in Redis, for many connector processes of one operator, by the package `@redis/client`, which is a peer dependency
 * of whoever imports this. docs/scaling.md says how it is deployed and what survives which failure.
 *
 * @packageDocumentation
 */
export { RedisLedgerStore, type RedisLedgerStoreOptions } from './redis-store.js';
