/** Our requests: what keeps one from being sent, and what settles its promise. */
import { BtpRequestError } from './errors.js';
import type { ProtocolData } from './packet.js';
import type { BtpPolicy } from './policy.js';
import type { BtpSession, RequestContent } from './session.js';
import { aborted, fail, problemOf, type BtpRequestOptions, type Waiting } from './waiting.js';

/** What asking takes of its connection. */
export interface Requesting {
  readonly session: BtpSession<Waiting>;
  readonly policy: BtpPolicy;
  now(): number;
  /** Whether new requests may be sent. */
  isOpen(): boolean;
  /** Whether they might have been before. */
  isClosing(): boolean;
  /** Bytes that the peer has not taken yet. */
  bufferedBytes(): number;
  send(frame: Uint8Array): void;
  /** There is something to do at this time. */
  wakeAt(deadline: number): void;
  /** One request less in flight. */
  done(): void;
}

/** Sends a request; the promise rejects with {@link BtpRequestError} only, or what the codec says about bad content. */
export function ask(
  content: RequestContent,
  options: BtpRequestOptions,
  connection: Requesting,
): Promise<readonly ProtocolData[]> {
  const { session, policy } = connection;
  const now = connection.now();
  const problem = problemWith(connection) ?? problemOf(options, now);
  if (problem !== undefined) return notSent(problem, session);
  let frame: Uint8Array;
  try {
    frame = session.encodeRequest(content);
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
  const { maxMessageBytes } = policy;
  if (frame.length > maxMessageBytes) {
    const message = `the message has ${frame.length} bytes, at most ${maxMessageBytes} are allowed`;
    return notSent(new BtpRequestError('TOO_LARGE', 'no', message), session);
  }
  return new Promise((resolve, reject) => {
    const { signal, deadline } = options;
    let requestId = 0;
    let release: (() => void) | undefined;
    if (signal !== undefined) {
      const abort = (): void => giveUp(requestId, waiting, signal, connection);
      signal.addEventListener('abort', abort, { once: true });
      release = () => signal.removeEventListener('abort', abort);
    }
    const waiting: Waiting = { resolve, reject, release };
    requestId = session.open(waiting, deadline, now);
    connection.send(frame);
    connection.wakeAt(deadline);
  });
}

/** Why the connection takes no request now. */
function problemWith(connection: Requesting): BtpRequestError | undefined {
  const { session, policy } = connection;
  if (!connection.isOpen()) {
    return connection.isClosing()
      ? new BtpRequestError('CLOSING', 'no', 'the connection is closing')
      : new BtpRequestError('NOT_CONNECTED', 'no', 'the connection is not open');
  }
  if (session.outgoing >= policy.maxOutgoingRequests) {
    const message = `${policy.maxOutgoingRequests} requests are in flight already`;
    return new BtpRequestError('TOO_MANY_REQUESTS', 'no', message);
  }
  const bufferedBytes = connection.bufferedBytes();
  if (bufferedBytes > policy.maxBufferedBytes) {
    const message = `the peer has not read ${bufferedBytes} bytes yet`;
    return new BtpRequestError('CONGESTED', 'no', message);
  }
  return undefined;
}

function notSent(error: BtpRequestError, session: BtpSession<Waiting>): Promise<never> {
  session.counters.requestsNotSent += 1;
  return Promise.reject(error);
}

/** The caller's signal came. */
function giveUp(
  requestId: number,
  waiting: Waiting,
  signal: AbortSignal,
  connection: Requesting,
): void {
  const { session } = connection;
  if (!session.abandon(requestId)) return;
  session.counters.requestsAborted += 1;
  fail(waiting, aborted('unknown', signal));
  connection.done();
}
