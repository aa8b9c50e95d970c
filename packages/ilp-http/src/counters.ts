/** What went over the link to one peer, as plain numbers that only grow; whoever exports metrics reads them. */
export interface IlpHttpCounters {
  /** Our requests. */
  requestsSent: number;
  repliesReceived: number;
  /** Requests that were sent again, under the same Request-Id. */
  requestsRetried: number;
  /** Our requests that were refused here before they left. */
  requestsNotSent: number;
  /** Our requests whose deadline passed. */
  requestsExpired: number;
  /** Our requests that the caller cancelled. */
  requestsAborted: number;
  /** Our requests whose connection ended or could not be opened. */
  requestsLost: number;
  /** Our requests that were answered with an HTTP error. */
  errorsReceived: number;
  /** Our requests whose answer was no reply: wrong status, type or size. */
  badReplies: number;
  /** The peer's requests that reached the handler. */
  requestsReceived: number;
  repliesSent: number;
  /** The peer's requests that were answered with an HTTP error. */
  errorsSent: number;
  /** The peer's requests under a Request-Id that was seen before; they are not handled again. */
  duplicateRequests: number;
  /** The peer's requests above the limit, answered with 429. */
  requestsOverLimit: number;
  /** Replies to a callback URL that were sent again. */
  repliesRetried: number;
  /** Replies to a callback URL that the peer did not take: refused, or given up. */
  repliesUndelivered: number;
  /** Replies that no open request waits for: late, repeated or invented. They get 400. */
  unexpectedReplies: number;
  /** Bodies, both directions. */
  bytesSent: number;
  bytesReceived: number;
  /** How long answered requests took, in milliseconds. */
  latency: IlpHttpLatency;
}

/** Sum and count give the mean; the moving average follows the last thirty or so. */
export interface IlpHttpLatency {
  count: number;
  sumMs: number;
  maxMs: number;
  averageMs: number;
}

/** How much there is of something now. */
export interface IlpHttpGauges {
  /** Our requests without a reply. */
  readonly outgoing: number;
  /** The peer's requests that are being answered, and answers that it has not taken yet. */
  readonly incoming: number;
  /** Replies on their way to a callback URL. */
  readonly deliveries: number;
}

/** All zero. */
export function newCounters(): IlpHttpCounters {
  return {
    requestsSent: 0,
    repliesReceived: 0,
    requestsRetried: 0,
    requestsNotSent: 0,
    requestsExpired: 0,
    requestsAborted: 0,
    requestsLost: 0,
    errorsReceived: 0,
    badReplies: 0,
    requestsReceived: 0,
    repliesSent: 0,
    errorsSent: 0,
    duplicateRequests: 0,
    requestsOverLimit: 0,
    repliesRetried: 0,
    repliesUndelivered: 0,
    unexpectedReplies: 0,
    bytesSent: 0,
    bytesReceived: 0,
    latency: { count: 0, sumMs: 0, maxMs: 0, averageMs: 0 },
  };
}

/** How much a new measurement moves the average. */
const WEIGHT = 1 / 16;

/** Takes in how long one request took. */
export function recordLatency(latency: IlpHttpLatency, ms: number): void {
  latency.averageMs =
    latency.count === 0 ? ms : latency.averageMs + (ms - latency.averageMs) * WEIGHT;
  latency.count += 1;
  latency.sumMs += ms;
  if (ms > latency.maxMs) latency.maxMs = ms;
}
