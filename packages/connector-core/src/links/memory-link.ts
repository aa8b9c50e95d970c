import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { LinkError, type Link } from './link.js';

/**
 * One end of a connection inside this process: packets are copied, as a wire would, and arrive at once. For tests, and for
 * nodes that share a process.
 */
export class MemoryLink implements Link {
  #other: MemoryLink = this;
  #handler: IlpPacketHandler | undefined;
  #connected = true;
  #closed = false;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #pending = new Set<(error: LinkError) => void>();

  /** The two ends of one connection. */
  static pair(): [MemoryLink, MemoryLink] {
    const a = new MemoryLink();
    const b = new MemoryLink();
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  private constructor() {
    // Only `pair` makes links, so that each has another end.
  }

  get isConnected(): boolean {
    return this.#connected && !this.#closed;
  }

  async send(octets: Uint8Array): Promise<Uint8Array> {
    const handler = this.#other.#handler;
    if (!this.isConnected || handler === undefined) {
      throw new LinkError('NOT_CONNECTED', 'no', 'the link is not connected');
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => void this.#pending.delete(reject);
      this.#pending.add(reject);
      handler(octets.slice()).then(
        (reply) => {
          settle();
          resolve(reply.slice());
        },
        (error: unknown) => {
          settle();
          reject(new LinkError('REFUSED', 'yes', 'the other end failed', { cause: error }));
        },
      );
    });
  }

  setHandler(handler: IlpPacketHandler): void {
    this.#handler = handler;
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Cuts the connection, for both ends: what is under way fails with an unknown outcome. */
  disconnect(): void {
    this.#change(false);
    this.#other.#change(false);
  }

  /** Mends the connection, for both ends. */
  connect(): void {
    this.#change(true);
    this.#other.#change(true);
  }

  close(): Promise<void> {
    this.disconnect();
    this.#closed = true;
    return Promise.resolve();
  }

  #change(connected: boolean): void {
    if (this.#closed || connected === this.#connected) return;
    this.#connected = connected;
    if (!connected) {
      for (const reject of this.#pending) {
        reject(new LinkError('CONNECTION_LOST', 'unknown', 'the link was cut'));
      }
      this.#pending.clear();
    }
    for (const listener of this.#listeners) listener(connected);
  }
}
