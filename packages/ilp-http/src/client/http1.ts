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
  readonly #origin: string;
  readonly #options: TransportOptions;
  #pool: Pool;
  /** Pools whose last requests are still under way. */
  readonly #retired = new Set<Pool>();
  /** Answers so far. */
  #answers = 0;

  constructor(origin: string, options: TransportOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#pool = this.#newPool();
  }

  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const pool = this.#pool;
    const answers = this.#answers;
    const { path, headers, body } = request;
    return new Promise<HttpAnswer>((resolve, reject) => {
      const exchange = new Exchange(this.#options.maxBodyBytes, signal, resolve, reject);
      pool.dispatch({ method: 'POST', path, headers, body }, exchange);
    }).then(
      (answer) => {
        this.#answers += 1;
        return answer;
      },
      (error: unknown) => {
        const isSilent = error instanceof TransportError && error.kind === 'aborted' && error.left;
        if (isSilent) this.#suspect(pool, answers);
        throw error;
      },
    );
  }

  retire(): void {
    this.#retire(this.#pool);
  }

  destroy(): void {
    for (const pool of [this.#pool, ...this.#retired]) void pool.destroy();
  }

  /**
   * A request had no answer in time. If nothing else was answered meanwhile either, the host may have gone without a word,
   * and the pool's other connections would each cost one more request to find out: new requests get new connections.
   */
  #suspect(pool: Pool, answersBefore: number): void {
    if (pool !== this.#pool || this.#answers > answersBefore) return;
    this.#pool = this.#newPool();
    this.#retire(pool);
  }

  #retire(pool: Pool): void {
    if (pool.destroyed || this.#retired.has(pool)) return;
    this.#retired.add(pool);
    const forget = (): boolean => this.#retired.delete(pool);
    pool.close().then(forget, forget);
  }

  #newPool(): Pool {
    const { maxConnections, keepAliveMs, connectTimeoutMs, tls } = this.#options;
    return new Pool(this.#origin, {
      connections: maxConnections,
      pipelining: 1,
      allowH2: false,
      // The caller's signal is the only time limit of an exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      connect: { timeout: connectTimeoutMs, ...tlsOptions(tls) },
    });
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
