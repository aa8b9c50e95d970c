/**
 * Drives one WebSocket: brings its frames to the {@link BtpSession} and does what that says, keeps one timer for all
 * deadlines, and settles the promises of requests. Client and server own connections and say what becomes of them.
 */
import type { AuthenticationData } from './authentication.js';
import type { BtpCounters } from './counters.js';
import type { Environment } from './environment.js';
import { BtpRefusal, BtpRequestError, describeBtpError } from './errors.js';
import type { BtpErrorCode } from './error-codes.js';
import { KeepAlive } from './keep-alive.js';
import {
  BtpType,
  type BtpError,
  type BtpMessage,
  type BtpResponse,
  type BtpTransfer,
  type ProtocolData,
} from './packet.js';
import type { BtpPolicy } from './policy.js';
import { BtpSession, type RequestContent, type SessionEvent } from './session.js';
import type { BtpSocket, SocketEnd, SocketListener } from './socket.js';

/** How long a request may take, and who may end it earlier. */
export interface BtpRequestOptions {
  /** Epoch milliseconds by the endpoint's clock; from then on the request fails. Infinity waits as long as the connection lasts. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the owner of a connection does. */
export interface ConnectionOwner {
  /** Server: look the account up, then call `accept` or `refuse`. */
  authenticate(data: AuthenticationData): void;
  /** Client: the server let us in. */
  opened(protocolData: readonly ProtocolData[]): void;
  /** Client: it did not. */
  refused(error: BtpError): void;
  /** The response to a request of the peer. */
  answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]>;
  /** The last call. Requests in flight have failed already. */
  closed(end: ConnectionEnd): void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** WebSocket close code; 1006 without a closing handshake. */
  readonly code: number;
  /** In our words, for people; holds no text of the peer unescaped. */
  readonly reason: string;
  readonly error?: Error | undefined;
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly role: 'client' | 'server';
  readonly policy: BtpPolicy;
  readonly environment: Environment;
  readonly counters: BtpCounters;
  readonly swappedTypes: boolean;
  readonly firstRequestId: number;
}

type ConnectionPhase = 'opening' | 'authenticating' | 'open' | 'draining' | 'closing' | 'closed';

/** A promise of a response. */
interface Waiting {
  readonly resolve: (reply: readonly ProtocolData[]) => void;
  readonly reject: (error: BtpRequestError) => void;
  /** Takes the listener off the caller's signal. */
  readonly release: (() => void) | undefined;
}

/** Frames that come while the server checks credentials wait; more than this many end the connection. */
const MAX_HELD_FRAMES = 64;
/** What a timer of Node and browsers can count, in milliseconds. */
const MAX_DELAY_MS = 0x7fff_ffff;
/** WebSocket close codes: normal, and ours for a peer that broke a rule (private range of RFC 6455). */
const CLOSE_NORMAL = 1000;
const CLOSE_VIOLATION = 3000;

