/**
 * A ledger store on this machine's disk: LevelDB, by the package `classic-level`, which is a peer dependency of whoever
 * imports this.
 *
 * @packageDocumentation
 */
export { LevelLedgerStore, type LevelLedgerStoreOptions } from './level-store.js';
