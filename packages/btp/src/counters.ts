/**
 * What went over a link, as plain numbers that only grow; whoever exports metrics reads them. A `BtpClient` and a
 * `BtpAccount` keep theirs over all their connections.
 */
export interface BtpCounters {
  /** Connections that got through authentication. */
  connections: number;
  /** Frames and their bytes, without WebSocket headers, pings and pongs. */
  framesSent: number;
  framesReceived: number;
  bytesSent: number;
  bytesReceived: number;
  /** Our requests. */
  requestsSent: number;
  responsesReceived: number;
  errorsReceived: number;
  /** Our requests whose deadline passed. */
  requestsExpired: number;
  /** Our requests that the caller cancelled after they were sent. */
  requestsAborted: number;
  /** Our requests that were in flight when their connection ended. */
  requestsLost: number;
  /** Our requests that were refused here before they left. */
  requestsNotSent: number;
  /** The peer's requests. */
  requestsReceived: number;
  responsesSent: number;
  errorsSent: number;
  /** The peer's requests that were over the limit, answered with T00. */
  requestsOverLimit: number;
  /** Frames that are no BTP packet: text, too long, cut off. They get no answer (RFC 0023 "Flow"). */
  unreadable: number;
  /** Responses that no open request waits for: late, repeated or invented. They get no answer. */
  unexpected: number;
  /** Requests under an id that is still being answered. They get no answer: it would be taken for the first one's. */
  duplicateRequests: number;
  /** How long answered requests took, in milliseconds. */
  latency: BtpLatency;
}

/** Sum and count give the mean; the moving average follows the last thirty or so. */
export interface BtpLatency {
  count: number;
  sumMs: number;
  maxMs: number;
  averageMs: number;
}

/** All zero. */
export function newCounters(): BtpCounters {
  return {
    connections: 0,
    framesSent: 0,
    framesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    requestsSent: 0,
    responsesReceived: 0,
    errorsReceived: 0,
    requestsExpired: 0,
    requestsAborted: 0,
    requestsLost: 0,
    requestsNotSent: 0,
    requestsReceived: 0,
    responsesSent: 0,
    errorsSent: 0,
    requestsOverLimit: 0,
    unreadable: 0,
    unexpected: 0,
    duplicateRequests: 0,
    latency: { count: 0, sumMs: 0, maxMs: 0, averageMs: 0 },
  };
}

/** How much a new measurement moves the average. */
const WEIGHT = 1 / 16;

/** Takes in how long one request took. */
export function recordLatency(latency: BtpLatency, ms: number): void {
  latency.averageMs =
    latency.count === 0 ? ms : latency.averageMs + (ms - latency.averageMs) * WEIGHT;
  latency.count += 1;
  latency.sumMs += ms;
  if (ms > latency.maxMs) latency.maxMs = ms;
}
