import { basename, dirname, extname, join } from 'node:path';
import type { LedgerStore } from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** A store that is open, and how to close it. */
export interface OpenStore {
  /** Undefined for the connector's own, in memory. */
  readonly store: LedgerStore | undefined;
  readonly close: () => Promise<void>;
}

/** The configuration with a store on disk beside its file where it names none: `node.data` for `node.yaml`. */
export function withDefaultStore(config: NodeConfig, file: string): NodeConfig {
  if (config.store !== undefined) return config;
  const path = join(dirname(file), `${basename(file, extname(file))}.data`);
  return { ...config, store: { type: 'level', path } };
}

/**
 * Opens the store of the configuration. What only one kind needs is loaded for that kind only.
 * @throws {@link CommandFailure} `configuration` where another process has it open, or it cannot be read.
 */
export async function openStore(config: NodeConfig['store']): Promise<OpenStore> {
  if (config === undefined || config.type === 'memory') {
    return { store: undefined, close: () => Promise.resolve() };
  }
  const { LevelLedgerStore } = await import('@pennyswitch/connector-core/stores/level');
  try {
    const store = await LevelLedgerStore.open({ path: config.path });
    return { store, close: () => store.close() };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `store: ${reason}`, { cause });
  }
}
