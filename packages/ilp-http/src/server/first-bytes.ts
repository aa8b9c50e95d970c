import type { Socket } from 'node:net';

/** How every HTTP/2 connection begins (RFC 9113, section 3.4); no method of HTTP/1.1 has these letters. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Tells by their first bytes what plain connections speak. */
export class FirstBytes {
  readonly #timeoutMs: number;
  readonly #sockets = new Set<Socket>();

  /** @param timeoutMs a connection that has not begun after so many milliseconds is closed. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Waits for as many bytes as it takes, puts them back, and tells whether they begin HTTP/2. */
  look(socket: Socket, decided: (isHttp2: boolean) => void): void {
    this.#sockets.add(socket);
    let head: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      socket.off('data', take).off('end', end).off('close', stop).off('error', ignore);
    };
    const take = (chunk: Buffer): void => {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const length = Math.min(head.length, PREFACE.length);
      const isHttp2 = head.subarray(0, length).equals(PREFACE.subarray(0, length));
      if (isHttp2 && length < PREFACE.length) return;
      stop();
      socket.pause();
      socket.unshift(head);
      decided(isHttp2);
      // HTTP/1.1 waits for what was put back; HTTP/2 fetches it.
      if (!isHttp2) socket.resume();
    };
    const end = (): void => {
      socket.destroy();
    };
    const timer = setTimeout(end, this.#timeoutMs);
    timer.unref();
    socket.on('data', take).once('end', end).once('close', stop).on('error', ignore);
  }

  /** Closes those that have not begun. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The connection closes then, which is all that matters. */
function ignore(): void {
  // Without a listener, it would end the process.
}
