import type { NodePlan } from './plan.js';

/** One account's book, as a node's admin API tells it. */
export interface BookEntry {
  readonly account: string;
  /** What the peer owes on the whole, in units. */
  readonly net: string;
  readonly heldIncoming?: string;
  readonly heldOutgoing?: string;
}

/** A route, as a node's admin API tells it. */
export interface RouteEntry {
  readonly prefix: string;
  readonly [detail: string]: unknown;
}

/** Reads a node's admin API. */
export class AdminClient {
  readonly #base: string;
  readonly #token: string;

  constructor({ ports, adminToken }: NodePlan) {
    this.#base = `http://127.0.0.1:${ports.admin}`;
    this.#token = adminToken;
  }

  async balances(): Promise<BookEntry[]> {
    return (await this.#get<{ balances: BookEntry[] }>('/balances')).balances;
  }

  async routes(): Promise<RouteEntry[]> {
    return (await this.#get<{ routes: RouteEntry[] }>('/routes')).routes;
  }

  async status(): Promise<{ address: string | null; packetsInFlight: number }> {
    return this.#get('/status');
  }

  /** How many settlements the node's engine has not acknowledged. */
  async openSettlements(): Promise<number> {
    return (await this.#get<{ settlements: unknown[] }>('/settlements')).settlements.length;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(this.#base + path, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`GET ${path} of a node answered ${response.status}`);
    return (await response.json()) as T;
  }
}
