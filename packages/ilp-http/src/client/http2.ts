import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import {
  BodyCollector,
  describe,
  failure,
  TransportError,
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** HTTP/2: all requests are streams of one connection. */
export class Http2Transport implements Transport {
  readonly #session: ClientHttp2Session;
  readonly #options: TransportOptions;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #streams = 0;

  /** @param socket a connection whose other end speaks HTTP/2: over TLS it said so, else we were told. */
  constructor(origin: string, socket: Socket, options: TransportOptions) {
    this.#options = options;
    this.#session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    // What its requests should know reaches them on their streams; here it would only be unhandled.
    this.#session.on('error', () => undefined);
    this.#session.on('close', () => clearTimeout(this.#probe));
    this.#session.setTimeout(options.keepAliveMs, () => {
      if (this.#streams === 0) this.#session.close();
    });
    this.#session.unref();
  }

  /** Whether new requests may be sent. Not after the peer said that it is going away. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...request.headers,
        ':method': 'POST',
        ':path': request.path,
        'content-length': String(request.body.length),
      };
      let stream: ClientHttp2Stream;
      try {
        stream = this.#session.request(headers, { endStream: false });
      } catch (error) {
        reject(failure(false, error));
        return;
      }
      this.#streams += 1;
      this.#session.ref();
      const settle = this.#follow(stream, resolve, reject);
      const abort = (): void => {
        this.#checkAlive();
        settle(new TransportError('aborted', !stream.pending, 'cancelled'));
      };
      const forget = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      // With the answer, not only when the stream is closed: a signal between would reset a stream that is done, and servers
      // end connections on which too many are reset (CVE-2023-44487).
      stream.once('end', forget);
      stream.once('close', () => {
        forget();
        this.#streams -= 1;
        if (this.#streams === 0) this.#session.unref();
      });
      stream.end(request.body);
    });
  }

  retire(): void {
    if (this.isOpen) this.#session.close();
  }

  destroy(): void {
    clearTimeout(this.#probe);
    this.#session.destroy();
  }

  /** Waits for the answer. @returns how to end the wait with an error. */
  #follow(
    stream: ClientHttp2Stream,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: TransportError) => void,
  ): (error: TransportError) => void {
    const collector = new BodyCollector(this.#options.maxBodyBytes);
    let head: Pick<HttpAnswer, 'status' | 'headers'> | undefined;
    let cause: unknown;
    const settle = (error: TransportError): void => {
      reject(error);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    stream.once('response', ({ ':status': status = 0, ...headers }) => {
      head = { status, headers };
    });
    stream.on('data', (chunk: Uint8Array) => {
      if (collector.add(chunk)) return;
      settle(new TransportError('too-large', true, `the answer's body is too long`));
    });
    stream.once('error', (error) => {
      cause = error;
    });
    let isAnswered = false;
    stream.once('end', () => {
      isAnswered = head !== undefined;
      if (head !== undefined) resolve({ ...head, body: collector.body() });
    });
    // Settled by then, unless the connection or the stream was cut.
    stream.once('close', () => {
      if (isAnswered) return;
      const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      reject(
        failure(!stream.pending && !refused, cause ?? new Error(`stream code ${stream.rstCode}`)),
      );
    });
    return settle;
  }

  /**
   * After an answer did not come in time, asks whether the other end of the connection still exists: if nothing comes
   * back, the next request gets a new connection rather than the same silence.
   */
  #checkAlive(): void {
    if (this.#probe !== undefined || !this.isOpen) return;
    const error = new Error('the peer does not answer pings');
    this.#probe = setTimeout(() => this.#session.destroy(error), this.#options.connectTimeoutMs);
    this.#probe.unref();
    try {
      this.#session.ping(() => {
        clearTimeout(this.#probe);
        this.#probe = undefined;
      });
    } catch (thrown) {
      this.#session.destroy(new Error(describe(thrown)));
    }
  }
}
