import { OutgoingCredentials, type OutgoingAuth } from './auth/outgoing.js';
import { HttpClient, type Http2Use } from './client/client.js';
import type { IlpHttpClientTls } from './client/transport.js';
import { newCounters, type IlpHttpCounters, type IlpHttpGauges } from './counters.js';
import {
  environmentOf,
  type Clock,
  type Environment,
  type Logger,
  type RandomBytes,
} from './environment.js';
import { IlpHttpConfigError } from './errors.js';
import { checkType, IncomingRequests, type IlpHttpHandler } from './exchange/incoming.js';
import { HttpRefusal, type Answer, type IncomingMessage } from './exchange/message.js';
import { OutgoingRequests, type IlpHttpSendOptions } from './exchange/outgoing.js';
import { ReplyDelivery } from './exchange/reply-delivery.js';
import { requestIdOf, single, type Headers } from './headers.js';
import { policyOf, type IlpHttpPolicy } from './policy.js';

/** What the link to one peer is made of. */
export interface IlpHttpPeerOptions {
  /** Where the peer takes our requests. Without it the peer can be answered only. */
  readonly url?: string | URL;
  /**
   * `synchronous` (default): the reply is in the body of a 200, as Rafiki, interledger-rs and the Java connector do.
   * `asynchronous`: 202, and the reply comes to a callback URL, as RFC 0035 has it. Both ends have to agree.
   */
  readonly exchange?: 'synchronous' | 'asynchronous';
  /** How we prove to the peer who we are, beside the certificate in `tls`. */
  readonly auth?: OutgoingAuth;
  /** Certificates for our requests. */
  readonly tls?: IlpHttpClientTls;
  /**
   * `true` (default): HTTP/2 where the peer's TLS says that it speaks it (ALPN). `prior-knowledge`: also where there is no
   * TLS, in a network that is trusted; the peer must speak it. `false`: HTTP/1.1.
   */
  readonly http2?: Http2Use;
  /** Asynchronous: where the peer is to send its replies. Not needed if it was told otherwise. */
  readonly callbackUrl?: string | URL;
  /** Asynchronous: where the peer wants our replies, if that was agreed. Its Callback-Url header is ignored then. */
  readonly peerCallbackUrl?: string | URL;
  /** Asynchronous: origins that the peer's Callback-Url may have, beside that of `url`. */
  readonly callbackOrigins?: readonly string[];
  /**
   * Send a request again, under the same Request-Id, when the peer answers with 5xx or the connection is lost. Only for
   * a peer that knows a repeated request when it sees one, as this package does; to any other it is a second packet.
   */
  readonly retryRequests?: boolean;
  /** When a packet expires, in milliseconds since 1970: replies are then sent more than once before. */
  readonly expiresAt?: (octets: Uint8Array) => number | undefined;
  readonly policy?: Partial<IlpHttpPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** How to close. */
export interface IlpHttpCloseOptions {
  /** How long to wait for what is in flight; default `policy.drainTimeoutMs`. */
  readonly drainTimeoutMs?: number;
}

/**
 * The link to one peer: asks it, and answers what a server passes on. It outlives its connections. By itself, without a
 * server, it is a client: its peer can be asked, over the synchronous profile.
 */
export class IlpHttpPeer {
  readonly counters: IlpHttpCounters = newCounters();
  readonly #url: URL | undefined;
  readonly #peerCallbackUrl: URL | undefined;
  readonly #callbackOrigins: ReadonlySet<string>;
  readonly #policy: IlpHttpPolicy;
  readonly #environment: Environment;
  readonly #client: HttpClient;
  readonly #outgoing: OutgoingRequests;
  readonly #incoming: IncomingRequests;
  readonly #delivery: ReplyDelivery;
  #closed: Promise<void> | undefined;

