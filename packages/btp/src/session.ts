/**
 * The rules of one BTP connection, without socket, timer or promise: frames and a time go in, events come out, and the
 * driver (`connection.ts`) does what they say. After authentication both ends are alike (RFC 0023 "Authentication"), so
 * one machine plays both.
 */
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { credentialsOf, type AuthenticationData } from './authentication.js';
import { decodeBtpPacket, encodeBtpPacket } from './codec.js';
import { recordLatency, type BtpCounters } from './counters.js';
import type { BtpErrorCode } from './error-codes.js';
import { errorFrame } from './error-frame.js';
import {
  BtpType,
  type BtpError,
  type BtpMessage,
  type BtpPacket,
  type BtpResponse,
  type BtpTransfer,
  type ProtocolData,
} from './packet.js';
import type { BtpPolicy } from './policy.js';
import { IdSet } from './id-set.js';
import { OpenRequests, type OpenRequest } from './requests.js';
import { unswapped } from './swapped-types.js';

/** What a received frame means for the driver. */
export type SessionEvent<Tag> =
  /** Server: check these credentials, then `accept` or `refuse`. */
  | { readonly type: 'authenticate'; readonly requestId: number; readonly data: AuthenticationData }
  /** Client: the connection is open. */
  | { readonly type: 'authenticated'; readonly protocolData: readonly ProtocolData[] }
  /** Client: the server does not want us; close. */
  | { readonly type: 'authentication-refused'; readonly error: BtpError }
  /** Answer this with `respond` or `respondError`, once. */
  | { readonly type: 'request'; readonly packet: BtpMessage | BtpTransfer }
  /** The response to a request of ours. */
  | { readonly type: 'reply'; readonly tag: Tag; readonly reply: BtpResponse | BtpError }
  /** Send this frame. */
  | { readonly type: 'answer'; readonly frame: Uint8Array }
  /** Send this frame, if there is one, and close: a rule was broken before authentication. */
  | { readonly type: 'violation'; readonly frame: Uint8Array | undefined; readonly reason: string };

/** How a session is set up. */
export interface SessionOptions {
  readonly role: 'client' | 'server';
  readonly policy: Pick<BtpPolicy, 'maxMessageBytes' | 'maxIncomingRequests'>;
  /** Understand the packet types of interledger-rs, see `swapped-types.ts`. */
  readonly swappedTypes: boolean;
  readonly counters: BtpCounters;
  /** The first request id, random; 0 to 2^32 - 1. */
  readonly firstRequestId: number;
}

/** A request before it has an id. */
export type RequestContent =
  | { readonly type: typeof BtpType.message; readonly protocolData: readonly ProtocolData[] }
  | {
      readonly type: typeof BtpType.transfer;
      readonly amount: bigint;
      readonly protocolData: readonly ProtocolData[];
    };

/** `unauthenticated` until the auth Message, `authenticating` until its answer, then `open` until `ended`. */
export type SessionPhase = 'unauthenticated' | 'authenticating' | 'open' | 'ended';

/** See the file's head. `Tag` comes back with the response to the request that it was given with. */
export class BtpSession<Tag> {
  readonly #role: 'client' | 'server';
  readonly #policy: SessionOptions['policy'];
  readonly #swappedTypes: boolean;
  /** What happens is counted here. */
  counters: BtpCounters;
  readonly #outgoing: OpenRequests<Tag>;
  /** Made when there is a first request: an idle connection goes without. */
  #answering: IdSet | undefined;
  #phase: SessionPhase = 'unauthenticated';
  #authenticationId = 0;
  /** Set while closing or congested: the peer's new requests get T00 with this sentence. */
  refuseRequests: string | undefined;

  constructor(options: SessionOptions) {
    this.#role = options.role;
    this.#policy = options.policy;
    this.#swappedTypes = options.swappedTypes;
    this.counters = options.counters;
    this.#outgoing = new OpenRequests(options.firstRequestId);
  }

