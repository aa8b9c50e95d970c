/** A WebSocket without manners, for what a BtpClient would never do. */
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { authenticationData } from '../src/authentication.js';
import { BtpType, decodeBtpPacket, encodeBtpPacket, type BtpPacket } from '../src/index.js';
import { track } from './links.js';

export class RawClient {
  readonly socket: WebSocket;
  readonly received: BtpPacket[] = [];
  readonly closed: Promise<number>;
  readonly #waiting: ((packet: BtpPacket) => void)[] = [];
  #taken = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const packet = decodeBtpPacket(new Uint8Array(data), { strict: true });
      this.received.push(packet);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      this.#taken += 1;
      waiting(packet);
    });
  }

  static async open(port: number, options: ClientOptions = {}, path = '/'): Promise<RawClient> {
    const client = new RawClient(new WebSocket(`ws://127.0.0.1:${port}${path}`, options));
    track({
      close: () => {
        client.socket.terminate();
        return Promise.resolve();
      },
    });
    await once(client.socket, 'open');
    return client;
  }

  /** The HTTP status that refuses this client. */
  static refusal(port: number, options: ClientOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
      socket.on('open', () => reject(new Error('it was let in')));
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, response: { statusCode: number }) => {
        socket.terminate();
        resolve(response.statusCode);
      });
    });
  }

  send(octets: Uint8Array | string): void {
    this.socket.send(octets);
  }

  sendAuthentication(username: string, token: string): void {
    this.send(
      encodeBtpPacket({
        type: BtpType.message,
        requestId: 1,
        protocolData: authenticationData(username, token),
      }),
    );
  }

  /** The next packet that was not taken yet. */
  next(): Promise<BtpPacket> {
    const packet = this.received[this.#taken];
    if (packet !== undefined) {
      this.#taken += 1;
      return Promise.resolve(packet);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
