import type { IlpAddressPrefix } from '@pennyswitch/ilp-address';
import { MAX_DATA_LENGTH } from '@pennyswitch/ilp-packet';

/** A prefix whose announcements can be checked, since its owner gave us the secret. */
export interface KnownOrigin {
  /** Routes to this prefix, and to whatever lies below it, must be made with the secret. */
  readonly prefix: IlpAddressPrefix;
  readonly secret: Uint8Array;
}

/** A prefix that only some accounts may announce. */
export interface Ownership {
  /** Routes to this prefix, and to whatever lies below it… */
  readonly prefix: IlpAddressPrefix;
  /** …are taken from these accounts only. */
  readonly accounts: readonly string[];
}

/** The numbers and rules of routing. All times in milliseconds. */
export interface CcpPolicy {
  /** An update is sent at least this often, empty if need be, so that routes do not expire. */
  readonly heartbeatMs: number;
  /** The least time between the changes of one update and those of the next: a flapping route costs one packet. */
  readonly minimumUpdateIntervalMs: number;
  /** How long we say our routes hold. Deployed peers say 45 000 or 30 000. */
  readonly holdDownMs: number;
  /** How long a peer's routes hold at least, whatever it says: a heartbeat of 30 000 may be late. */
  readonly minimumHoldDownMs: number;
  /** How long a peer may take to answer a request before it is sent again. */
  readonly replyTimeoutMs: number;
  /** The wait before the second attempt of a request; it doubles with each. */
  readonly retryMinMs: number;
  /** The longest wait between two attempts. */
  readonly retryMaxMs: number;
  /** The most epochs in one update; deployed senders use 50. */
  readonly maxEpochsPerUpdate: number;
  /** The most bytes in one update, at most the 32767 that a packet holds. */
  readonly maxUpdateBytes: number;
  /** The most routes that are held of one account; more are passed over. */
  readonly maxRoutesPerAccount: number;
  /** The most text that is held of one account, in characters of prefixes and paths; more routes are passed over. */
  readonly maxTextPerAccount: number;
  /** The longest path that is accepted, in nodes. */
  readonly maxPathLength: number;
  /** The most withdrawals that are remembered for peers that come back. One that missed older ones gets everything. */
  readonly maxWithdrawals: number;
  /**
   * Whether routes of peers are told to other peers, as deployed connectors do; without it only those of children
   * and our own (Gao-Rexford). Routes of parents go to children only, either way.
   */
  readonly peerTransit: boolean;
  /** Whether a route is kept to ourselves where a shorter prefix of at least the same class is told (DRAGON). */
  readonly aggregate: boolean;
  readonly knownOrigins: readonly KnownOrigin[];
  readonly ownership: readonly Ownership[];
}

/** What holds where the configuration says nothing. */
export const DEFAULT_CCP_POLICY: CcpPolicy = {
  heartbeatMs: 30_000,
  minimumUpdateIntervalMs: 150,
  holdDownMs: 45_000,
  minimumHoldDownMs: 45_000,
  replyTimeoutMs: 5_000,
  retryMinMs: 1_000,
  retryMaxMs: 30_000,
  maxEpochsPerUpdate: 50,
  maxUpdateBytes: MAX_DATA_LENGTH,
  maxRoutesPerAccount: 1_000_000,
  maxTextPerAccount: 134_217_728,
  maxPathLength: 32,
  maxWithdrawals: 10_000,
  peerTransit: true,
  aggregate: true,
  knownOrigins: [],
  ownership: [],
};

type NumberName = Exclude<
  keyof CcpPolicy,
  'peerTransit' | 'aggregate' | 'knownOrigins' | 'ownership'
>;

/** The least and the most of each number. */
const RANGES: Record<NumberName, readonly [number, number]> = {
  heartbeatMs: [100, 86_400_000],
  minimumUpdateIntervalMs: [0, 60_000],
  holdDownMs: [100, 0xffff_ffff],
  minimumHoldDownMs: [0, 86_400_000],
  replyTimeoutMs: [10, 600_000],
  retryMinMs: [1, 600_000],
  retryMaxMs: [1, 86_400_000],
  maxEpochsPerUpdate: [1, 1_000_000],
  maxUpdateBytes: [2_048, MAX_DATA_LENGTH],
  maxRoutesPerAccount: [0, 100_000_000],
  maxTextPerAccount: [0, 100_000_000_000],
  maxPathLength: [1, 1_000],
  maxWithdrawals: [0, 100_000_000],
};

/**
 * Fills in the defaults.
 * @throws {@link RangeError} that names the number, what was found and what is allowed.
 */
export function completePolicy(policy: Partial<CcpPolicy> = {}): CcpPolicy {
  const complete = { ...DEFAULT_CCP_POLICY, ...policy };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = complete[name as NumberName];
    if (!(
      typeof value === 'number' &&
      Number.isInteger(value) &&
      value >= least &&
      value <= most
    )) {
      throw new RangeError(
        `routing policy: ${name} is ${String(value)}, allowed is ${least} to ${most}`,
      );
    }
  }
  return complete;
}