  /** @throws {@link IlpHttpConfigError} for a URL, a key or a token that cannot be used. */
  constructor(options: IlpHttpPeerOptions) {
    this.#url = urlOf('url', options.url);
    this.#peerCallbackUrl = urlOf('peerCallbackUrl', options.peerCallbackUrl);
    const origins = options.callbackOrigins?.map((each) => urlOf('callbackOrigins', each)?.origin);
    this.#callbackOrigins = new Set(
      [this.#url?.origin, ...(origins ?? [])].filter((each) => each !== undefined),
    );
    const policy = policyOf(options.policy);
    const environment = environmentOf(options);
    const asynchronous = options.exchange === 'asynchronous';
    const credentials = new OutgoingCredentials(options.auth, environment.clock);
    const transport = { ...policy, tls: options.tls ?? {} };
    const client = new HttpClient(transport, options.http2 ?? true);
    const { counters } = this;
    this.#policy = policy;
    this.#environment = environment;
    this.#client = client;
    this.#delivery = new ReplyDelivery({ policy, environment, counters, credentials, client });
    this.#outgoing = new OutgoingRequests({
      url: this.#url,
      asynchronous,
      callbackUrl: urlOf('callbackUrl', options.callbackUrl),
      retryRequests: options.retryRequests ?? false,
      policy,
      environment,
      counters,
      credentials,
      client,
    });
    this.#incoming = new IncomingRequests({
      asynchronous,
      callbackTarget: (headers) => this.#callbackTarget(headers),
      expiresAt: options.expiresAt,
      policy,
      environment,
      counters,
      delivery: this.#delivery,
    });
  }

  /** Whether the peer may be asked. HTTP connects when needed: this says nothing about the network. */
  get isConnected(): boolean {
    return this.#url !== undefined && this.#closed === undefined;
  }

  get gauges(): IlpHttpGauges {
    return {
      outgoing: this.#outgoing.size,
      incoming: this.#incoming.size,
      deliveries: this.#delivery.size,
    };
  }

  /**
   * Sends a packet and returns the reply's octets.
   * @throws {@link IlpHttpError}, which says whether the peer may have got it.
   */
  send(octets: Uint8Array, options: IlpHttpSendOptions): Promise<Uint8Array> {
    return this.#outgoing.send(octets, options);
  }

  /** Sets who answers the peer's packets. Until then they get 503. */
  handle(handler: IlpHttpHandler): void {
    this.#incoming.handle(handler);
  }

  /** Shows another certificate, or believes other authorities, on new connections; earlier ones end when they are idle. */
  renewTls(tls: IlpHttpClientTls): void {
    this.#client.renewTls(tls);
  }

  /** Takes no more packets in either direction, waits for those in flight, and closes the connections. */
  close(options: IlpHttpCloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options.drainTimeoutMs ?? this.#policy.drainTimeoutMs);
    return this.#closed;
  }

  /** Answers a request that came from this peer, for whoever serves HTTP: it has been authenticated. */
  acceptRequest(message: IncomingMessage): Promise<Answer> {
    return this.#count(() => this.#incoming.accept(message));
  }

  /** Takes a reply that this peer sent to our callback URL, for whoever serves HTTP: it has been authenticated. */
  acceptReply(message: IncomingMessage): Promise<Answer> {
    return this.#count(() => this.#acceptReply(message));
  }

  async #acceptReply(message: IncomingMessage): Promise<Answer> {
    checkType(message.headers);
    const requestId = requestIdOf(message.headers);
    if (requestId === undefined) throw new HttpRefusal(400, 'Request-Id must be one UUIDv4');
    // Asked before the body is read, so that nobody sends bodies for nothing, and again after it.
    if (this.#outgoing.has(requestId)) {
      const { maxBodyBytes: maxBytes, bodyTimeoutMs: timeoutMs } = this.#policy;
      const octets = await message.readBody({ maxBytes, timeoutMs });
      this.counters.bytesReceived += octets.length;
      if (octets.length === 0) throw new HttpRefusal(400, 'the body is empty');
      if (this.#outgoing.takeReply(requestId, octets)) return { status: 200 };
    }
    this.counters.unexpectedReplies += 1;
    throw new HttpRefusal(400, 'no request in flight has this Request-Id');
  }

  async #count(answer: () => Promise<Answer>): Promise<Answer> {
    try {
      return await answer();
    } catch (error) {
      this.counters.errorsSent += 1;
      throw error;
    }
  }

  /**
   * Where our reply goes. A header alone must not make this node send requests to wherever the peer likes, least of all
   * into the network behind it: the origin has to be one that was configured.
   */
  #callbackTarget(headers: Headers): URL {
    if (this.#peerCallbackUrl !== undefined) return this.#peerCallbackUrl;
    const text = single(headers, 'callback-url');
    if (text === undefined) throw new HttpRefusal(400, 'Callback-Url is missing');
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isPlain = url?.username === '' && url.password === '';
    if (url === undefined || !isPlain || !this.#callbackOrigins.has(url.origin)) {
      throw new HttpRefusal(400, 'Callback-Url is not one that was agreed');
    }
    return url;
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    const { clock } = this.#environment;
    const drained = Promise.all([
      this.#outgoing.drain(),
      this.#incoming.drain(),
      this.#delivery.whenEmpty(),
    ]);
    let timer: unknown;
    const timeout = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, drainTimeoutMs);
    });
    await Promise.race([drained, timeout]);
    clock.clearTimeout(timer);
    this.#outgoing.endAll();
    this.#incoming.endAll();
    this.#delivery.endAll();
    await this.#outgoing.drain();
    this.#client.destroy();
  }
}

/** @throws {@link IlpHttpConfigError}, which does not repeat the text: it may hold a password. */
function urlOf(name: string, given: string | URL | undefined): URL | undefined {
  if (given === undefined) return undefined;
  if (!URL.canParse(given)) throw new IlpHttpConfigError(`${name} is not a URL`);
  const url = new URL(given);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new IlpHttpConfigError(`${name} must be an https or http URL, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new IlpHttpConfigError(`${name} must not hold a name or a password`);
  }
  return url;
}
