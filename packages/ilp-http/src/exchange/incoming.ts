import { setMaxListeners } from 'node:events';
import { abortable } from '../client/client.js';
import { describe } from '../client/transport.js';
import type { IlpHttpCounters } from '../counters.js';
import type { Environment } from '../environment.js';
import {
  isPacketType,
  isPlain,
  OCTET_STREAM,
  prefersAsync,
  requestIdOf,
  single,
  type Headers,
} from '../headers.js';
import type { IlpHttpPolicy } from '../policy.js';
import { HttpRefusal, type Answer, type IncomingMessage } from './message.js';
import type { ReplyDelivery } from './reply-delivery.js';
import { digestOf, RequestMemory, type RememberedRequest } from './request-memory.js';
import { InFlight } from './timers.js';

/** What a handler is told beside the packet. */
export interface IlpHttpRequest {
  /** The peer's UUID for the request, where it sent one. */
  readonly requestId: string | undefined;
}

/** Answers the peer's packets. If it throws, the peer gets 500, or no reply where the exchange is asynchronous. */
export type IlpHttpHandler = (octets: Uint8Array, request: IlpHttpRequest) => Promise<Uint8Array>;

/** What the peer's requests are answered with. */
export interface IncomingSettings {
  readonly asynchronous: boolean;
  /** Where replies go: the agreed URL, or the header's if it is allowed. @throws HttpRefusal */
  readonly callbackTarget: (headers: Headers) => URL;
  readonly expiresAt: ((octets: Uint8Array) => number | undefined) | undefined;
  readonly policy: IlpHttpPolicy;
  readonly environment: Environment;
  readonly counters: IlpHttpCounters;
  readonly delivery: ReplyDelivery;
}

/** The requests of one peer: each is handled at most once, however often it comes. */
export class IncomingRequests {
  readonly #settings: IncomingSettings;
  readonly #memory: RequestMemory;
  readonly #inFlight = new InFlight<object>();
  #handler: IlpHttpHandler | undefined;
  #closing = false;
  /** Aborted when nobody waits any longer for handlers. */
  readonly #ended = new AbortController();

  constructor(settings: IncomingSettings) {
    this.#settings = settings;
    // One for each request under way, of which the number is limited: many of them are no leak.
    setMaxListeners(0, this.#ended.signal);
    this.#memory = new RequestMemory(
      settings.policy.rememberMs,
      settings.policy.maxRememberedBytes,
    );
  }

  get size(): number {
    return this.#inFlight.size;
  }

  handle(handler: IlpHttpHandler): void {
    this.#handler = handler;
  }

  /** Takes no new requests. @returns when none is left. */
  drain(): Promise<void> {
    this.#closing = true;
    return this.#inFlight.whenEmpty();
  }

  /** What is still being handled gets 503 now: an answer, so that the peer need not wait for its deadline. */
  endAll(): void {
    this.#ended.abort();
  }

  /** Answers one request of the peer. @throws HttpRefusal */
  async accept(message: IncomingMessage): Promise<Answer> {
    const { policy, counters } = this.#settings;
    this.#checkOpen();
    checkType(message.headers);
    if (this.#inFlight.size >= policy.maxIncomingRequests) {
      counters.requestsOverLimit += 1;
      throw new HttpRefusal(429, 'too many requests at a time', { 'retry-after': '1' });
    }
    const ticket = {};
    this.#inFlight.add(ticket);
    const finished = (): void => this.#inFlight.delete(ticket);
    try {
      const { asynchronous } = this.#settings;
      const answer = asynchronous ? await this.#later(message) : await this.#atOnce(message);
      return { ...answer, finished };
    } catch (error) {
      finished();
      throw error;
    }
  }

  /** The synchronous profile: 200 with the reply. */
  async #atOnce(message: IncomingMessage): Promise<Answer> {
    const octets = await this.#read(message);
    const requestId = requestIdOf(message.headers);
    let outcome = this.#repeated(requestId, octets)?.outcome;
    if (outcome === undefined) {
      const request =
        requestId === undefined ? undefined : this.#memory.add(requestId, octets, this.#now());
      outcome = this.#run(octets, requestId, request);
      if (request !== undefined) request.outcome = outcome;
    }
    let body: Uint8Array;
    try {
      body = await abortable(outcome, this.#ended.signal);
    } catch {
      this.#checkNotEnded();
      throw new HttpRefusal(500, 'the packet could not be processed');
    }
    this.#settings.counters.repliesSent += 1;
    this.#settings.counters.bytesSent += body.length;
    return { status: 200, headers: { 'content-type': OCTET_STREAM }, body };
  }

