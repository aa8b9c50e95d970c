/** The numbers of a link. Milliseconds and bytes; every one may be given to client and server. */
export interface BtpPolicy {
  /**
   * The longest message in either direction, at least 40,960. An ILP Prepare with full data and the longest address
   * takes 34 KB; other sub-protocols need room too.
   */
  readonly maxMessageBytes: number;
  /** Our requests without a response, per connection, 1 to 2^31. More are refused here, before they leave. */
  readonly maxOutgoingRequests: number;
  /** The peer's requests that are being answered, per connection, 1 to 2^31. More get T00: they bound our memory. */
  readonly maxIncomingRequests: number;
  /**
   * Bytes given to the socket that the peer has not taken yet, per connection. Above it our requests are refused as
   * `CONGESTED` and the peer's get T00; at twice as much the connection is ended.
   */
  readonly maxBufferedBytes: number;
  /** Without anything from the peer for so long, it is asked for a sign of life; Infinity never asks. */
  readonly keepAliveIntervalMs: number;
  /** Without an answer to that for so long, it counts as dead. Long enough for a lost TCP segment to be repeated. */
  readonly keepAliveTimeoutMs: number;
  /** A server waits so long for the authentication, its own check included; a client for the answer. */
  readonly authenticationTimeoutMs: number;
  /** A client waits so long for a WebSocket to open, per attempt. */
  readonly openTimeoutMs: number;
  /** `close()` and a replaced connection wait so long for requests in flight. ILP packets expire within 30 s. */
  readonly drainTimeoutMs: number;
  /** After the closing handshake began, the peer has so long to finish it. */
  readonly closeTimeoutMs: number;
  /** The first wait before reconnecting; it doubles up to the next number, and each is shortened at random by half. */
  readonly reconnectInitialMs: number;
  readonly reconnectMaxMs: number;
  /** A connection that lasted so long resets the waits. */
  readonly reconnectResetMs: number;
}

/** What is used where nothing else is given. */
export const DEFAULT_POLICY: BtpPolicy = {
  maxMessageBytes: 65_536,
  maxOutgoingRequests: 2048,
  maxIncomingRequests: 2048,
  maxBufferedBytes: 16_777_216,
  keepAliveIntervalMs: 20_000,
  keepAliveTimeoutMs: 10_000,
  authenticationTimeoutMs: 5000,
  openTimeoutMs: 10_000,
  drainTimeoutMs: 30_000,
  closeTimeoutMs: 2000,
  reconnectInitialMs: 100,
  reconnectMaxMs: 30_000,
  reconnectResetMs: 10_000,
};

/** The defaults with some numbers replaced. @throws RangeError for one that is not positive. */
export function policyOf(given: Partial<BtpPolicy> = {}): BtpPolicy {
  const policy = { ...DEFAULT_POLICY, ...given };
  for (const [name, value] of Object.entries(policy) as [keyof BtpPolicy, number][]) {
    if (!(value > 0)) throw new RangeError(`policy.${name} is ${value}, it must be above 0`);
  }
  return policy;
}
