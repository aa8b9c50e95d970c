import type { IlpHttpClientTls } from './transport.js';
import { Http1Transport } from './http1.js';
import { Http2Transport } from './http2.js';
import { openPlain, openTls } from './open-socket.js';
import {
  TransportError,
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  type TransportOptions,
} from './transport.js';

/**
 * Whether to speak HTTP/2: where the peer's TLS says that it does (`true`), also without TLS, where nothing says it
 * (`prior-knowledge`, RFC 9113, section 3.3), or never.
 */
export type Http2Use = boolean | 'prior-knowledge';

/**
 * Sends requests to whatever URLs one peer has: each origin is asked once, in the TLS handshake, whether it speaks HTTP/2
 * (ALPN), and keeps connections of the version that it chose. Without TLS it is HTTP/1.1, unless we are told otherwise.
 */
export class HttpClient {
  readonly #origins = new Map<string, Origin>();
  /** Of the keys before, with requests under way. */
  readonly #retired = new Set<Origin>();
  #options: TransportOptions;
  readonly #http2: Http2Use;

  constructor(options: TransportOptions, http2: Http2Use) {
    this.#options = options;
    this.#http2 = http2;
  }

  /** New connections are made with these keys; earlier ones end with what is in flight on them. */
  renewTls(tls: IlpHttpClientTls): void {
    this.#options = { ...this.#options, tls };
    this.#retired.clear();
    for (const origin of this.#origins.values()) {
      origin.retire();
      this.#retired.add(origin);
    }
    this.#origins.clear();
  }

  /** @throws {@link TransportError} where there is no answer. */
  async post(
    url: URL,
    request: Omit<HttpRequest, 'path'>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    if (signal.aborted) throw new TransportError('aborted', false, 'cancelled');
    let origin = this.#origins.get(url.origin);
    if (origin === undefined) {
      origin = new Origin(url, this.#options, this.#http2);
      this.#origins.set(url.origin, origin);
    }
    const transport = await abortable(origin.transport(), signal);
    return transport.post({ ...request, path: url.pathname + url.search }, signal);
  }

  /** Ends all connections. What is in flight fails. */
  destroy(): void {
    for (const origin of [...this.#origins.values(), ...this.#retired]) origin.destroy();
    this.#origins.clear();
    this.#retired.clear();
  }
}

/** One host and port. */
class Origin {
  readonly #url: URL;
  readonly #options: TransportOptions;
  /** Made at the first request that goes over HTTP/1.1; an origin without `h2` is not asked again. */
  #http1: Http1Transport | undefined;
  #http2: Http2Transport | undefined;
  #connecting: Promise<Transport> | undefined;
  #ended: 'retired' | 'destroyed' | undefined;

  constructor(url: URL, options: TransportOptions, http2: Http2Use) {
    this.#url = url;
    this.#options = options;
    const mayBeHttp2 = url.protocol === 'https:' ? http2 !== false : http2 === 'prior-knowledge';
    if (!mayBeHttp2) this.#http1 = new Http1Transport(url.origin, options);
  }

  transport(): Promise<Transport> {
    if (this.#http1 !== undefined) return Promise.resolve(this.#http1);
    if (this.#http2?.isOpen === true) return Promise.resolve(this.#http2);
    this.#connecting ??= this.#negotiate().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  retire(): void {
    this.#ended = 'retired';
    this.#http1?.retire();
    this.#http2?.retire();
  }

  destroy(): void {
    this.#ended = 'destroyed';
    this.#http1?.destroy();
    this.#http2?.destroy();
  }

  async #negotiate(): Promise<Transport> {
    const isPlain = this.#url.protocol !== 'https:';
    const { socket, isHttp2 } = await (isPlain ? openPlain : openTls)(this.#url, this.#options);
    if (this.#ended === 'destroyed') {
      socket.destroy();
      throw new TransportError('unreachable', false, 'the link was closed');
    }
    if (isHttp2) {
      this.#http2 = new Http2Transport(this.#url.origin, socket, this.#options);
      return this.#http2;
    }
    socket.destroy();
    this.#http1 = new Http1Transport(this.#url.origin, this.#options);
    return this.#http1;
  }
}

/** The promise's outcome, or a failure as soon as the signal comes. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new TransportError('aborted', false, 'cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
