/**
 * Drives one WebSocket: brings its frames to the {@link BtpSession} and does what that says, keeps one timer for all
 * deadlines, and settles the promises of requests. Client and server own connections and say what becomes of them.
 */
import { CLOSE_NORMAL, CLOSE_VIOLATION, closeReason, describeEnd } from './closing.js';
import type { ConnectionOwner } from './connection-owner.js';
import type { BtpCounters } from './counters.js';
import { DeadlineTimer, type Scheduled } from './deadline-timer.js';
import { randomUInt32, type Environment } from './environment.js';
import type { BtpErrorCode } from './error-codes.js';
import { BtpRequestError } from './errors.js';
import { HeldFrames } from './held-frames.js';
import { KeepAlive } from './keep-alive.js';
import { BtpType, type ProtocolData } from './packet.js';
import type { BtpPolicy } from './policy.js';
import { ask, type Requesting } from './requester.js';
import { serve, type Responding } from './responder.js';
import { BtpSession, type RequestContent, type SessionEvent } from './session.js';
import type { BtpSocket, SocketEnd, SocketListener } from './socket.js';
import { fail, NOBODY, settle, type BtpRequestOptions, type Waiting } from './waiting.js';

/** What the connections of one owner have in common. */
export interface ConnectionOptions {
  readonly role: 'client' | 'server';
  readonly policy: BtpPolicy;
  readonly environment: Environment;
  /** Understand the packet types of interledger-rs, see `swapped-types.ts`. */
  readonly swappedTypes: boolean;
}

type ConnectionPhase = 'opening' | 'authenticating' | 'open' | 'draining' | 'closing' | 'closed';

/** Why a peer's requests get T00 while it does not read. */
const CONGESTED = 'congested';

/** See the file's head. */
export class BtpConnection implements SocketListener, Scheduled {
  readonly #options: ConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #session: BtpSession<Waiting>;
  readonly #keepAlive: KeepAlive;
  #socket: BtpSocket | undefined;
  /** Frames that came while the server checked credentials; made when there is a first one. */
  #held: HeldFrames | undefined;
  readonly #timer: DeadlineTimer;
  /** When a phase that must end is given up: opening, authentication, draining or closing. */
  #phaseDeadline: number;
  #phase: ConnectionPhase = 'opening';
  #endReason: string | undefined;
  #afterDrain = 'closed';
  /** Made when there is a first request, theirs and ours. */
  #serving: Responding | undefined;
  #requesting: Requesting | undefined;
  readonly #whenClosed: (() => void)[] = [];