  get #incoming(): IdSet {
    return (this.#answering ??= new IdSet());
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  /** Our requests in flight. */
  get outgoing(): number {
    return this.#outgoing.size;
  }

  /** The peer's requests that are being answered. */
  get incoming(): number {
    return this.#answering?.size ?? 0;
  }

  /** When to call {@link takeExpired}. */
  deadline(): number {
    return this.#outgoing.deadline();
  }

  /** Client: the frame that must go first (RFC 0023 "Authentication"). */
  authenticate(protocolData: readonly ProtocolData[]): Uint8Array {
    this.#authenticationId = this.#outgoing.nextId();
    this.#phase = 'authenticating';
    return encodeBtpPacket({
      type: BtpType.message,
      requestId: this.#authenticationId,
      protocolData,
    });
  }

  /** Server: the credentials are good; the frame that says so. */
  accept(protocolData: readonly ProtocolData[]): Uint8Array {
    this.#phase = 'open';
    return encodeBtpPacket({
      type: BtpType.response,
      requestId: this.#authenticationId,
      protocolData,
    });
  }

  /** Server: the frame that refuses, before or after credentials came. Nothing else is understood afterwards. */
  refuse(code: BtpErrorCode, message: string, now: number): Uint8Array {
    this.#phase = 'ended';
    return errorFrame(this.#authenticationId, code, message, now);
  }

  /** Whatever arrives now is ignored. */
  end(): void {
    this.#phase = 'ended';
  }

  /**
   * The frame of a request, under the id that {@link open} takes next.
   * @throws OerEncodeError for content that cannot be written.
   */
  encodeRequest(content: RequestContent): Uint8Array {
    const requestId = this.#outgoing.nextId();
    const { type, protocolData } = content;
    // Not by spreading: V8 keeps every object that is made so until the next major collection.
    return type === BtpType.message
      ? encodeBtpPacket({ type, requestId, protocolData })
      : encodeBtpPacket({ type, requestId, amount: content.amount, protocolData });
  }

  /**
   * Opens the request that {@link encodeRequest} made last; the result is its id.
   * @param deadline epoch milliseconds, from when on {@link takeExpired} returns it.
   */
  open(tag: Tag, deadline: number, now: number): number {
    const requestId = this.#outgoing.nextId();
    this.#outgoing.add(requestId, { tag, deadline, sentAt: now });
    this.counters.requestsSent += 1;
    return requestId;
  }

  /** Forgets a request of ours; its response will be unexpected. False if it is not open any more. */
  abandon(requestId: number): boolean {
    return this.#outgoing.take(requestId) !== undefined;
  }

  /** Our requests whose deadline has come. */
  takeExpired(now: number): OpenRequest<Tag>[] {
    return this.#outgoing.takeExpired(now);
  }

  /** All our requests in flight, when the connection has ended. */
  takeAll(): OpenRequest<Tag>[] {
    return this.#outgoing.takeAll();
  }

  /**
   * The frame that answers a request of the peer; undefined if it was answered before.
   * @throws OerEncodeError, RangeError for entries that cannot be sent; the request is still to be answered then.
   */
  respond(requestId: number, protocolData: readonly ProtocolData[]): Uint8Array | undefined {
    if (!this.#incoming.has(requestId)) return undefined;
    const frame = encodeBtpPacket({ type: BtpType.response, requestId, protocolData });
    const { maxMessageBytes } = this.#policy;
    if (frame.length > maxMessageBytes) {
      throw new RangeError(`a response of ${frame.length} bytes, at most ${maxMessageBytes} go`);
    }
    this.#incoming.delete(requestId);
    this.counters.responsesSent += 1;
    return frame;
  }

  /** The same for a request that is not processed. `message` goes to the peer. */
  respondError(
    requestId: number,
    code: BtpErrorCode,
    message: string,
    now: number,
  ): Uint8Array | undefined {
    if (!this.#incoming.delete(requestId)) return undefined;
    this.counters.errorsSent += 1;
    return errorFrame(requestId, code, message, now);
  }

  /** Takes in a frame. Undefined: nothing to do; what was wrong is in the counters. Never throws. */
  handleFrame(octets: Uint8Array, now: number): SessionEvent<Tag> | undefined {
    const counters = this.counters;
    if (this.#phase === 'ended') return undefined;
    counters.framesReceived += 1;
    counters.bytesReceived += octets.length;
    if (octets.length > this.#policy.maxMessageBytes) return this.handleUnreadable();
    let packet: BtpPacket;
    try {
      packet = decodeBtpPacket(octets);
    } catch (error) {
      return this.#handleBadFrame(octets, error, now);
    }
    if (this.#phase !== 'open') return this.#handleBeforeOpen(packet, now);
    if (this.#swappedTypes) packet = unswapped(packet);
    switch (packet.type) {
      case BtpType.response:
      case BtpType.error:
        return this.#handleReply(packet, now);
      case BtpType.message:
      case BtpType.transfer:
        return this.#handleRequest(packet, now);
      default:
        // BTP 1.0's calls are requests, so they get an answer.
        return this.#answerError(packet.requestId, 'F00', 'BTP 1.0 is not supported', now);
    }
  }

  /** Takes in what is no packet: text, or bytes without structure. Before authentication it ends the connection. */
  handleUnreadable(): SessionEvent<Tag> | undefined {
    this.counters.unreadable += 1;
    if (this.#phase === 'open' || this.#role === 'client') return undefined;
    this.#phase = 'ended';
    return { type: 'violation', frame: undefined, reason: 'the first frame is unreadable' };
  }

  #handleBadFrame(octets: Uint8Array, error: unknown, now: number): SessionEvent<Tag> | undefined {
    if (!(error instanceof OerDecodeError)) throw error;
    const type = octets[0];
    const isRequest = type === BtpType.message || type === BtpType.transfer;
    // The structure is sound but another rule is broken: the one kind of bad packet that gets an answer.
    if (error.code !== 'BAD_VALUE' || !isRequest) return this.handleUnreadable();
    const requestId = new DataView(octets.buffer, octets.byteOffset).getUint32(1);
    if (this.#phase === 'open') return this.#answerError(requestId, 'F01', error.reason, now);
    if (this.#role === 'client') return this.handleUnreadable();
    return this.#violation(requestId, 'F01', error.reason, now);
  }

  #handleBeforeOpen(packet: BtpPacket, now: number): SessionEvent<Tag> | undefined {
    const role = this.#role;
    if (role === 'client') return this.#handleAuthenticationReply(packet);
    if (this.#phase === 'authenticating') return undefined; // The driver holds frames back meanwhile.
    if (packet.type !== BtpType.message) {
      const reason = 'the first packet must be a Message that authenticates';
      return this.#violation(packet.requestId, 'F00', reason, now);
    }
    const data = credentialsOf(packet.protocolData);
    if (typeof data === 'string') return this.#violation(packet.requestId, 'F00', data, now);
    this.#phase = 'authenticating';
    this.#authenticationId = packet.requestId;
    return { type: 'authenticate', requestId: packet.requestId, data };
  }

  #handleAuthenticationReply(packet: BtpPacket): SessionEvent<Tag> | undefined {
    const isReply = packet.type === BtpType.response || packet.type === BtpType.error;
    if (!isReply || packet.requestId !== this.#authenticationId) {
      this.counters.unexpected += 1;
      return undefined;
    }
    if (packet.type === BtpType.error) {
      this.#phase = 'ended';
      return { type: 'authentication-refused', error: packet };
    }
    this.#phase = 'open';
    return { type: 'authenticated', protocolData: packet.protocolData };
  }

  #violation(
    requestId: number,
    code: BtpErrorCode,
    reason: string,
    now: number,
  ): SessionEvent<Tag> {
    this.#phase = 'ended';
    return { type: 'violation', frame: errorFrame(requestId, code, reason, now), reason };
  }

  #handleReply(reply: BtpResponse | BtpError, now: number): SessionEvent<Tag> | undefined {
    const counters = this.counters;
    const request = this.#outgoing.take(reply.requestId);
    if (request === undefined) {
      counters.unexpected += 1;
      return undefined;
    }
    if (reply.type === BtpType.response) counters.responsesReceived += 1;
    else counters.errorsReceived += 1;
    recordLatency(counters.latency, now - request.sentAt);
    return { type: 'reply', tag: request.tag, reply };
  }

  #handleRequest(packet: BtpMessage | BtpTransfer, now: number): SessionEvent<Tag> | undefined {
    const counters = this.counters;
    const { requestId } = packet;
    counters.requestsReceived += 1;
    if (this.#incoming.has(requestId)) {
      counters.duplicateRequests += 1;
      return undefined;
    }
    if (this.refuseRequests !== undefined) {
      return this.#answerError(requestId, 'T00', this.refuseRequests, now);
    }
    if (this.#incoming.size >= this.#policy.maxIncomingRequests) {
      counters.requestsOverLimit += 1;
      return this.#answerError(requestId, 'T00', 'too many requests in flight', now);
    }
    this.#incoming.add(requestId);
    return { type: 'request', packet };
  }

  #answerError(
    requestId: number,
    code: BtpErrorCode,
    message: string,
    now: number,
  ): SessionEvent<Tag> | undefined {
    if (this.#incoming.has(requestId)) {
      this.counters.duplicateRequests += 1;
      return undefined;
    }
    this.counters.errorsSent += 1;
    return { type: 'answer', frame: errorFrame(requestId, code, message, now) };
  }
}