  /** The exchange as RFC 0035 has it: 202, and the reply later, to the callback URL. */
  async #later(message: IncomingMessage): Promise<Answer> {
    const { headers } = message;
    const requestId = requestIdOf(headers);
    if (requestId === undefined) throw new HttpRefusal(400, 'Request-Id must be one UUIDv4');
    const url = this.#settings.callbackTarget(headers);
    const octets = await this.#read(message);
    const accepted = {
      status: 202,
      ...(prefersAsync(headers) && { headers: { 'preference-applied': 'respond-async' } }),
    };
    const earlier = this.#repeated(requestId, octets);
    if (earlier === undefined) {
      const request = this.#memory.add(requestId, octets, this.#now());
      request.writtenId = single(headers, 'request-id') ?? requestId;
      this.#inFlight.add(request);
      return { ...accepted, afterwards: () => this.#start(request, octets, url) };
    }
    if (earlier.state === 'failed') {
      throw new HttpRefusal(500, 'the packet could not be processed');
    }
    if (earlier.state !== 'undelivered') return accepted;
    // From now on, so that one more repetition does not start another delivery.
    earlier.state = 'replied';
    return { ...accepted, afterwards: () => void this.#deliver(earlier, octets, url) };
  }

  /** Handles an accepted request. */
  #start(request: RememberedRequest, octets: Uint8Array, url: URL): void {
    request.outcome = this.#run(octets, request.id, request);
    void this.#deliver(request, octets, url);
  }

  async #deliver(request: RememberedRequest, octets: Uint8Array, url: URL): Promise<void> {
    const { delivery, counters, expiresAt } = this.#settings;
    const { outcome } = request;
    this.#inFlight.add(request);
    try {
      const reply = await (outcome as Promise<Uint8Array>);
      counters.repliesSent += 1;
      request.state = 'replied';
      const taken = await delivery.deliver({
        url,
        requestId: request.writtenId,
        reply,
        expiresAt: expiresAt?.(octets),
      });
      request.state = taken ? 'delivered' : 'undelivered';
      if (taken) this.#memory.dropReply(request);
    } catch {
      // The handler failed and is in the log already. There is no packet that says so: the peer's deadline will.
      request.state = 'failed';
    } finally {
      this.#inFlight.delete(request);
    }
  }

  async #run(
    octets: Uint8Array,
    requestId: string | undefined,
    request: RememberedRequest | undefined,
  ): Promise<Uint8Array> {
    const { asynchronous, counters, environment } = this.#settings;
    counters.requestsReceived += 1;
    try {
      const reply = await (this.#handler as IlpHttpHandler)(octets, { requestId });
      if (request !== undefined) {
        request.state = asynchronous ? 'replied' : 'delivered';
        this.#memory.grow(request, reply.length, this.#now());
      }
      return reply;
    } catch (error) {
      if (request !== undefined) request.state = 'failed';
      environment.logger.error('the packet handler failed', { requestId, error: describe(error) });
      throw error;
    }
  }

  /** The request that came before under this id. @throws HttpRefusal if it was another packet. */
  #repeated(requestId: string | undefined, octets: Uint8Array): RememberedRequest | undefined {
    if (requestId === undefined) return undefined;
    const earlier = this.#memory.find(requestId, this.#now());
    if (earlier === undefined) return undefined;
    this.#settings.counters.duplicateRequests += 1;
    if (earlier.digest !== digestOf(octets)) {
      throw new HttpRefusal(409, 'this Request-Id was used for another packet');
    }
    return earlier;
  }

  async #read(message: IncomingMessage): Promise<Uint8Array> {
    const { policy, counters } = this.#settings;
    const { maxBodyBytes: maxBytes, bodyTimeoutMs: timeoutMs } = policy;
    const octets = await message.readBody({ maxBytes, timeoutMs });
    counters.bytesReceived += octets.length;
    if (octets.length === 0) throw new HttpRefusal(400, 'the body is empty');
    this.#checkOpen();
    return octets;
  }

  #checkNotEnded(): void {
    if (this.#ended.signal.aborted) throw new HttpRefusal(503, 'closing');
  }

  #checkOpen(): void {
    if (this.#closing) throw new HttpRefusal(503, 'closing');
    if (this.#handler === undefined) throw new HttpRefusal(503, 'not ready');
  }

  #now(): number {
    return this.#settings.environment.clock.now();
  }
}

/** @throws HttpRefusal for what is not a packet. */
export function checkType(headers: Headers): void {
  if (!isPacketType(single(headers, 'content-type')) || !isPlain(headers)) {
    throw new HttpRefusal(415, `Content-Type must be ${OCTET_STREAM}, without Content-Encoding`);
  }
}
