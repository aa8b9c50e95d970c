import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import type { TotalsStore } from './receiver-totals.js';

/** What one packet adds to a connection's totals: taken back as a whole if the packet is not fulfilled after all. */
export class Hold {
  readonly #store: TotalsStore;
  readonly #connectionId: string;
  readonly #added: { readonly streamId: number; readonly amount: bigint }[] = [];

  constructor(store: TotalsStore, connectionId: string) {
    this.#store = store;
    this.#connectionId = connectionId;
  }

  /** The new total, or undefined where it would exceed `cap`. */
  async add(streamId: number, amount: bigint, cap: bigint): Promise<bigint | undefined> {
    const total = await this.#store.add(this.#connectionId, streamId, amount, cap);
    if (total !== undefined) this.#added.push({ streamId, amount });
    return total;
  }

  async release(): Promise<void> {
    for (const { streamId, amount } of this.#added.splice(0)) {
      await this.#store.add(this.#connectionId, streamId, -amount, MAX_AMOUNT);
    }
  }
}
