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
  const adopted = new AdoptedSocket(socket, stream);
  if (stream === undefined) {
    socket.on('open', () => listener.onOpen());
    socket.on('upgrade', (response: IncomingMessage) => adopted.batchOn(response.socket));
  }
  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => {
    // A plain Uint8Array on the same memory: it behaves alike on all platforms, and is faster to slice.
    if (isBinary && data instanceof Uint8Array) {
      listener.onMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } else listener.onText();
  });
  const alive = (): void => listener.onAlive();
  socket.on('ping', alive);
  socket.on('pong', alive);
  let error: Error | undefined;
  socket.on('error', (cause: Error) => {
    error ??= cause;
  });
  socket.on('close', (code: number, reason: Buffer) =>
    listener.onClose({ code, reason: reason.toString(), error }),
  );
  return adopted;
}

/** A batch of more than this goes at once, in bytes. */
const MAX_BATCH_BYTES = 65_536;

/**
 * Sends, and gathers what is sent in one turn of the event loop to give it to the system at once: a system call costs
 * more than all the rest of a small message. Nothing waits longer than for what else is ready now.
 */
class AdoptedSocket implements BtpSocket {
  readonly #socket: WsSocket;
  #stream: Duplex | undefined;
  #isBatching = false;
  #isFlushScheduled = false;

  constructor(socket: WsSocket, stream: Duplex | undefined) {
    this.#socket = socket;
    this.#stream = stream;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  batchOn(stream: Duplex): void {
    this.#stream = stream;
  }

  send(octets: Uint8Array): void {
    const stream = this.#stream;
    if (stream !== undefined && !this.#isBatching) this.#startBatch(stream);
    this.#socket.send(octets);
    if (stream !== undefined && stream.writableLength > MAX_BATCH_BYTES) this.#endBatch();
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #startBatch(stream: Duplex): void {
    this.#isBatching = true;
    stream.cork();
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(flush, this);
  }

  /** The turn of the event loop is over. */
  flush(): void {
    this.#isFlushScheduled = false;
    this.#endBatch();
  }

  #endBatch(): void {
    if (!this.#isBatching) return;
    this.#isBatching = false;
    this.#stream?.uncork();
  }
}

function flush(socket: AdoptedSocket): void {
  socket.flush();
}
