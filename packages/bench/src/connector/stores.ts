import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLedgerStore, type LedgerStore } from '@pennyswitch/connector-core';
import { LevelLedgerStore } from '@pennyswitch/connector-core/stores/level';

/** A store by the name that benchmarks call it. */
export async function openStore(name: string): Promise<LedgerStore> {
  if (name === 'memory') return new MemoryLedgerStore();
  if (name === 'level') {
    return LevelLedgerStore.open({ path: await mkdtemp(join(tmpdir(), 'pennyswitch-bench-')) });
  }
  throw new Error(`there is no store ${name}`);
}
