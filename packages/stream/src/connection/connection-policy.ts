import { DEFAULT_SENDER_POLICY, type SenderPolicy } from './sender-policy.js';

/** Every number that a connection works by, those of a sender among them. Durations are milliseconds, sizes bytes. */
export interface ConnectionPolicy extends SenderPolicy {
  /**
   * How much data of one stream may wait for the application to read it; 32,000 up. It begins with 32,000, and becomes this
   * when the other end has shown that its packets keep to the limit of RFC 0027 (see {@link FIRST_STREAM_WINDOW}).
   */
  readonly streamWindow: number;
  /** The same for all streams together; 65,534 up. */
  readonly connectionWindow: number;
  /** The highest stream id that is accepted at first; 20 means ten streams of the other end (RFC 0029 3.3). 0 to 2,000. */
  readonly maxStreamId: number;
  /** How much written data of one stream is kept, sent or not, before `write` waits; 1 up. */
  readonly writeBuffer: number;
  /** The connection ends when so long nothing authentic came from the other endpoint; 1,000 up. */
  readonly idleTimeoutMs: number;
  /** Longest interval at which an endpoint that is in the way (a limit reached) is asked again; {@link askIntervalMs} up. */
  readonly maxAskIntervalMs: number;
  /** So many packets in a row with more money than allowed are refused; the next one is no mistake any more. 1 up. */
  readonly maxMoneyOverruns: number;
  /** How often a new address of the other endpoint is tried before it is given up; 1 up. */
  readonly validationAttempts: number;
}

/** What is used where the caller says nothing. */
export const DEFAULT_CONNECTION_POLICY: ConnectionPolicy = {
  ...DEFAULT_SENDER_POLICY,
  streamWindow: 131_072,
  connectionWindow: 1_310_720,
  maxStreamId: 20,
  writeBuffer: 262_144,
  idleTimeoutMs: 60_000,
  maxAskIntervalMs: 4_000,
  maxMoneyOverruns: 200,
  validationAttempts: 5,
};

/**
 * How much data each stream is granted at first. ilp-protocol-stream fills a packet with as much as it is granted, up to 32,795
 * bytes in all, which is more than a Prepare may carry (RFC 0027) and breaks the connection at the next strict node. With
 * this grant its packets stay below the limit, as long as one stream sends at a time.
 */
export const FIRST_STREAM_WINDOW = 32_000;
/** Packets that are as long as this, but not longer, are those of a sender that knows the limit. */
export const WELL_CUT_PACKETS = { min: 30_000, max: 31_500 };

/** Where peers start that have not said what they take: what ilp-protocol-stream grants each stream and connection. */
export const ASSUMED_STREAM_WINDOW = 16_384;
export const ASSUMED_CONNECTION_WINDOW = 65_534;
