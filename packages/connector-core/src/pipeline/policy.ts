import { ConnectorError } from '../errors.js';

/** The numbers of forwarding, the same for all accounts. */
export interface ForwardingPolicy {
  /**
   * How much earlier a packet expires on the way out than on the way in, in milliseconds, 0 or more: the time to pass
   * a fulfillment back (RFC 0018 "Adjusting Transfer Expiry Window"). Also the least that must remain on the way out.
   */
  readonly minMessageWindowMs: number;
  /** How long money is held for one packet at most, in milliseconds, above the window: bounds liquidity griefing (RFC 0018). */
  readonly maxHoldTimeMs: number;
  /** How long after its expiry a reply is still waited for, only to record a late fulfillment; milliseconds, 0 or more. */
  readonly lateReplyMs: number;
  /** Ways tried for one packet, 1 or more (ruled: a second one only if the first cannot have taken the money). */
  readonly maxAttempts: number;
  /** Packets that are cared for at a time in the whole connector, 1 or more. From half of it, each account has its share only. */
  readonly maxPacketsInFlight: number;
  /** Packets that wait for a place, 1 or more; each account has its share. T02 or T03 above it. */
  readonly maxPacketsQueued: number;
  /** How long a packet waits for a place at most, in milliseconds; 0 for not at all. */
  readonly maxQueueMs: number;
  /** Whether a packet may go back over the account that it came from. */
  readonly reflectPackets: boolean;
}

/** What deployed connectors use where they have the number at all. */
export const DEFAULT_POLICY: ForwardingPolicy = {
  minMessageWindowMs: 1000,
  maxHoldTimeMs: 30_000,
  lateReplyMs: 5000,
  maxAttempts: 2,
  maxPacketsInFlight: 20_000,
  maxPacketsQueued: 5000,
  maxQueueMs: 500,
  reflectPackets: false,
};

/** Fills in the defaults. @throws {@link ConnectorError} `BAD_SETTING` for a number out of its range. */
export function completePolicy(given: Partial<ForwardingPolicy>): ForwardingPolicy {
  const policy = { ...DEFAULT_POLICY, ...given };
  requireAtLeast('minMessageWindowMs', policy.minMessageWindowMs, 0);
  requireAtLeast('maxHoldTimeMs', policy.maxHoldTimeMs, policy.minMessageWindowMs + 1);
  requireAtLeast('lateReplyMs', policy.lateReplyMs, 0);
  requireAtLeast('maxAttempts', policy.maxAttempts, 1);
  requireAtLeast('maxPacketsInFlight', policy.maxPacketsInFlight, 1);
  requireAtLeast('maxPacketsQueued', policy.maxPacketsQueued, 1);
  requireAtLeast('maxQueueMs', policy.maxQueueMs, 0);
  return policy;
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new ConnectorError(
      'BAD_SETTING',
      `policy.${name} is ${value}, allowed are whole numbers from ${least}`,
    );
  }
}
