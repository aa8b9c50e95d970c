import type { CcpPolicy } from '@pennyswitch/ccp-routing';
import type { IlpAddress, Network } from '@pennyswitch/ilp-address';
import type { Clock, Logger, RandomBytes } from './environment.js';
import type { ProcessGroup } from './group/process-group.js';
import type { LedgerStore } from './ledger/ledger-store.js';
import type { ForwardingPolicy } from './pipeline/policy.js';
import type { HandlerPlacement } from './pipeline/step.js';
import type { Spread } from './rate/conversions.js';
import type { RateProvider } from './rate/rate-provider.js';
import type { Fetch } from './settlement/engine-client.js';

/** How a connector is set up. All of it has defaults; a node without any is a wallet that waits for its parent. */
export interface ConnectorOptions {
  /** This node's address; if missing, a parent gives it (RFC 0031). */
  readonly address?: IlpAddress;
  /** The network to run on (RFC 0034); if missing, the one that the address belongs to. */
  readonly network?: Network;
  /** Rates between assets. Default: accounts of the same asset only. */
  readonly rates?: RateProvider;
  /** What is kept of each conversion, `'0.002'` for 0.2 percent. Default 0. */
  readonly spread?: Spread;
  /** Numbers of forwarding, where they differ from {@link DEFAULT_POLICY}. */
  readonly policy?: Partial<ForwardingPolicy>;
  /** Routing by CCP. */
  readonly routing?: {
    /** 32 bytes that authenticate our routes; random if missing, hence new at each start. */
    readonly secret?: Uint8Array;
    /** Numbers of CCP, where they differ from its defaults. */
    readonly policy?: Partial<CcpPolicy>;
  };
  /** How often a parent is asked again for our address, in milliseconds. Default: ten minutes. */
  readonly addressRefreshMs?: number;
  /** Where balances live. Default: in memory, which ends with the process. */
  readonly store?: LedgerStore;
  /** The other processes that act as one node with this one, and use the same store. Default: there are none. */
  readonly group?: ProcessGroup;
  /** The application's own steps among the built-in ones. */
  readonly handlers?: readonly HandlerPlacement[];
  /** How settlement engines are reached. Default: the global `fetch`. */
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}
