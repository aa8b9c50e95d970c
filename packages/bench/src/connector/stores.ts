import { MemoryLedgerStore, type LedgerStore } from '@pennyswitch/connector-core';

/** A store by the name that benchmarks call it. */
export function openStore(name: string): Promise<LedgerStore> {
  if (name === 'memory') return Promise.resolve(new MemoryLedgerStore());
  throw new Error(`there is no store ${name}`);
}
