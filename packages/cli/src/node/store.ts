import { basename, dirname, extname, join } from 'node:path';
import {
  LedgerError,
  type LedgerStore,
  type Logger,
  type ProcessGroup,
} from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { redactText } from './redact.js';

/** A store that is open, and how to close it. */
export interface OpenStore {
  /** Undefined for the connector's own, in memory. */
  readonly store: LedgerStore | undefined;
  /** The other processes that use it; undefined where there can be none. */
  readonly group: ProcessGroup | undefined;
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
    return { store: undefined, group: undefined, close: () => Promise.resolve() };
  }
  try {
    return await (config.type === 'level' ? openLevel(config) : openRedis(config, logger));
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
async function openLevel({ path }: Config<'level'>): Promise<OpenStore> {
  const { LevelLedgerStore } = await import('@pennyswitch/connector-core/stores/level');
  const store = await LevelLedgerStore.open({ path });
  return { store, group: undefined, close: () => store.close() };
}

async function openRedis(config: Config<'redis'>, logger: Logger): Promise<OpenStore> {
  const { type: _, username, password, ...options } = config;
  const { RedisLedgerStore } = await import('@pennyswitch/connector-core/stores/redis');
  const client = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  const store = await RedisLedgerStore.open({ ...options, client, logger });
  try {
    return { store, group: await store.joinGroup(), close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}
