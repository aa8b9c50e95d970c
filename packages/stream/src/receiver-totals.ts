import { systemClock, type Clock } from './environment.js';

/**
 * What connections with a limit or receipts have received: all that a {@link StreamReceiver} ever stores. Several receivers
 * of one server share one store. An implementation for a database makes `add` one atomic step.
 */
export interface TotalsStore {
  /**
   * Adds to a total and returns the new one, or undefined, with nothing changed, where it would exceed `cap`.
   * @param streamId stream 0 stands for all streams of the connection together.
   * @param amount 0n reads the total; a negative amount takes back what was added before.
   */
  add(
    connectionId: string,
    streamId: number,
    amount: bigint,
    cap: bigint,
  ): bigint | undefined | Promise<bigint | undefined>;
}

/** A {@link MemoryTotalsStore} that has no room for another connection. */
export class TotalsStoreFullError extends Error {
  override readonly name = 'TotalsStoreFullError';
  readonly code = 'TOTALS_STORE_FULL';
}

/** How much a {@link MemoryTotalsStore} keeps, and how long. */
export interface MemoryTotalsStoreOptions {
  /** How many connections are kept; default 100000. */
  readonly maxConnections?: number;
  /**
   * A connection without money for so long may be forgotten when room is needed, in milliseconds; default one day. Its total
   * then starts from 0 again, so credentials with a limit should expire sooner than that.
   */
  readonly idleMs?: number;
  readonly clock?: Pick<Clock, 'now'>;
}

interface ConnectionTotals {
  lastUsed: number;
  readonly streams: Map<number, bigint>;
}

const DAY_MS = 86_400_000;

/** A {@link TotalsStore} in memory: for one process, lost when it ends. */
export class MemoryTotalsStore implements TotalsStore {
  readonly #maxConnections: number;
  readonly #idleMs: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** The connection that was used longest ago comes first. */
  readonly #connections = new Map<string, ConnectionTotals>();

  constructor(options: MemoryTotalsStoreOptions = {}) {
    this.#maxConnections = options.maxConnections ?? 100_000;
    this.#idleMs = options.idleMs ?? DAY_MS;
    this.#clock = options.clock ?? systemClock;
  }

  /** How many connections are kept. */
  get size(): number {
    return this.#connections.size;
  }

  /** @throws {@link TotalsStoreFullError} for a new connection when all that are kept were used within `idleMs`. */
  add(connectionId: string, streamId: number, amount: bigint, cap: bigint): bigint | undefined {
    const known = this.#connections.get(connectionId);
    const total = (known?.streams.get(streamId) ?? 0n) + amount;
    if (amount > 0n && total > cap) return undefined;
    if (amount === 0n) return total;
    const connection = known ?? { lastUsed: 0, streams: new Map<number, bigint>() };
    if (known === undefined) this.#makeRoom();
    else this.#connections.delete(connectionId);
    connection.lastUsed = this.#clock.now();
    connection.streams.set(streamId, total);
    this.#connections.set(connectionId, connection);
    return total;
  }

  #makeRoom(): void {
    if (this.#connections.size < this.#maxConnections) return;
    for (const [id, { lastUsed }] of this.#connections) {
      if (this.#clock.now() - lastUsed < this.#idleMs) break;
      this.#connections.delete(id);
      return;
    }
    throw new TotalsStoreFullError(
      `the totals of ${this.#maxConnections} connections are kept, and all were used within ${this.#idleMs} ms`,
    );
  }
}
