import { basename, dirname, extname, join } from 'node:path';
import { LedgerError, type LedgerStore, type Logger } from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { redactText } from './redact.js';

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
 * @throws {@link CommandFailure} `store` where Redis cannot be reached, `configuration` where another process has it open or
 * it cannot be read.
 */
export async function openStore(config: NodeConfig['store'], logger: Logger): Promise<OpenStore> {
  if (config === undefined || config.type === 'memory') {
    return { store: undefined, close: () => Promise.resolve() };
  }
  try {
    const store = await (config.type === 'level' ? openLevel(config) : openRedis(config, logger));
    return { store, close: () => store.close() };
  } catch (cause) {
    const reason = redactText(cause instanceof Error ? cause.message : String(cause));
    // It may be there in a moment: a supervisor tries again, as it does not after a configuration that is wrong.
    const isAway =
      config.type === 'redis' && cause instanceof LedgerError && cause.code === 'STORE_UNAVAILABLE';
    const exitCode = isAway ? ExitCode.store : ExitCode.configuration;
    throw new CommandFailure(exitCode, `store: ${reason}`, { cause });
  }
}

/** Where balances are, for a person; without credentials. */
export function placeOfStore(store: NodeConfig['store']): string {
  switch (store?.type) {
    case 'level':
      return `on disk in ${store.path}`;
    case 'redis': {
      const where = redactText([store.url].flat().join(', '));
      return `in Redis at ${where}, shared by all processes that use it`;
    }
    default:
      return 'in memory: they end with this process';
  }
}

type Config<Type> = Extract<NodeConfig['store'], { readonly type: Type }>;
type ClosableStore = LedgerStore & { close(): Promise<void> };

async function openLevel({ path }: Config<'level'>): Promise<ClosableStore> {
  const { LevelLedgerStore } = await import('@pennyswitch/connector-core/stores/level');
  return LevelLedgerStore.open({ path });
}

async function openRedis(config: Config<'redis'>, logger: Logger): Promise<ClosableStore> {
  const { type: _, username, password, ...options } = config;
  const { RedisLedgerStore } = await import('@pennyswitch/connector-core/stores/redis');
  const client = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  return RedisLedgerStore.open({ ...options, client, logger });
}
