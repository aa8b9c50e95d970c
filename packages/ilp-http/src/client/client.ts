import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Http1Transport } from './http1.js';
import { Http2Transport } from './http2.js';
import { tlsOptions } from './tls-options.js';
import {
  failure,
  TransportError,
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  type TransportOptions,
} from './transport.js';

/**
 * Sends requests to whatever URLs one peer has: each origin is asked once, in the TLS handshake, whether it speaks HTTP/2
 * (ALPN), and keeps connections of the version that it chose. Without TLS it is HTTP/1.1.
 */
export class HttpClient {
  readonly #origins = new Map<string, Origin>();
  readonly #options: TransportOptions;
  readonly #http2: boolean;

  constructor(options: TransportOptions, http2: boolean) {
    this.#options = options;
    this.#http2 = http2;
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
    for (const origin of this.#origins.values()) origin.destroy();
    this.#origins.clear();
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
  #destroyed = false;

  constructor(url: URL, options: TransportOptions, http2: boolean) {
    this.#url = url;
    this.#options = options;
    if (!http2 || url.protocol !== 'https:') this.#http1 = new Http1Transport(url.origin, options);
  }

  transport(): Promise<Transport> {
    if (this.#http1 !== undefined) return Promise.resolve(this.#http1);
    if (this.#http2?.isOpen === true) return Promise.resolve(this.#http2);
    this.#connecting ??= this.#negotiate().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#http1?.destroy();
    this.#http2?.destroy();
  }

  async #negotiate(): Promise<Transport> {
    const socket = await openTls(this.#url, this.#options);
    if (this.#destroyed) {
      socket.destroy();
      throw new TransportError('unreachable', false, 'the link was closed');
    }
    if (socket.alpnProtocol === 'h2') {
      this.#http2 = new Http2Transport(this.#url.origin, socket, this.#options);
      return this.#http2;
    }
    socket.destroy();
    this.#http1 = new Http1Transport(this.#url.origin, this.#options);
    return this.#http1;
  }
}

/** Opens a TLS connection that offers both versions of HTTP. */
function openTls(url: URL, options: TransportOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: url.port === '' ? 443 : Number(url.port),
      ALPNProtocols: ['h2', 'http/1.1'],
      // An IP address is no server name (RFC 6066, section 3).
      ...(isIP(host) === 0 && { servername: host }),
      ...tlsOptions(options.tls),
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(failure(false, error));
    };
    const closed = (): void => fail(new Error('closed during the TLS handshake'));
    const timer = setTimeout(
      () => fail(new Error(`not open after ${options.connectTimeoutMs} ms`)),
      options.connectTimeoutMs,
    );
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail).off('close', closed);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The promise's outcome, or a failure as soon as the signal comes. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new TransportError('aborted', false, 'cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
