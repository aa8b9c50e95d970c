/** `#websocket` in Node: the `ws` package, which has pings, limits and TLS options. */
import type { ClientOptions, WebSocket as WsSocket } from 'ws';
import { WebSocket } from 'ws';
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

/** Makes a `ws` socket, of a client or a server, a {@link BtpSocket}. */
export function adoptSocket(socket: WsSocket, listener: SocketListener): BtpSocket {
  let error: Error | undefined;
  socket.on('open', () => listener.onOpen());
  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => {
    if (!isBinary || !(data instanceof Uint8Array)) {
      listener.onText();
      return;
    }
    // A plain Uint8Array on the same memory: it behaves alike on all platforms, and is faster to slice.
    listener.onMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
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
    send: (octets) => socket.send(octets),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}
