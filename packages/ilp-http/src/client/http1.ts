import { Pool, type Dispatcher } from 'undici';
import type { Headers } from '../headers.js';
import { tlsOptions } from './tls-options.js';
import {
  BodyCollector,
  failure,
  TransportError,
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** HTTP/1.1: a pool of keep-alive connections, one request at a time on each. */
export class Http1Transport implements Transport {
  readonly #pool: Pool;
  readonly #maxBodyBytes: number;

  constructor(origin: string, options: TransportOptions) {
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#pool = new Pool(origin, {
      connections: options.maxConnections,
      pipelining: 1,
      allowH2: false,
      // The caller's signal is the only time limit of an exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: options.keepAliveMs,
      keepAliveMaxTimeout: options.keepAliveMs,
      connect: { timeout: options.connectTimeoutMs, ...tlsOptions(options.tls) },
    });
  }

  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#maxBodyBytes, signal, resolve, reject);
      const { path, headers, body } = request;
      this.#pool.dispatch({ method: 'POST', path, headers, body }, exchange);
    });
  }

  destroy(): void {
    void this.#pool.destroy();
  }
}

/** One request on the pool. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: TransportError) => void;
  readonly #collector: BodyCollector;
  /** Present from the moment at which the request is written. */
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Headers = {};
  readonly #abort = (): void =>
    this.#fail(new TransportError('aborted', this.#controller !== undefined, 'cancelled'));

  constructor(
    maxBodyBytes: number,
    signal: AbortSignal,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#collector = new BodyCollector(maxBodyBytes);
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Cancelled while it waited for a connection, or about to be written for a second time: that is not ours to decide.
    if (this.#signal.aborted || this.#controller !== undefined) {
      controller.abort(new TransportError('aborted', this.#controller !== undefined, 'cancelled'));
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#collector.add(chunk)) return;
    this.#fail(new TransportError('too-large', true, `the answer's body is too long`));
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#resolve({ status: this.#status, headers: this.#headers, body: this.#collector.body() });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#reject(failure(this.#controller !== undefined, error));
  }

  #fail(error: TransportError): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#reject(error);
    this.#controller?.abort(error);
  }
}
