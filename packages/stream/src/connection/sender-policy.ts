/** Every number that a sender works by. Durations are milliseconds. */
export interface SenderPolicy {
  /**
   * How long a packet may take, there and back; 2,000 to 60,000. Connectors hold packets for 30 s at most, and each takes
   * about one second off for itself. It grows up to {@link maxPacketTimeoutMs} where a connector asks for more (R02).
   */
  readonly packetTimeoutMs: number;
  /** See {@link packetTimeoutMs}. */
  readonly maxPacketTimeoutMs: number;
  /** How long after its expiry a packet without any reply is still waited for; the link's own way back. 0 to 10,000. */
  readonly replyGraceMs: number;
  /**
   * A payment ends with the reason of its last failure when nothing was fulfilled for so long; 1,000 up. It is a time and not
   * a number of attempts, because how many attempts fit depends on the path.
   */
  readonly progressTimeoutMs: number;
  /**
   * A quote or a payment ends sooner where the path says no for so long: each packet is answered, with the same temporary error
   * (T00, T01, or T04 to the smallest useful amount), and nothing else is in flight; 0 up. A connector that is started anew takes
   * some seconds.
   */
  readonly refusedTimeoutMs: number;
  /** A quote ends when it has learned no rate for so long; 1,000 up. */
  readonly quoteTimeoutMs: number;
  /** How long a closed connection is waited for; 0 (not at all) up. The money is safe by then: this is a courtesy. */
  readonly closeTimeoutMs: number;
  /**
   * The most packets in flight; 1 to 1,000. Connectors keep each one's state, and default rate limits of deployed ones are
   * about 170 packets a second.
   */
  readonly maxPacketsInFlight: number;
  /** How many packets may be in flight before anything was fulfilled; 1 up to {@link maxPacketsInFlight}. */
  readonly initialPacketsInFlight: number;
  /** The first wait after a temporary error, doubled with each further one; 1 up. */
  readonly retryDelayMs: number;
  /** The longest such wait. */
  readonly maxRetryDelayMs: number;
  /** How often a receiver that takes no more for now is asked again; 1 up. */
  readonly askIntervalMs: number;
  /** The first interval between two packets after a connector was too busy (T02, T03, T05); 1 up. */
  readonly pacingIntervalMs: number;
  /** The longest such interval. */
  readonly maxPacingIntervalMs: number;
  /** After how many rounds of packets that all arrive below the minimum the rate is taken as fallen; 1 up. */
  readonly rateFailureRounds: number;
  /** The first round of probes; 1 to 8. Several, so that no one of them decides. */
  readonly probesInFlight: number;
  /** How many probes a quote sends at most; 1 up. Twice 64 halvings of a packet size that no connector tells. */
  readonly maxProbes: number;
  /**
   * Where the state of a payment is saved: for how many packets at a time; 1 up. More means fewer saves to wait for, and more
   * that counts as spent when the process is killed.
   */
  readonly packetsPerSave: number;
  /** How many digits the probed rate should have, as the units that arrive from one probe; 1 up. */
  readonly probePrecision: bigint;
}

/** What is used where the caller says nothing. */
export const DEFAULT_SENDER_POLICY: SenderPolicy = {
  packetTimeoutMs: 20_000,
  maxPacketTimeoutMs: 60_000,
  replyGraceMs: 1_000,
  progressTimeoutMs: 20_000,
  refusedTimeoutMs: 5_000,
  quoteTimeoutMs: 10_000,
  closeTimeoutMs: 2_000,
  maxPacketsInFlight: 100,
  initialPacketsInFlight: 10,
  retryDelayMs: 50,
  maxRetryDelayMs: 2_000,
  askIntervalMs: 250,
  pacingIntervalMs: 10,
  maxPacingIntervalMs: 1_000,
  rateFailureRounds: 3,
  probesInFlight: 4,
  maxProbes: 128,
  packetsPerSave: 8,
  probePrecision: 1_000n,
};
