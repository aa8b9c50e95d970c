import type { OutgoingCredentials } from '../auth/outgoing.js';
import { abortable, type HttpClient } from '../client/client.js';
import { describe, TransportError, type HttpAnswer } from '../client/transport.js';
import { recordLatency, type IlpHttpCounters } from '../counters.js';
import type { Environment } from '../environment.js';
import { IlpHttpError } from '../errors.js';
import { isPacketType, isPlain, newRequestId, OCTET_STREAM, single } from '../headers.js';
import type { IlpHttpPolicy } from '../policy.js';
import { backoffMs } from './backoff.js';
import { OpenRequest } from './open-request.js';
import { InFlight, sleep } from './timers.js';

/** When to give up a request. */
export interface IlpHttpSendOptions {
  /** In milliseconds since 1970, by the link's clock. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

/** What requests to one peer are made of. */
export interface OutgoingSettings {
  readonly url: URL | undefined;
  readonly asynchronous: boolean;
  /** Where the peer is to send its replies, for the header; undefined where it knows. */
  readonly callbackUrl: URL | undefined;
  readonly retryRequests: boolean;
  readonly policy: IlpHttpPolicy;
  readonly environment: Environment;
  readonly counters: IlpHttpCounters;
  readonly credentials: OutgoingCredentials;
  readonly client: HttpClient;
}

/** Our requests to one peer (RFC 0035 "Send ILP Prepare"). */
export class OutgoingRequests {
  readonly #settings: OutgoingSettings;
  readonly #open = new Map<string, OpenRequest>();
  readonly #inFlight = new InFlight<OpenRequest>();
  #closing = false;

  constructor(settings: OutgoingSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** @throws {@link IlpHttpError} */
  send(octets: Uint8Array, options: IlpHttpSendOptions): Promise<Uint8Array> {
    const { environment, counters } = this.#settings;
    const { clock, randomBytes } = environment;
    const refusal = this.#refusalOf(octets, options);
    if (refusal !== undefined) {
      counters.requestsNotSent += 1;
      return Promise.reject(refusal);
    }
    const request = new OpenRequest(newRequestId(randomBytes), octets, clock.now());
    this.#open.set(request.id, request);
    this.#inFlight.add(request);
    request.limit(clock, options.deadline, options.signal);
    counters.requestsSent += 1;
    const url = this.#settings.url as URL;
    void this.#run(request, url);
    return request.reply.then(
      (reply) => {
        this.#forget(request);
        counters.repliesReceived += 1;
        recordLatency(counters.latency, clock.now() - request.startedAt);
        return reply;
      },
      (error: unknown) => {
        this.#forget(request);
        count(counters, error as IlpHttpError);
        throw error;
      },
    );
  }

  /** Whether a request of this id waits for its reply. */
  has(id: string): boolean {
    return this.#open.get(id)?.isSettled === false;
  }

  /** Takes a reply that came to our callback URL. @returns false if no request waits for it. */
  takeReply(id: string, reply: Uint8Array): boolean {
    return this.#open.get(id)?.succeed(reply) ?? false;
  }

  /** Takes no new requests. @returns when none is left. */
  drain(): Promise<void> {
    this.#closing = true;
    return this.#inFlight.whenEmpty();
  }

  /** Ends what is still waiting. */
  endAll(): void {
    for (const request of this.#inFlight) {
      request.end('CLOSING', 'the link was closed before the reply came');
    }
  }

  #refusalOf(octets: Uint8Array, options: IlpHttpSendOptions): IlpHttpError | undefined {
    const { url, policy, environment } = this.#settings;
    const refuse = (code: IlpHttpError['code'], message: string): IlpHttpError =>
      new IlpHttpError(code, 'no', message);
    if (this.#closing) return refuse('CLOSING', 'the link is closing');
    if (url === undefined) return refuse('NO_URL', 'the peer has no URL to send to');
    if (octets.length > policy.maxBodyBytes) {
      const message = `a packet of ${octets.length} bytes, ${policy.maxBodyBytes} are allowed`;
      return refuse('TOO_LARGE', message);
    }
    if (this.#inFlight.size >= policy.maxOutgoingRequests) {
      const message = `${this.#inFlight.size} requests are in flight, which is the limit`;
      return refuse('TOO_MANY_REQUESTS', message);
    }
    if (!(options.deadline > environment.clock.now())) {
      return refuse('DEADLINE_PASSED', 'the deadline has passed already');
    }
    if (options.signal?.aborted === true) return refuse('ABORTED', 'the caller cancelled');
    return undefined;
  }

  #forget(request: OpenRequest): void {
    this.#open.delete(request.id);
    this.#inFlight.delete(request);
  }

