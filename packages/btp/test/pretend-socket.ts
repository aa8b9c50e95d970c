/** Sockets without a network: a test sees what was sent and says what comes. */
import {
  BtpType,
  decodeBtpPacket,
  encodeBtpPacket,
  type BtpPacket,
  type BtpSocket,
  type BtpWritablePacket,
  type OpenSocket,
  type SocketListener,
} from '../src/index.js';

export class PretendSocket implements BtpSocket {
  readonly url: string;
  readonly listener: SocketListener;
  readonly sent: BtpPacket[] = [];
  readonly ping: (() => void) | undefined;
  pings = 0;
  bufferedAmount = 0;
  closed: { code: number; reason: string } | undefined;
  terminated = false;
  /** Whether the other end finishes the closing handshake. */
  answersClose = true;

  constructor(url: string, listener: SocketListener, hasPing: boolean) {
    this.url = url;
    this.listener = listener;
    this.ping = hasPing ? () => void (this.pings += 1) : undefined;
  }

  send(octets: Uint8Array): void {
    this.sent.push(decodeBtpPacket(octets, { strict: true }));
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
    if (this.answersClose) queueMicrotask(() => this.listener.onClose({ code, reason }));
  }

  terminate(): void {
    this.terminated = true;
    queueMicrotask(() => this.listener.onClose({ code: 1006, reason: '' }));
  }

  /** The peer sends this. */
  receive(packet: BtpWritablePacket): void {
    this.listener.onMessage(encodeBtpPacket(packet));
  }

  /** The peer answers the last packet that was sent with an empty Response. */
  respond(): void {
    const request = this.sent.at(-1);
    if (request === undefined) throw new Error('nothing was sent');
    this.receive({ type: BtpType.response, requestId: request.requestId, protocolData: [] });
  }

  /** The connection breaks. */
  break(error?: Error): void {
    this.listener.onClose({ code: 1006, reason: '', error });
  }
}

/** Every socket that a client opened, oldest first. */
export function pretendSockets(options: { hasPing?: boolean } = {}): {
  sockets: PretendSocket[];
  openSocket: OpenSocket;
  last: () => PretendSocket;
} {
  const sockets: PretendSocket[] = [];
  return {
    sockets,
    openSocket: (url, _options, listener) => {
      const socket = new PretendSocket(url, listener, options.hasPing ?? true);
      sockets.push(socket);
      return socket;
    },
    last: () => {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error('no socket was opened');
      return socket;
    },
  };
}
