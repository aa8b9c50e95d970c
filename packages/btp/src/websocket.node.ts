/** `#websocket` in Node: the `ws` package, which has pings, limits and TLS options. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, type ClientOptions } from 'ws';
import type { BtpSocket, OpenSocket, OpenSocketOptions, SocketListener } from './socket.js';

export const openSocket: OpenSocket = (url, options, listener) => {
  const socket = new LinkSocket(url, clientOptions(options));
  return socket.link(listener, undefined);
};

function clientOptions({ maxMessageBytes, tls = {} }: OpenSocketOptions): ClientOptions {
  const { ca, cert, key, servername } = tls;
  const buffer = (pem: string | Uint8Array): string | Buffer =>
    typeof pem === 'string' ? pem : Buffer.from(pem);
  return {
    maxPayload: maxMessageBytes,
    perMessageDeflate: false, // ILP data is encrypted: it would cost time and memory for nothing.
    followRedirects: false,
    ...(ca !== undefined && {
      ca: typeof ca === 'string' || ca instanceof Uint8Array ? buffer(ca) : ca.map(buffer),
    }),
    ...(cert !== undefined && { cert: buffer(cert) }),
    ...(key !== undefined && { key: buffer(key) }),
    ...(servername !== undefined && { servername }),
  };
}

/** A batch of more than this goes at once, in bytes. */
const MAX_BATCH_BYTES = 65_536;
/** A message of more than this goes by itself: writing it costs more than the call, and in a batch it is only held up. */
const LARGE_BYTES = 8192;

/**
 * A socket of `ws` that tells one listener what happens, by the function that `ws` calls for every event. Listeners for each
 * event, with what they close over, would cost an idle connection as much memory as all the rest of BTP.
 *
 * What is sent in one turn of the event loop is gathered and given to the system at once: a system call costs more than all
 * the rest of a small message. Nothing waits longer than for what else is ready now.
 */
export class LinkSocket extends WebSocket implements BtpSocket {
  #listener: SocketListener | undefined;
  #stream: Duplex | undefined;
  #error: Error | undefined;
  #isBatching = false;
  #isFlushScheduled = false;

  /**
   * Makes it a {@link BtpSocket}, once, before anything can have happened on it.
   * @param stream the connection beneath, where it is known already; a client's is when the server has answered.
   */
  link(listener: SocketListener, stream: Duplex | undefined): BtpSocket {
    this.#listener = listener;
    this.#stream = stream;
    return this;
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const listener = this.#listener;
    if (listener === undefined) return super.emit(event, ...values);
    switch (event) {
      case 'message':
        tell(listener, values[0], values[1] === true);
        return true;
      case 'ping':
      case 'pong':
        listener.onAlive();
        return true;
      case 'open':
        listener.onOpen();
        return true;
      case 'upgrade':
        this.#stream = (values[0] as IncomingMessage).socket;
        return true;
      case 'error':
        this.#error ??= values[0] as Error;
        return true;
      case 'close':
        listener.onClose({
          code: values[0] as number,
          reason: (values[1] as Buffer).toString(),
          error: this.#error,
        });
        return true;
      default:
        return super.emit(event, ...values);
    }
  }

  override send(octets: Uint8Array): void {
    const stream = this.#stream;
    const isLarge = octets.length > LARGE_BYTES;
    if (isLarge) this.#endBatch();
    else if (stream !== undefined && !this.#isBatching) this.#startBatch(stream);
    super.send(octets);
    if (stream !== undefined && stream.writableLength > MAX_BATCH_BYTES) this.#endBatch();
  }

  /** The turn of the event loop is over. */
  flush(): void {
    this.#isFlushScheduled = false;
    this.#endBatch();
  }

  #startBatch(stream: Duplex): void {
    this.#isBatching = true;
    stream.cork();
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(flush, this);
  }

  #endBatch(): void {
    if (!this.#isBatching) return;
    this.#isBatching = false;
    this.#stream?.uncork();
  }
}

function tell(listener: SocketListener, data: unknown, isBinary: boolean): void {
  // A plain Uint8Array on the same memory: it behaves alike on all platforms, and is faster to slice.
  if (isBinary && data instanceof Uint8Array) {
    listener.onMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } else listener.onText();
}

function flush(socket: LinkSocket): void {
  socket.flush();
}
