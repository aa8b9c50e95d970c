import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Authenticator } from '../auth/authenticator.js';
import type { IncomingAuth, PeerCertificate } from '../auth/incoming.js';
import { KeysUnavailable, type FetchKeys } from '../auth/key-set.js';
import { describe } from '../client/transport.js';
import {
  environmentOf,
  type Clock,
  type Environment,
  type Logger,
  type RandomBytes,
} from '../environment.js';
import { IlpHttpConfigError } from '../errors.js';
import { HttpRefusal, refusalAnswer, type Answer } from '../exchange/message.js';
import type { Headers } from '../headers.js';
import { IlpHttpPeer, type IlpHttpCloseOptions, type IlpHttpPeerOptions } from '../peer.js';
import { policyOf, type IlpHttpPolicy } from '../policy.js';
import { readBody } from './body.js';
import { certificateOf } from './certificate.js';
import { Listener, type ListenerLimits } from './listener.js';
import { watchTls, type IlpHttpServerTls } from './tls.js';
import { write } from './write.js';

/** What a server is made of. */
export interface IlpHttpServerOptions {
  /** Where peers send requests, unless they have a path of their own; default `/ilp`. */
  readonly path?: string;
  /** Where peers send the replies of the asynchronous exchange; default `/ilp/callback`. */
  readonly callbackPath?: string;
  /**
   * Keys for HTTPS, or their files, which are read again when they change. Without it the server is plain HTTP/1.1 and
   * HTTP/2: for tests, or behind a proxy that does TLS.
   */
  readonly tls?: IlpHttpServerTls;
  /** Another way to find out whose request it is, asked where tokens and certificates of the peers do not tell. */
  readonly authenticate?: (credentials: IlpHttpCredentials) => Promise<string | undefined>;
  /** How the key sets of peers are fetched; default the platform's `fetch`. */
  readonly fetchKeys?: FetchKeys;
  readonly limits?: Partial<ListenerLimits>;
  /** Default for its peers. */
  readonly policy?: Partial<IlpHttpPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** What is known about a request before it is known whose it is. */
export interface IlpHttpCredentials {
  /** All of them, `authorization` included: a secret, never to be logged. */
  readonly headers: Headers;
  /** Path and query. */
  readonly path: string;
  readonly certificate: PeerCertificate | undefined;
  /** The address of the other end of the TCP connection: a proxy's, where there is one. */
  readonly address: string;
}

/** What a peer of a server is made of. */
export interface IlpHttpServerPeerOptions extends IlpHttpPeerOptions {
  /** How the peer proves who it is. Without it, only the server's `authenticate` can tell. */
  readonly incoming?: IncomingAuth;
  /** Where this peer sends its requests and its replies, if not where others do. */
  readonly path?: string;
  readonly callbackPath?: string;
}

/** What went wrong before it was known whose request it was, and what did not belong to a peer. */
export interface IlpHttpServerCounters {
  /** Requests that got 401. */
  unauthenticated: number;
  /** Requests of known peers to a path that is not theirs, or with another method than POST. */
  misdirected: number;
  /** Requests that failed for a reason of this program, answered with 500. */
  failed: number;
  /** Changes of the certificate's files that were taken over, and those that could not be. */
  tlsReloads: number;
  tlsFailures: number;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** One peer, as the server knows it. */
interface Entry {
  readonly peer: IlpHttpPeer;
  readonly path: string;
  readonly callbackPath: string;
}

const LIMITS: ListenerLimits = {
  maxConnections: 10_000,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
};

/** 32 random bytes, as the profile SIMPLE asks for, take so many characters of base64, without padding. */
const TOKEN_CHARACTERS = 43;

/** How long connections may take to close after the last answer. */
const LINGER_MS = 1000;

/** Takes the requests of many peers at one port. Each has its link, an {@link IlpHttpPeer}, in both directions. */
export class IlpHttpServer {
  readonly counters: IlpHttpServerCounters = {
    unauthenticated: 0,
    misdirected: 0,
    failed: 0,
    tlsReloads: 0,
    tlsFailures: 0,
  };
  readonly #options: IlpHttpServerOptions;
  readonly #environment: Environment;
  readonly #policy: IlpHttpPolicy;
  readonly #authenticator: Authenticator;
  readonly #peers = new Map<string, Entry>();
  readonly #listener: Listener;
  #listening = false;
  #unwatch: () => void = () => undefined;

  constructor(options: IlpHttpServerOptions = {}) {
    this.#options = options;
    this.#environment = environmentOf(options);
    this.#policy = policyOf(options.policy);
    this.#authenticator = new Authenticator(this.#environment, options.fetchKeys);
    const limits = { ...LIMITS, ...options.limits };
    this.#listener = new Listener(options.tls, limits, this.requestListener);
  }