  /** Attempts until there is a reply, a final failure, or nothing left to do but wait for the callback. */
  async #run(request: OpenRequest, url: URL): Promise<void> {
    const { policy, environment, counters } = this.#settings;
    for (let failures = 1; ; failures++) {
      const error = await request.attempt(() => this.#attempt(request, url));
      if (error === undefined || request.isSettled) return;
      request.lastError = error;
      const next = request.signal.aborted ? 'fail' : this.#nextAfter(error, request);
      if (next === 'fail') {
        request.fail(error);
        return;
      }
      if (next === 'wait') return;
      const waitMs = backoffMs(failures, policy, environment.randomBytes);
      const waited = await sleep(environment.clock, waitMs, request.signal);
      if (!waited) return;
      counters.requestsRetried += 1;
    }
  }

  /**
   * What to do after a failed attempt. Repeating is safe only with a peer that knows Request-Ids. And an asynchronous
   * peer whose 202 got lost still calls back: giving up at once could lose a Fulfill.
   */
  #nextAfter(error: IlpHttpError, request: OpenRequest): 'fail' | 'retry' | 'wait' {
    const { retryRequests, asynchronous } = this.#settings;
    const isServerError = error.code === 'PEER_STATUS' && (error.status ?? 0) >= 500;
    const mayHaveArrived =
      error.code === 'CONNECTION_LOST' || (error.code === 'UNREACHABLE' && request.left);
    if (retryRequests && (isServerError || mayHaveArrived)) return 'retry';
    return asynchronous && mayHaveArrived ? 'wait' : 'fail';
  }

  /** @returns why there is no reply, or undefined if there is one or will be. */
  async #attempt(request: OpenRequest, url: URL): Promise<IlpHttpError | undefined> {
    const { credentials, client, counters } = this.#settings;
    let authorization: string | undefined;
    try {
      authorization = await abortable(credentials.authorization(), request.signal);
    } catch (error) {
      return new IlpHttpError('NO_CREDENTIALS', 'no', 'there is no token', { cause: error });
    }
    const headers = this.#headers(request.id, authorization);
    try {
      const answer = await client.post(url, { headers, body: request.octets }, request.signal);
      request.left = true;
      counters.bytesSent += request.octets.length;
      counters.bytesReceived += answer.body.length;
      return this.#take(request, answer);
    } catch (error) {
      if (!(error instanceof TransportError)) {
        request.left = true;
        return new IlpHttpError('CONNECTION_LOST', 'unknown', describe(error), { cause: error });
      }
      if (error.left) request.left = true;
      return failureOf(error);
    }
  }

  #headers(id: string, authorization: string | undefined): Record<string, string> {
    const { asynchronous, callbackUrl } = this.#settings;
    return {
      accept: OCTET_STREAM,
      'content-type': OCTET_STREAM,
      'request-id': id,
      ...(authorization !== undefined && { authorization }),
      ...(asynchronous && { prefer: 'respond-async' }),
      ...(asynchronous && callbackUrl !== undefined && { 'callback-url': callbackUrl.href }),
    };
  }

  /** What each status becomes. */
  #take(request: OpenRequest, answer: HttpAnswer): IlpHttpError | undefined {
    const { asynchronous } = this.#settings;
    const { status, headers, body } = answer;
    if (status < 200 || status >= 300) {
      const message = `the peer answered with HTTP status ${status}`;
      return new IlpHttpError('PEER_STATUS', 'yes', message, { status });
    }
    // An asynchronous peer accepts (202); one that ignores the preference replies at once (RFC 7240, section 4.1).
    if (asynchronous && body.length === 0) return undefined;
    const contentType = single(headers, 'content-type');
    const isPacket = contentType === undefined || isPacketType(contentType);
    if (status === 200 && isPacket && isPlain(headers) && body.length > 0) {
      request.succeed(body);
      return undefined;
    }
    const problem =
      status === 202 && !asynchronous
        ? 'the peer accepted the request to answer later, but is configured as synchronous'
        : `HTTP status ${status} with ${body.length} bytes of ${JSON.stringify((contentType ?? 'no type').slice(0, 80))} is no reply`;
    return new IlpHttpError('BAD_REPLY', 'unknown', problem, { status });
  }
}

function failureOf(error: TransportError): IlpHttpError {
  const options = { cause: error };
  switch (error.kind) {
    case 'unreachable':
      return new IlpHttpError('UNREACHABLE', 'no', error.message, options);
    case 'too-large':
      return new IlpHttpError('BAD_REPLY', 'unknown', error.message, options);
    case 'lost':
    case 'aborted':
      return error.left
        ? new IlpHttpError('CONNECTION_LOST', 'unknown', error.message, options)
        : new IlpHttpError('UNREACHABLE', 'no', error.message, options);
  }
}

function count(counters: IlpHttpCounters, error: IlpHttpError): void {
  switch (error.code) {
    case 'DEADLINE_PASSED':
      counters.requestsExpired += 1;
      break;
    case 'ABORTED':
    case 'CLOSING':
      counters.requestsAborted += 1;
      break;
    case 'PEER_STATUS':
      counters.errorsReceived += 1;
      break;
    case 'BAD_REPLY':
      counters.badReplies += 1;
      break;
    default:
      counters.requestsLost += 1;
  }
}
