import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { VirtualClock } from '@pennyswitch/testkit';
import { LinkError, type Link } from '../src/index.js';

/** What happens to the packets of one link; asked for each. */
export interface TestLinkFaults {
  /** One way, in milliseconds. */
  readonly delayMs?: number;
  readonly losePrepare?: boolean;
  readonly loseReply?: boolean;
}

/** One end of a link on virtual time that a test can slow down, cut and mend. */
export class TestLink implements Link {
  readonly #clock: VirtualClock;
  readonly #faults: () => TestLinkFaults;
  #other: TestLink = this;
  #handler: IlpPacketHandler | undefined;
  #isConnected: boolean;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #pending = new Set<(error: LinkError) => void>();
  isClosed = false;

  static pair(
    clock: VirtualClock,
    faults: () => TestLinkFaults = () => ({}),
    connected = true,
  ): [TestLink, TestLink] {
    const a = new TestLink(clock, faults, connected);
    const b = new TestLink(clock, faults, connected);
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  private constructor(clock: VirtualClock, faults: () => TestLinkFaults, connected: boolean) {
    this.#clock = clock;
    this.#faults = faults;
    this.#isConnected = connected;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  send(octets: Uint8Array, { deadline }: { readonly deadline: number }): Promise<Uint8Array> {
    if (!this.#isConnected) {
      return Promise.reject(new LinkError('NOT_CONNECTED', 'no', 'not connected'));
    }
    const bytes = octets.slice();
    const { delayMs = 0, losePrepare = false, loseReply = false } = this.#faults();
    return new Promise((resolve, reject) => {
      const fail = (error: LinkError): void => {
        this.#clock.clearTimeout(timer);
        this.#pending.delete(fail);
        reject(error);
      };
      const timer = this.#clock.setTimeout(() => {
        fail(new LinkError('TIMEOUT', 'yes', 'no reply until the deadline'));
      }, deadline - this.#clock.now());
      this.#pending.add(fail);
      const handler = this.#other.#handler;
      if (losePrepare || handler === undefined) return;
      this.#clock.setTimeout(() => {
        void handler(bytes).then((reply) => {
          if (loseReply) return;
          this.#clock.setTimeout(() => {
            if (!this.#pending.delete(fail)) return;
            this.#clock.clearTimeout(timer);
            resolve(reply.slice());
          }, delayMs);
        });
      }, delayMs);
    });
  }

  setHandler(handler: IlpPacketHandler): void {
    this.#handler = handler;
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Cuts both ends: what is under way has an unknown outcome. */
  cut(): void {
    this.#change(false);
    this.#other.#change(false);
  }

  mend(): void {
    this.#change(true);
    this.#other.#change(true);
  }

  /** Replies that are on their way still arrive. */
  async close(): Promise<void> {
    await this.#clock.sleep((this.#faults().delayMs ?? 0) + 1);
    this.cut();
    this.isClosed = true;
  }

  #change(connected: boolean): void {
    if (this.#isConnected === connected || this.isClosed) return;
    this.#isConnected = connected;
    for (const fail of [...this.#pending]) {
      fail(new LinkError('CONNECTION_LOST', 'unknown', 'the link was cut'));
    }
    for (const listener of this.#listeners) listener(connected);
  }
}