  constructor(options: ConnectionOptions, counters: BtpCounters, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    const { role, policy, environment, swappedTypes } = options;
    const now = environment.clock.now();
    this.#session = new BtpSession({
      role,
      policy,
      swappedTypes,
      counters,
      firstRequestId: randomUInt32(environment.randomBytes),
    });
    this.#keepAlive = new KeepAlive({
      intervalMs: policy.keepAliveIntervalMs,
      timeoutMs: policy.keepAliveTimeoutMs,
      now,
    });
    this.#phaseDeadline = now + policy.openTimeoutMs;
    this.#timer = new DeadlineTimer(environment.clock, environment.timers, this);
  }

  /** Gives the connection its socket, right after both were made. */
  attach(socket: BtpSocket): void {
    this.#socket = socket;
    this.#timer.refresh();
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
    const held = this.#held?.takeAll() ?? [];
    this.#held = undefined;
    for (const octets of held) this.#handle(octets, this.#now());
  }

  /** Server: they are not. Sends the Error, then closes. */
  refuse(code: BtpErrorCode, message: string): void {
    if (this.#phase !== 'authenticating') return;
    this.#send(this.#session.refuse(code, message, this.#now()));
    this.close(CLOSE_VIOLATION, message);
  }

  /** Sends a request; the promise rejects with `BtpRequestError` only, or what the codec says about bad content. */
  request(content: RequestContent, options: BtpRequestOptions): Promise<readonly ProtocolData[]> {
    return ask(content, options, (this.#requesting ??= this.#asking));
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
    this.#heard(this.#now());
  }

  onMessage(octets: Uint8Array): void {
    const now = this.#now();
    this.#heard(now);
    if (this.#options.role === 'server' && this.#session.phase === 'authenticating') {
      this.#hold(octets);
      return;
    }
    this.#handle(octets, now);
  }

  onText(): void {
    this.#heard(this.#now());
    this.#do(this.#session.handleUnreadable());
  }

  onAlive(): void {
    this.#heard(this.#now());
    // Pings get their pongs below us: whoever sends many and reads nothing fills our memory with them.
    this.#checkReads();
  }

  onClose(end: SocketEnd): void {
    const reason = this.#endReason ?? describeEnd(end);
    this.#phase = 'closed';
    this.#session.end();
    this.#timer.stop();
    this.#held = undefined;
    const lost = this.#session.takeAll();
    this.counters.requestsLost += lost.length;
    this.#owner.closed({ code: end.code, reason, error: end.error });
    for (const { tag } of lost) {
      const message = `the connection ended before a response came: ${reason}`;
      fail(tag, new BtpRequestError('CONNECTION_LOST', 'unknown', message, { cause: end.error }));
    }
    for (const resolve of this.#whenClosed) resolve();
  }

  // Frames.

  #hold(octets: Uint8Array): void {
    this.#held ??= new HeldFrames(this.#options.policy.maxMessageBytes * 2);
    if (!this.#held.add(octets)) {
      this.terminate('too many frames before the authentication was answered');
    }
  }

  #handle(octets: Uint8Array, now: number): void {
    if (this.#phase === 'open') {
      this.#session.refuseRequests = this.#isCongested() ? CONGESTED : undefined;
    }
    this.#do(this.#session.handleFrame(octets, now));
  }

  #do(event: SessionEvent<Waiting> | undefined): void {
    switch (event?.type) {
      case undefined:
        break;
      case 'reply':
        settle(event.tag, event.reply);
        this.#closeIfDrained();
        break;
      case 'request':
        // Once the closing handshake has begun no response gets out, so nothing must happen either.
        if (this.#phase !== 'closing') serve(event.packet, (this.#serving ??= this.#responding));
        break;
      case 'answer':
        this.#send(event.frame);
        break;
      case 'authenticate':
        this.#owner.authenticate(event.data);
        break;
      case 'authenticated':
        this.#enter('open', Infinity);
        this.counters.connections += 1;
        this.#owner.opened(event.protocolData);
        break;
      case 'authentication-refused':
        this.#owner.refused(event.error);
        this.close(CLOSE_NORMAL, 'the server refused the authentication');
        break;
      case 'violation':
        if (event.frame !== undefined) this.#send(event.frame);
        this.close(CLOSE_VIOLATION, event.reason);
        break;
    }
  }

  /** What the handlers' answers come back to. */
  get #responding(): Responding {
    return {
      logger: this.#options.environment.logger,
      answer: (packet) => this.#owner.answer(packet),
      respond: (requestId, protocolData) =>
        this.#sendIfAny(this.#session.respond(requestId, protocolData)),
      refuse: (requestId, { code, message }) =>
        this.#sendIfAny(this.#session.respondError(requestId, code, message, this.#now())),
      done: () => this.#closeIfDrained(),
    };
  }

  /** What our requests take of this connection. */
  get #asking(): Requesting {
    return {
      session: this.#session,
      policy: this.#options.policy,
      now: () => this.#now(),
      isOpen: () => this.#phase === 'open',
      isClosing: () => this.#phase === 'draining' || this.#phase === 'closing',
      bufferedBytes: () => this.bufferedBytes,
      send: (frame) => this.#send(frame),
      wakeAt: (deadline) => {
        if (deadline < this.#timer.at) this.#timer.refresh();
      },
      done: () => this.#closeIfDrained(),
    };
  }

  #sendIfAny(frame: Uint8Array | undefined): void {
    if (frame !== undefined) this.#send(frame);
  }

  /** After the end of the socket this does nothing: whoever waits for the frame's response learns of the end anyway. */
  #send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || this.#phase === 'closed') return;
    const { counters } = this;
    counters.framesSent += 1;
    counters.bytesSent += frame.length;
    socket.send(frame);
    this.#checkReads();
  }

  /** A peer that has not proved who it is gets less of our memory. */
  #checkReads(): void {
    const { maxBufferedBytes, maxMessageBytes } = this.#options.policy;
    const isKnown = this.#session.phase === 'open';
    const limit = isKnown ? maxBufferedBytes : Math.min(maxBufferedBytes, maxMessageBytes);
    if (this.bufferedBytes <= limit * 2) return;
    this.terminate('the peer asks but does not read the answers');
  }

  #isCongested(): boolean {
    return this.bufferedBytes > this.#options.policy.maxBufferedBytes;
  }

  // Time.

  #now(): number {
    return this.#options.environment.clock.now();
  }

  #enter(phase: ConnectionPhase, deadline: number): void {
    this.#phase = phase;
    this.#phaseDeadline = deadline;
    this.#timer.refresh();
  }

  /** When {@link tick} has something to do. */
  deadline(): number {
    const open = this.#phase === 'open' || this.#phase === 'draining';
    const keepAlive = open ? this.#keepAlive.deadline() : Infinity;
    return Math.min(this.#phaseDeadline, this.#session.deadline(), keepAlive);
  }

  /** Does what is due. */
  tick(now: number): void {
    const expired = this.#session.takeExpired(now);
    this.counters.requestsExpired += expired.length;
    for (const { tag } of expired) {
      const message = 'no response came before the deadline';
      fail(tag, new BtpRequestError('DEADLINE_PASSED', 'unknown', message));
    }
    this.#closeIfDrained();
    if (now >= this.#phaseDeadline) this.#giveUp(now);
    if (this.#phase === 'open' || this.#phase === 'draining') this.#checkAlive(now);
  }

  #giveUp(now: number): void {
    switch (this.#phase) {
      case 'opening':
        this.terminate('the WebSocket did not open in time');
        break;
      case 'authenticating':
        if (this.#options.role === 'client') {
          this.terminate('the server did not answer the authentication in time');
          break;
        }
        this.#send(this.#session.refuse('F00', 'the authentication took too long', now));
        this.close(CLOSE_VIOLATION, 'the authentication took too long');
        break;
      case 'draining':
        this.close(CLOSE_NORMAL, this.#afterDrain);
        break;
      default:
        this.terminate('the peer did not finish the closing handshake');
        break;
    }
  }

  #heard(now: number): void {
    if (this.#keepAlive.handleHeard(now)) this.#timer.refresh();
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
    const frame = this.#session.encodeRequest({ type: BtpType.message, protocolData: [] });
    this.#session.open(NOBODY, now + this.#options.policy.keepAliveTimeoutMs, now);
    this.#send(frame);
  }

  #closeIfDrained(): void {
    if (this.#phase !== 'draining') return;
    if (this.#session.outgoing > 0 || this.#session.incoming > 0) return;
    this.close(CLOSE_NORMAL, this.#afterDrain);
  }
}