/** See the file's head. */
export class BtpConnection implements SocketListener {
  readonly #options: ConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #session: BtpSession<Waiting>;
  readonly #keepAlive: KeepAlive;
  #socket: BtpSocket | undefined;
  #held: Uint8Array[] | undefined;
  #timer: unknown;
  #timerAt = Infinity;
  /** When a phase that must end is given up: opening, authentication, draining or closing. */
  #phaseDeadline: number;
  #phase: ConnectionPhase = 'opening';
  #endReason: string | undefined;
  #afterDrain = 'closed';
  readonly #whenClosed: (() => void)[] = [];

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    const { policy, environment, counters } = options;
    const now = environment.clock.now();
    this.#session = new BtpSession({
      role: options.role,
      firstRequestId: options.firstRequestId,
      maxMessageBytes: policy.maxMessageBytes,
      maxIncomingRequests: policy.maxIncomingRequests,
      swappedTypes: options.swappedTypes,
      counters,
    });
    this.#keepAlive = new KeepAlive({
      intervalMs: policy.keepAliveIntervalMs,
      timeoutMs: policy.keepAliveTimeoutMs,
      now,
    });
    this.#phaseDeadline = now + policy.openTimeoutMs;
  }

  /** Gives the connection its socket, right after both were made. */
  attach(socket: BtpSocket): void {
    this.#socket = socket;
    this.#schedule();
  }

  /** Whether new requests may be sent. */
  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** Where this connection counts; a server's changes when the account is known. */
  get counters(): BtpCounters {
    return this.#session.counters;
  }

  set counters(counters: BtpCounters) {
    this.#session.counters = counters;
  }

  /** Whether credentials are being checked. */
  get isAuthenticating(): boolean {
    return this.#phase === 'authenticating';
  }

  /** Our requests in flight. */
  get outgoing(): number {
    return this.#session.outgoing;
  }

  /** The peer's requests that are being answered. */
  get incoming(): number {
    return this.#session.incoming;
  }

  /** Bytes that the peer has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Server: the socket is open, wait for credentials. */
  awaitAuthentication(): void {
    this.#enter('authenticating', this.#now() + this.#options.policy.authenticationTimeoutMs);
  }

  /** Client: the socket is open, send credentials. */
  authenticate(protocolData: readonly ProtocolData[]): void {
    this.#enter('authenticating', this.#now() + this.#options.policy.authenticationTimeoutMs);
    this.#send(this.#session.authenticate(protocolData));
  }

  /** Server: the credentials are good. `opened` may send requests; then frames that came meanwhile are handled. */
  accept(opened: () => void): void {
    if (this.#phase !== 'authenticating') return;
    this.#enter('open', Infinity);
    this.counters.connections += 1;
    this.#send(this.#session.accept([]));
    opened();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const octets of held) this.#handle(octets, this.#now());
  }

  /** Server: they are not. Sends the Error, then closes. */
  refuse(code: BtpErrorCode, message: string): void {
    if (this.#phase !== 'authenticating') return;
    this.#send(this.#session.refuse(code, message, this.#now()));
    this.close(CLOSE_VIOLATION, message);
  }

  /** Sends a request; the promise rejects with {@link BtpRequestError} only, or what the codec says about bad content. */
  request(content: RequestContent, options: BtpRequestOptions): Promise<readonly ProtocolData[]> {
    const now = this.#now();
    const problem = this.#cannotSend(options, now);
    if (problem !== undefined) return this.#notSent(problem);
    let frame: Uint8Array;
    try {
      frame = this.#session.encodeRequest(content);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const { maxMessageBytes } = this.#options.policy;
    if (frame.length > maxMessageBytes) {
      const message = `the message has ${frame.length} bytes, at most ${maxMessageBytes} are allowed`;
      return this.#notSent(new BtpRequestError('TOO_LARGE', 'no', message));
    }
    return new Promise((resolve, reject) => {
      const { signal, deadline } = options;
      let requestId = 0;
      let release: (() => void) | undefined;
      if (signal !== undefined) {
        const abort = (): void => this.#abort(requestId, waiting, signal);
        signal.addEventListener('abort', abort, { once: true });
        release = () => signal.removeEventListener('abort', abort);
      }
      const waiting: Waiting = { resolve, reject, release };
      requestId = this.#session.open(waiting, deadline, now);
      this.#send(frame);
      if (deadline < this.#timerAt) this.#schedule();
    });
  }

  /**
   * Ends the connection when nothing is in flight on it any more, or when the time is over.
   * @param serve whether the peer's new requests are still answered meanwhile.
   */
  drain(reason: string, timeoutMs: number, serve: boolean): void {
    if (this.#phase !== 'open') {
      if (this.#phase !== 'draining') this.close(CLOSE_NORMAL, reason);
      return;
    }
    this.#afterDrain = reason;
    if (!serve) this.#session.refuseRequests = reason;
    this.#enter('draining', this.#now() + timeoutMs);
    this.#closeIfDrained();
  }

  /** Starts the closing handshake. Requests in flight fail when it is done. */
  close(code: number, reason: string): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    const opening = this.#phase === 'opening';
    this.#endReason ??= reason;
    this.#enter('closing', this.#now() + this.#options.policy.closeTimeoutMs);
    if (opening) this.#socket?.terminate();
    else this.#socket?.close(code, closeReason(reason));
  }

  /** Ends it at once. */
  terminate(reason: string): void {
    if (this.#phase === 'closed') return;
    this.#endReason ??= reason;
    this.#session.end();
    this.#enter('closing', Infinity);
    this.#socket?.terminate();
  }

  /** Resolves when the connection has ended. */
  whenClosed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#phase === 'closed') resolve();
      else this.#whenClosed.push(resolve);
    });
  }

  // What the socket tells.

  /** A client's socket is open; its owner sends the credentials. */
  onOpen(): void {
    this.#keepAlive.handleHeard(this.#now());
  }

  onMessage(octets: Uint8Array): void {
    const now = this.#now();
    this.#keepAlive.handleHeard(now);
    if (this.#options.role === 'server' && this.#session.phase === 'authenticating') {
      this.#hold(octets);
      return;
    }
    this.#handle(octets, now);
  }

  onText(): void {
    this.#keepAlive.handleHeard(this.#now());
    this.#do(this.#session.handleUnreadable());
  }

  onAlive(): void {
    this.#keepAlive.handleHeard(this.#now());
  }

  onClose(end: SocketEnd): void {
    const reason = this.#endReason ?? describeEnd(end);
    this.#phase = 'closed';
    this.#session.end();
    this.#clearTimer();
    this.#held = undefined;
    const lost = this.#session.takeAll();
    this.counters.requestsLost += lost.length;
    this.#owner.closed({ code: end.code, reason, error: end.error });
    for (const { tag } of lost) {
      const message = `the connection ended before a response came: ${reason}`;
      settle(tag, new BtpRequestError('CONNECTION_LOST', 'unknown', message, { cause: end.error }));
    }
    for (const resolve of this.#whenClosed) resolve();
  }

  // Frames.

  #handle(octets: Uint8Array, now: number): void {
    this.#do(this.#session.handleFrame(octets, now));
  }

  /** Some clients send requests right behind their credentials. */
  #hold(octets: Uint8Array): void {
    this.#held ??= [];
    if (this.#held.length >= MAX_HELD_FRAMES) {
      this.terminate('too many frames before the authentication was answered');
      return;
    }
    this.#held.push(octets);
  }

  #do(event: SessionEvent<Waiting> | undefined): void {
    switch (event?.type) {
      case undefined:
        return;
      case 'reply': {
        this.#settleReply(event.tag, event.reply);
        return;
      }
      case 'request': {
        this.#serve(event.packet);
        return;
      }
      case 'answer': {
        this.#send(event.frame);
        return;
      }
      case 'authenticate': {
        this.#owner.authenticate(event.data);
        return;
      }
      case 'authenticated':
        this.#enter('open', Infinity);
        this.counters.connections += 1;
        {
          this.#owner.opened(event.protocolData);
          return;
        }
      case 'authentication-refused':
        this.#owner.refused(event.error);
        {
          this.close(CLOSE_NORMAL, 'the server refused the authentication');
          return;
        }
      case 'violation':
        if (event.frame !== undefined) this.#send(event.frame);
        {
          this.close(CLOSE_VIOLATION, event.reason);
          return;
        }
    }
  }

  #settleReply(waiting: Waiting, reply: BtpResponse | BtpError): void {
    if (reply.type === BtpType.response) settle(waiting, reply.protocolData);
    else {
      const message = `the peer answered with an Error: ${describeBtpError(reply)}`;
      settle(waiting, new BtpRequestError('PEER_ERROR', 'yes', message, { btpError: reply }));
    }
    if (this.#phase === 'draining') this.#closeIfDrained();
  }

  #serve(packet: BtpMessage | BtpTransfer): void {
    const { requestId } = packet;
    this.#owner
      .answer(packet)
      .then((protocolData) => this.#respond(requestId, protocolData))
      .catch((error: unknown) => this.#respondError(requestId, error))
      .finally(() => {
        if (this.#phase === 'draining') this.#closeIfDrained();
      });
  }

  #respond(requestId: number, protocolData: readonly ProtocolData[]): void {
    const { maxMessageBytes } = this.#options.policy;
    if (protocolData.reduce((sum, { data }) => sum + data.length, 0) > maxMessageBytes) {
      throw new RangeError(`the response is above ${maxMessageBytes} bytes`);
    }
    const frame = this.#session.respond(requestId, protocolData);
    if (frame !== undefined) this.#send(frame);
  }

  #respondError(requestId: number, error: unknown): void {
    const refusal = error instanceof BtpRefusal ? error : undefined;
    if (refusal === undefined) {
      const { logger } = this.#options.environment;
      logger.error('a BTP handler failed', { error });
    }
    const code = refusal?.code ?? 'T00';
    // Never the message of an error that was not meant for the peer.
    const message = refusal?.message ?? 'internal error';
    const frame = this.#session.respondError(requestId, code, message, this.#now());
    if (frame !== undefined) this.#send(frame);
  }

  /** After the end of the socket this does nothing: whoever waits for the frame's response learns of the end anyway. */
  #send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || this.#phase === 'closed') return;
    const { counters } = this;
    const { policy } = this.#options;
    counters.framesSent += 1;
    counters.bytesSent += frame.length;
    socket.send(frame);
    const buffered = socket.bufferedAmount;
    if (buffered > policy.maxBufferedBytes * 2) {
      this.terminate('the peer asks but does not read the answers');
      return;
    }
    if (this.#phase !== 'open') return;
    this.#session.refuseRequests = buffered > policy.maxBufferedBytes ? 'congested' : undefined;
  }

  // Our requests.

  #cannotSend({ deadline, signal }: BtpRequestOptions, now: number): BtpRequestError | undefined {
    const { policy } = this.#options;
    if (this.#phase !== 'open') {
      const closing = this.#phase === 'draining' || this.#phase === 'closing';
      return closing
        ? new BtpRequestError('CLOSING', 'no', 'the connection is closing')
        : new BtpRequestError('NOT_CONNECTED', 'no', 'the connection is not open');
    }
    if (signal?.aborted === true) {
      return new BtpRequestError('ABORTED', 'no', 'aborted by the caller', {
        cause: signal.reason,
      });
    }
    if (!(deadline > now)) {
      return new BtpRequestError('DEADLINE_PASSED', 'no', `the deadline ${deadline} is not ahead`);
    }
    if (this.#session.outgoing >= policy.maxOutgoingRequests) {
      const message = `${policy.maxOutgoingRequests} requests are in flight already`;
      return new BtpRequestError('TOO_MANY_REQUESTS', 'no', message);
    }
    if (this.bufferedBytes > policy.maxBufferedBytes) {
      const message = `the peer has not read ${this.bufferedBytes} bytes yet`;
      return new BtpRequestError('CONGESTED', 'no', message);
    }
    return undefined;
  }

  #notSent(error: BtpRequestError): Promise<never> {
    this.counters.requestsNotSent += 1;
    return Promise.reject(error);
  }

  #abort(requestId: number, waiting: Waiting, signal: AbortSignal): void {
    if (!this.#session.abandon(requestId)) return;
    this.counters.requestsAborted += 1;
    const options = { cause: signal.reason as unknown };
    settle(waiting, new BtpRequestError('ABORTED', 'unknown', 'aborted by the caller', options));
    if (this.#phase === 'draining') this.#closeIfDrained();
  }

  // Time.

  #now(): number {
    return this.#options.environment.clock.now();
  }

  #enter(phase: ConnectionPhase, deadline: number): void {
    this.#phase = phase;
    this.#phaseDeadline = deadline;
    this.#schedule();
  }

  #deadline(): number {
    const open = this.#phase === 'open' || this.#phase === 'draining';
    const keepAlive = open ? this.#keepAlive.deadline() : Infinity;
    return Math.min(this.#phaseDeadline, this.#session.deadline(), keepAlive);
  }

  /** One timer serves all deadlines. It is only ever moved forward; one that fires too early looks again. */
  #schedule(): void {
    if (this.#phase === 'closed') return;
    const at = this.#deadline();
    if (at >= this.#timerAt) return;
    this.#clearTimer();
    this.#timerAt = at;
    const { clock } = this.#options.environment;
    const delay = Math.min(Math.max(at - clock.now(), 0), MAX_DELAY_MS);
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.#tick(clock.now());
    }, delay);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#options.environment.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #tick(now: number): void {
    const expired = this.#session.takeExpired(now);
    this.counters.requestsExpired += expired.length;
    for (const { tag } of expired) {
      const message = 'no response came before the deadline';
      settle(tag, new BtpRequestError('DEADLINE_PASSED', 'unknown', message));
    }
    if (this.#phase === 'draining') this.#closeIfDrained();
    if (now >= this.#phaseDeadline) this.#giveUp(now);
    if (this.#phase === 'open' || this.#phase === 'draining') this.#checkAlive(now);
    this.#schedule();
  }

  #giveUp(now: number): void {
    switch (this.#phase) {
      case 'opening': {
        this.terminate('the WebSocket did not open in time');
        return;
      }
      case 'authenticating':
        if (this.#options.role === 'client') {
          this.terminate('the server did not answer the authentication in time');
          return;
        }
        this.#send(this.#session.refuse('F00', 'the authentication took too long', now));
        {
          this.close(CLOSE_VIOLATION, 'the authentication took too long');
          return;
        }
      case 'draining': {
        this.close(CLOSE_NORMAL, this.#afterDrain);
        return;
      }
      default: {
        this.terminate('the peer did not finish the closing handshake');
        return;
      }
    }
  }

  #checkAlive(now: number): void {
    const verdict = this.#keepAlive.poll(now);
    if (verdict === 'dead') this.terminate('the peer gives no sign of life');
    else if (verdict === 'probe') this.#probe(now);
  }

  /** A ping where there are pings; else an empty Message, whose answer is the sign of life, whatever it says. */
  #probe(now: number): void {
    const socket = this.#socket;
    if (socket?.ping !== undefined) {
      socket.ping();
      return;
    }
    const ignore = (): void => undefined;
    const frame = this.#session.encodeRequest({ type: BtpType.message, protocolData: [] });
    const waiting: Waiting = { resolve: ignore, reject: ignore, release: undefined };
    this.#session.open(waiting, now + this.#options.policy.keepAliveTimeoutMs, now);
    this.#send(frame);
  }

  #closeIfDrained(): void {
    if (this.#session.outgoing > 0 || this.#session.incoming > 0) return;
    this.close(CLOSE_NORMAL, this.#afterDrain);
  }
}

function settle(waiting: Waiting, outcome: readonly ProtocolData[] | BtpRequestError): void {
  waiting.release?.();
  if (outcome instanceof BtpRequestError) waiting.reject(outcome);
  else waiting.resolve(outcome);
}

/** A WebSocket close reason has at most 123 bytes. */
function closeReason(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}

function describeEnd({ code, error }: SocketEnd): string {
  if (error !== undefined) return error.message;
  return code === 1006 ? 'the connection broke' : `the peer closed the connection (code ${code})`;
}
