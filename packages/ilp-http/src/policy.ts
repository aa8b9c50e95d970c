/** The numbers of a link. Milliseconds and bytes; every one may be given to peers and servers. */
export interface IlpHttpPolicy {
  /** The longest body in either direction. An ILP Prepare with full data and the longest address takes 34 KB. */
  readonly maxBodyBytes: number;
  /** Our requests without a reply, per peer. More are refused here, before they leave. */
  readonly maxOutgoingRequests: number;
  /** The peer's requests that are being answered, or whose answers it has not taken, per peer. More get 429: they bound our memory. */
  readonly maxIncomingRequests: number;
  /** Connections of HTTP/1.1 to one peer at a time; requests beyond them wait their turn. HTTP/2 needs one. */
  readonly maxConnections: number;
  /** Opening a connection, TLS included, takes at most so long. */
  readonly connectTimeoutMs: number;
  /** An idle connection to a peer is kept so long, unless the peer announces less. */
  readonly keepAliveMs: number;
  /**
   * Whoever sends us a request has so long for its body, from the header on (slower ones get 408), and so long to take the
   * answer, or its connection is cut.
   */
  readonly bodyTimeoutMs: number;
  /** The first wait before a request or a reply is sent again; it doubles up to the next number, each shortened at random. */
  readonly retryInitialMs: number;
  readonly retryMaxMs: number;
  /** A reply's delivery gets an answer within so long, or it is sent again (RFC 0035 "Retry Behavior"). */
  readonly replyTimeoutMs: number;
  /** A reply is given up after so long. Longer than packets live (30 s), so that a late one still settles the books. */
  readonly replyRetryMs: number;
  /** A repeated Request-Id is recognised for so long after its first arrival. Longer than peers repeat. */
  readonly rememberMs: number;
  /** Replies that are kept for repeated requests, per peer. Beyond it the oldest finished ones are forgotten. */
  readonly maxRememberedBytes: number;
  /** `close()` waits so long for what is in flight. ILP packets expire within 30 s. */
  readonly drainTimeoutMs: number;
}

/** What is used where nothing else is given. */
export const DEFAULT_POLICY: IlpHttpPolicy = {
  maxBodyBytes: 65_536,
  maxOutgoingRequests: 2048,
  maxIncomingRequests: 2048,
  maxConnections: 64,
  connectTimeoutMs: 5000,
  keepAliveMs: 30_000,
  bodyTimeoutMs: 5000,
  retryInitialMs: 100,
  retryMaxMs: 5000,
  replyTimeoutMs: 3000,
  replyRetryMs: 60_000,
  rememberMs: 90_000,
  maxRememberedBytes: 16_777_216,
  drainTimeoutMs: 30_000,
};

/** The defaults with some numbers replaced. @throws RangeError for one that is not positive. */
export function policyOf(given: Partial<IlpHttpPolicy> = {}): IlpHttpPolicy {
  const policy = { ...DEFAULT_POLICY, ...given };
  for (const [name, value] of Object.entries(policy) as [keyof IlpHttpPolicy, number][]) {
    if (!(value > 0)) throw new RangeError(`policy.${name} is ${value}, it must be above 0`);
  }
  return policy;
}