  /**
   * Adds the link to a peer.
   * @param id the application's name for it; what `authenticate` returns.
   * @throws {@link IlpHttpConfigError} for settings that cannot be used, or an id or a token that another peer has.
   */
  addPeer(id: string, options: IlpHttpServerPeerOptions = {}): IlpHttpPeer {
    if (this.#peers.has(id)) throw new IlpHttpConfigError(`there is a peer ${id} already`);
    const { clock, randomBytes, logger } = this.#environment;
    const policy = { ...this.#policy, ...options.policy };
    const peer = new IlpHttpPeer({ clock, randomBytes, logger, ...options, policy });
    this.setIncomingAuth(id, options.incoming ?? {});
    const path = options.path ?? this.#options.path ?? '/ilp';
    const callbackPath = options.callbackPath ?? this.#options.callbackPath ?? '/ilp/callback';
    this.#peers.set(id, { peer, path, callbackPath });
    return peer;
  }

  /** Replaces what a peer has to show, at once: the way to rotate tokens and keys. @throws {@link IlpHttpConfigError} */
  setIncomingAuth(id: string, auth: IncomingAuth): void {
    this.#authenticator.set(id, auth);
    if (auth.tokens?.some((token) => token.length < TOKEN_CHARACTERS) === true) {
      this.#environment.logger.warn('a bearer token is too short to hold 32 random bytes', { id });
    }
  }

  /** The link to a peer. */
  peer(id: string): IlpHttpPeer | undefined {
    return this.#peers.get(id)?.peer;
  }

  /** Forgets a peer: its requests get 401 from now on, what is in flight is waited for. */
  async removePeer(id: string, options?: IlpHttpCloseOptions): Promise<void> {
    const entry = this.#peers.get(id);
    if (entry === undefined) return;
    await entry.peer.close(options);
    this.#peers.delete(id);
    this.#authenticator.delete(id);
  }

  /** Opens the port. @returns where it listens, for a port of 0 too. */
  async listen(
    at: { readonly port?: number; readonly host?: string } = {},
  ): Promise<{ port: number; host: string }> {
    const bound = await this.#listener.listen(at.port ?? 0, at.host ?? '127.0.0.1');
    this.#listening = true;
    const { tls } = this.#options;
    this.#unwatch = watchTls(tls, () => this.#reloadTls(tls as IlpHttpServerTls));
    return bound;
  }

  /** Takes new keys for new connections. @throws what node says about keys that cannot be used; the old ones stay then. */
  renewTls(tls: IlpHttpServerTls): void {
    this.#listener.renewTls(tls);
  }

  /** Closes all links, then the port. Replies are still taken while packets are in flight. */
  async close(options: IlpHttpCloseOptions = {}): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ peer }) => peer.close(options)));
    if (!this.#listening) return;
    this.#listening = false;
    this.#unwatch();
    const stopped = this.#listener.stop();
    const timer = setTimeout(() => this.#listener.destroy(), LINGER_MS);
    await stopped;
    clearTimeout(timer);
  }

  /** For a server of node (`http`, `https`, `http2`) that somebody else runs; `listen` is not needed then. */
  readonly requestListener = (request: Request, response: Response): void => {
    void this.#serve(request, response);
  };

  /** A certificate and a key are two files: between the two writes they do not fit, and the next change brings the rest. */
  #reloadTls(tls: IlpHttpServerTls): void {
    const { logger } = this.#environment;
    try {
      this.#listener.renewTls(tls);
    } catch (error) {
      this.counters.tlsFailures += 1;
      logger.error('the new certificate cannot be used, the old one stays', {
        error: describe(error),
      });
      return;
    }
    this.counters.tlsReloads += 1;
    logger.info('the certificate was read again');
  }

  async #serve(request: Request, response: Response): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      if (error instanceof HttpRefusal) {
        answer = refusalAnswer(error);
      } else {
        this.counters.failed += 1;
        this.#environment.logger.error('a request failed', { error: describe(error) });
        answer = { status: 500 };
      }
    }
    write(request, response, answer, this.#policy.bodyTimeoutMs);
    answer.afterwards?.();
  }

  async #answer(request: Request): Promise<Answer> {
    const { headers, socket, method, url = '/' } = request;
    const id = await this.#identify({
      headers,
      path: url,
      certificate: certificateOf(socket),
      address: socket.remoteAddress ?? '',
    });
    const entry = id === undefined ? undefined : this.#peers.get(id);
    if (entry === undefined) {
      this.counters.unauthenticated += 1;
      // The same for every path, so that nobody learns which peers there are.
      throw new HttpRefusal(401, 'not authenticated', { 'www-authenticate': 'Bearer' });
    }
    const path = pathOf(url);
    const isReply = path === entry.callbackPath;
    if ((!isReply && path !== entry.path) || method !== 'POST') {
      this.counters.misdirected += 1;
      if (method !== 'POST') throw new HttpRefusal(405, 'POST only', { allow: 'POST' });
      throw new HttpRefusal(404, 'no such path');
    }
    const { clock } = this.#environment;
    const message = {
      headers,
      readBody: (limit: { maxBytes: number; timeoutMs: number }) => readBody(request, limit, clock),
    };
    return isReply ? entry.peer.acceptReply(message) : entry.peer.acceptRequest(message);
  }

  async #identify(credentials: IlpHttpCredentials): Promise<string | undefined> {
    const { headers, certificate } = credentials;
    let unavailable = false;
    let id: string | undefined;
    try {
      id = await this.#authenticator.authenticate(headers, certificate);
    } catch (error) {
      if (!(error instanceof KeysUnavailable)) throw error;
      unavailable = true;
    }
    id ??= await this.#options.authenticate?.(credentials);
    if (id === undefined && unavailable) {
      // Not 401, after which the peer would give up.
      throw new HttpRefusal(503, 'try again later', { 'retry-after': '5' });
    }
    return id;
  }
}

/** The path of a request's target, which also may be a whole URL (RFC 9112, section 3.2.2). */
function pathOf(target: string): string | undefined {
  if (/^https?:\/\//i.test(target))
    return URL.canParse(target) ? new URL(target).pathname : undefined;
  return target.split('?', 1)[0];
}
