/** A WebSocket made by hand (RFC 6455), which may break every rule of it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { track } from './links.js';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What may be wrong with a frame. */
export interface FrameFaults {
  /** Whether more fragments follow. */
  readonly isOpen?: boolean;
  /** Bits that nobody has agreed on, 1 to 7. */
  readonly reserved?: number;
  readonly isUnmasked?: boolean;
  /** What the header says, if not the truth. */
  readonly length?: bigint;
}

/** A frame as a client sends it, masked with zeros. */
export function frame(opcode: number, payload: Uint8Array, faults: FrameFaults = {}): Buffer {
  const { isOpen = false, reserved = 0, isUnmasked = false } = faults;
  const length = faults.length ?? BigInt(payload.length);
  const mask = isUnmasked ? 0 : 0x80;
  const first = (isOpen ? 0 : 0x80) | (reserved << 4) | opcode;
  const size = length < 126n ? 0 : length < 65_536n ? 2 : 8;
  const header = Buffer.alloc(2 + size);
  header[0] = first;
  header[1] = mask | (size === 0 ? Number(length) : size === 2 ? 126 : 127);
  if (size === 2) header.writeUInt16BE(Number(length), 2);
  if (size === 8) header.writeBigUInt64BE(length, 2);
  return Buffer.concat([header, Buffer.alloc(isUnmasked ? 0 : 4), payload]);
}

export class RawWebSocket {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (this.#received = Buffer.concat([this.#received, chunk])));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Sends an upgrade request; `fields` replaces headers of it. */
  static async open(port: number, fields: Record<string, string> = {}): Promise<RawWebSocket> {
    const socket = connect(port, '127.0.0.1');
    const client = new RawWebSocket(socket);
    track({ close: () => Promise.resolve(void socket.destroy()) });
    await once(socket, 'connect');
    const headers = {
      Host: 'localhost',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...fields,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`);
    return client;
  }

  /** The HTTP status that answers the upgrade; 101 lets us in. */
  async status(): Promise<number> {
    while (!this.#received.includes('\r\n\r\n')) await once(this.socket, 'data');
    const end = this.#received.indexOf('\r\n\r\n');
    const status = Number(this.#received.toString('latin1', 9, 12));
    this.#received = this.#received.subarray(end + 4);
    return status;
  }

  /** The server's frames so far, as opcode and payload. */
  get frames(): { opcode: number; payload: Buffer }[] {
    const frames: { opcode: number; payload: Buffer }[] = [];
    let at = 0;
    for (;;) {
      const [first, second] = this.#received.subarray(at, at + 2);
      if (first === undefined || second === undefined) return frames;
      const size = second === 126 ? 2 : 0;
      const length = size === 2 ? this.#received.readUInt16BE(at + 2) : second;
      const start = at + 2 + size;
      if (this.#received.length < start + length) return frames;
      frames.push({
        opcode: first & 15,
        payload: this.#received.subarray(start, start + length),
      });
      at = start + length;
    }
  }

  /** The code of the server's Close frame, if it sent one. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === OPCODE.close);
    return close === undefined || close.payload.length < 2
      ? undefined
      : close.payload.readUInt16BE(0);
  }

  send(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }
}
