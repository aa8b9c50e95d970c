/** `#websocket` where the platform has a WebSocket of its own: browsers, workers, Deno, Bun. */
import type { OpenSocket, SocketEnd } from './socket.js';

export const openSocket: OpenSocket = (url, { tls }, listener) => {
  if (tls !== undefined) {
    throw new TypeError('this platform takes TLS settings from the operating system only');
  }
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let ended = false;
  const end = (how: SocketEnd): void => {
    if (ended) return;
    ended = true;
    listener.onClose(how);
  };
  socket.addEventListener('open', () => {
    if (!ended) listener.onOpen();
  });
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (ended) return;
    if (data instanceof ArrayBuffer) listener.onMessage(new Uint8Array(data));
    else listener.onText();
  });
  socket.addEventListener('close', ({ code, reason }) => end({ code, reason }));
  return {
    send: (octets) => socket.send(octets as Uint8Array<ArrayBuffer>),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    ping: undefined,
    close: (code, reason) => socket.close(code, reason),
    terminate: () => {
      socket.close();
      // Without this, a dead peer's socket would report its end only after the platform's own time-out.
      queueMicrotask(() => end({ code: 1006, reason: '' }));
    },
  };
};
