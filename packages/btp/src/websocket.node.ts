/** `#websocket` in Node: the `ws` package, which has pings, limits and TLS options. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, type ClientOptions, type WebSocket as WsSocket } from 'ws';
import type { BtpSocket, OpenSocket, OpenSocketOptions, SocketListener } from './socket.js';

export const openSocket: OpenSocket = (url, options, listener) =>
  adoptSocket(new WebSocket(url, clientOptions(options)), listener);

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

/**
 * Makes a `ws` socket, of a client or a server, a {@link BtpSocket}.
 * @param stream the connection beneath, where it is known already; a client's is when the server has answered.
 */
export function adoptSocket(
  socket: WsSocket,
  listener: SocketListener,
  stream?: Duplex,
): BtpSocket {
  let error: Error | undefined;
  let batch = stream === undefined ? undefined : new Batch(stream);
  socket.on('upgrade', (response: IncomingMessage) => {
    batch = new Batch(response.socket);
  });
  socket.on('open', () => listener.onOpen());
  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => {
    // A plain Uint8Array on the same memory: it behaves alike on all platforms, and is faster to slice.
    if (isBinary && data instanceof Uint8Array) {
      listener.onMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } else listener.onText();
  });
  socket.on('ping', () => listener.onAlive());
  socket.on('pong', () => listener.onAlive());
  socket.on('error', (cause: Error) => {
    error ??= cause;
  });
  socket.on('close', (code: number, reason: Buffer) =>
    listener.onClose({ code, reason: reason.toString(), error }),
  );
  return {
    send: (octets) => {
      batch?.open();
      socket.send(octets);
      batch?.closeIfLarge();
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

/** A batch of more than this goes at once, in bytes. */
const MAX_BATCH_BYTES = 65_536;

/**
 * Gathers what is sent in one turn of the event loop and gives it to the system at once: a system call costs more than
 * all the rest of a small message. Nothing waits longer than for what else is ready now.
 */
class Batch {
  readonly #stream: Duplex;
  #isOpen = false;
  #isScheduled = false;
  readonly #close = (): void => {
    this.#isScheduled = false;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.uncork();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Small messages gain by waiting, large ones do not. */
  closeIfLarge(): void {
    if (this.#isOpen && this.#stream.writableLength > MAX_BATCH_BYTES) {
      this.#isOpen = false;
      this.#stream.uncork();
    }
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#stream.cork();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#close);
  }
}
