import type { IlpAddressPrefix } from '@pennyswitch/ilp-address';
import type { RouteEntry } from './route.js';

/** Epochs are unsigned integers of 32 bits on the wire. */
const MAX_EPOCH = 0xffff_ffff;

/**
 * What changed, in the order of epochs: each change has the next number, and replaces the one before of the same prefix,
 * so that a peer that starts anew reads every prefix once. Prefixes that are told no more stay as withdrawals, up to
 * a limit.
 */
export class BroadcastLog {
  /** In the order of epochs, which stand beside; an entry whose own epoch is another one was changed since. */
  #changes: RouteEntry[] = [];
  #epochs: number[] = [];
  /** Told no more, the longest ago first. */
  readonly #withdrawn = new Map<IlpAddressPrefix, RouteEntry>();
  readonly #maxWithdrawals: number;
  readonly #maxEpoch: number;
  #epoch = 0;
  #live = 0;
  #forgotten = 0;

  constructor(maxWithdrawals: number, maxEpoch: number = MAX_EPOCH) {
    this.#maxWithdrawals = maxWithdrawals;
    this.#maxEpoch = maxEpoch;
  }

  /** The number of the next change. */
  get currentEpoch(): number {
    return this.#epoch;
  }

  /** The first epoch from which on nothing is missing: below it are withdrawals that were forgotten. */
  get completeFrom(): number {
    return this.#forgotten;
  }

  /** Whether there are no numbers left; {@link renumber} then. */
  get isFull(): boolean {
    return this.#epoch >= this.#maxEpoch;
  }

  /** How many changes are kept. */
  get size(): number {
    return this.#live;
  }

  /** The entry of a prefix that is told no more. */
  withdrawnEntry(prefix: IlpAddressPrefix): RouteEntry | undefined {
    return this.#withdrawn.get(prefix);
  }

  /** Notes that an entry is told anew, or no more. */
  append(entry: RouteEntry): void {
    if (entry.epoch === undefined) this.#live += 1;
    entry.epoch = this.#epoch;
    this.#changes.push(entry);
    this.#epochs.push(this.#epoch);
    this.#epoch += 1;
    this.#withdrawn.delete(entry.prefix);
    if (entry.announced === undefined) this.#withdrawn.set(entry.prefix, entry);
    if (this.#withdrawn.size > this.#maxWithdrawals) this.#forgetOldest();
    if (this.#changes.length > 64 + this.#live * 2) this.#compact();
  }

  /** The changes from an epoch on, the oldest first. */
  *since(epoch: number): Generator<RouteEntry> {
    for (let i = this.#indexOf(epoch); i < this.#changes.length; i++) {
      const entry = this.#changes[i] as RouteEntry;
      if (entry.epoch === this.#epochs[i]) yield entry;
    }
  }

  /** Starts again at epoch 0 with what is told now. Whoever was told before has to be told that the numbers are new. */
  renumber(): void {
    for (const entry of this.#withdrawn.values()) entry.epoch = undefined;
    this.#withdrawn.clear();
    this.#compact();
    const kept = this.#changes;
    this.#changes = [];
    this.#epochs = [];
    this.#epoch = 0;
    this.#forgotten = 0;
    this.#live = 0;
    for (const entry of kept) {
      entry.epoch = undefined;
      this.append(entry);
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#withdrawn.values();
    if (oldest?.epoch === undefined) return;
    this.#withdrawn.delete(oldest.prefix);
    this.#forgotten = Math.max(this.#forgotten, oldest.epoch + 1);
    oldest.epoch = undefined;
    this.#live -= 1;
  }

  #compact(): void {
    const epochs = this.#epochs;
    this.#changes = this.#changes.filter(({ epoch }, i) => epoch === epochs[i]);
    this.#epochs = this.#changes.map(({ epoch }) => epoch as number);
  }

  /** Where the first change of this epoch or a later one stands. */
  #indexOf(epoch: number): number {
    let low = 0;
    let high = this.#epochs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#epochs[middle] as number) < epoch) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
