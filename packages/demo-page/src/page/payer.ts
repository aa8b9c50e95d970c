/** Pays a pointer by the second over one STREAM connection, and over another one when that ends. */
import { connectStream, type Asset, type MoneyStream } from '@pennyswitch/stream';
import type { PageWallet } from './wallet.js';

/** How the paying goes. */
export type PayerState = 'connecting' | 'paying' | 'paused' | 'waiting';

/** What a {@link Payer} is made of. */
export interface PayerOptions {
  readonly wallet: PageWallet;
  readonly pointer: string;
  /** Sent with every query, so that the receiver may know the visit again. */
  readonly requestId: string;
  /** Units of the wallet's asset for each second; 0 pauses. */
  readonly perSecond: () => bigint;
  readonly onState: (state: PayerState, problem?: string) => void;
  readonly onArrival: (arrival: Arrival) => void;
}

/** Money that arrived since the last time. */
export interface Arrival {
  /** Units of the wallet's asset. */
  readonly sent: bigint;
  /** Units of the receiver's. */
  readonly delivered: bigint;
  /** What the receiver counts in; undefined where it does not say. */
  readonly asset: Asset | undefined;
  readonly receipt: Uint8Array | undefined;
}

const SECOND_MS = 1000;
/** A page that slept does not pay for its sleep: of one pause at most so much is paid, in milliseconds. */
const LONGEST_DUE_MS = 2000;
/** A connection on which nothing has arrived for so long is given up, in milliseconds. */
const PROGRESS_TIMEOUT_MS = 8000;
/** How long to wait before a new connection: twice as long each time, in milliseconds. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class Payer {
  readonly #options: PayerOptions;
  readonly #stop = new AbortController();
  /** How often money has arrived. */
  #arrivals = 0;

  constructor(options: PayerOptions) {
    this.#options = options;
  }

  /** Pays until {@link stop}; whatever goes wrong is tried again. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !this.#isStopped();) {
      const arrivedBefore = this.#arrivals;
      const problem = await this.#payUntilOver(signal).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (this.#isStopped()) return;
      failures = this.#arrivals > arrivedBefore ? 0 : failures + 1;
      this.#options.onState('waiting', problem);
      await pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures), signal);
    }
  }

  /** Ends the connection and pays no more. */
  stop(): void {
    this.#stop.abort();
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** One connection, from the query to its end. */
  async #payUntilOver(signal: AbortSignal): Promise<void> {
    const { wallet, pointer, requestId, onState } = this.#options;
    onState('connecting');
    const { destination, sharedSecret } = await wallet.client.query(pointer, {
      monetizationId: requestId,
      signal,
    });
    let look = (): void => undefined;
    const connection = await connectStream({
      credentials: { destination, sharedSecret },
      asset: wallet.asset,
      signal,
      policy: { progressTimeoutMs: PROGRESS_TIMEOUT_MS },
      send: async (prepare) => {
        const reply = await wallet.send(prepare);
        // Once the connection has taken it in.
        setTimeout(look, 0);
        return reply;
      },
    });
    try {
      const stream = await connection.openStream({ signal });
      look = this.#watch(stream, () => connection.remoteAsset);
      await this.#payBySecond(stream, signal);
    } finally {
      await connection.close().catch(() => undefined);
      look();
    }
  }

  async #payBySecond(stream: MoneyStream, signal: AbortSignal): Promise<void> {
    const { perSecond, onState } = this.#options;
    let paidUntil = performance.now() - SECOND_MS;
    while (!signal.aborted) {
      const now = performance.now();
      const dueMs = Math.min(LONGEST_DUE_MS, Math.round(now - paidUntil));
      paidUntil = now;
      const due = (perSecond() * BigInt(dueMs)) / 1000n;
      onState(due > 0n ? 'paying' : 'paused');
      if (due > 0n) await stream.sendMoney(stream.sent + due, { signal });
      await pause(SECOND_MS, signal);
    }
  }

  /** Tells of what has arrived since the last look. */
  #watch(stream: MoneyStream, asset: () => Asset | undefined): () => void {
    let sent = 0n;
    let delivered = 0n;
    return () => {
      if (stream.sent === sent) return;
      this.#arrivals += 1;
      this.#options.onArrival({
        sent: stream.sent - sent,
        delivered: stream.delivered - delivered,
        asset: asset(),
        receipt: stream.receipt,
      });
      sent = stream.sent;
      delivered = stream.delivered;
    };
  }
}

/** Resolves after so long, or as soon as the signal fires. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
