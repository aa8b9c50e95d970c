import type { IlpAddressPrefix } from '@pennyswitch/ilp-address';
import { NONE, PrefixNodes, ROOT } from './prefix-nodes.js';
import { RecentAddresses } from './recent-addresses.js';

/**
 * Finds, for an address, the value of the longest prefix that it lies under, by whole segments: `g.a` is a prefix of
 * `g.a.b` but not of `g.ab`. The cost depends on the segments of the address, not on the number of prefixes.
 *
 * @typeParam T what is kept for a prefix; not undefined.
 */
export class RoutingTable<T> {
  readonly #nodes: PrefixNodes;
  /** By node; undefined for one that is only on the way to others. */
  readonly #values: (T | undefined)[] = [undefined];
  readonly #recent = new RecentAddresses<T>();
  #size = 0;

  /**
   * @param seed any integer; a random one keeps whoever chooses prefixes from choosing ones that are slow to find.
   */
  constructor(seed: number = 0x811c_9dc5) {
    this.#nodes = new PrefixNodes(seed);
  }

  /** How many prefixes have a value. */
  get size(): number {
    return this.#size;
  }

  /** The value of the longest prefix of `address`; of the empty prefix, the default route, if of no other. */
  resolve(address: IlpAddressPrefix): T | undefined {
    const recent = this.#recent.get(address);
    if (recent !== undefined) return recent;
    let node = this.#nodes.deepest(address);
    while (node !== NONE) {
      const value = this.#values[node];
      if (value !== undefined) {
        this.#recent.add(address, value);
        return value;
      }
      node = this.#nodes.parentOf(node);
    }
    return undefined;
  }

  /** The value of exactly this prefix. */
  get(prefix: IlpAddressPrefix): T | undefined {
    const node = this.#nodes.find(prefix);
    return node === NONE ? undefined : this.#values[node];
  }

  /** Sets the value of a prefix. */
  set(prefix: IlpAddressPrefix, value: T): void {
    this.#recent.clear();
    const node = this.#nodes.add(prefix);
    while (this.#values.length < this.#nodes.prefixes.length) this.#values.push(undefined);
    if (this.#values[node] === undefined) this.#size += 1;
    this.#values[node] = value;
  }

  /** Removes a prefix. Returns whether it was there. */
  delete(prefix: IlpAddressPrefix): boolean {
    let node = this.#nodes.find(prefix);
    if (node === NONE || this.#values[node] === undefined) return false;
    this.#recent.clear();
    this.#values[node] = undefined;
    this.#size -= 1;
    while (
      node !== ROOT &&
      this.#values[node] === undefined &&
      this.#nodes.firstChildOf(node) === NONE
    ) {
      node = this.#nodes.remove(node);
    }
    return true;
  }

  /** The values of the prefixes that are shorter than this one and lead to it, the longest first. */
  *above(prefix: IlpAddressPrefix): Generator<T> {
    let node = this.#nodes.deepest(prefix);
    if (this.#nodes.prefixes[node] === prefix) node = this.#nodes.parentOf(node);
    for (; node !== NONE; node = this.#nodes.parentOf(node)) {
      const value = this.#values[node];
      if (value !== undefined) yield value;
    }
  }

  /** The values of the prefixes that lie under this one and are longer, each before those below it. */
  *below(prefix: IlpAddressPrefix): Generator<T> {
    const top = this.#nodes.find(prefix);
    if (top === NONE) return;
    let node = this.#nodes.firstChildOf(top);
    while (node !== NONE) {
      const value = this.#values[node];
      if (value !== undefined) yield value;
      node = this.#after(node, top);
    }
  }

  /** Prefixes and values, in no particular order. Like the other walks, it takes a table that does not change meanwhile. */
  *entries(): Generator<[IlpAddressPrefix, T]> {
    for (const [node, value] of this.#values.entries()) {
      if (value !== undefined) yield [this.#nodes.prefixes[node] as IlpAddressPrefix, value];
    }
  }

  /** The values alone, in the same order. */
  *values(): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  #after(node: number, top: number): number {
    const child = this.#nodes.firstChildOf(node);
    if (child !== NONE) return child;
    for (let at = node; at !== top; at = this.#nodes.parentOf(at)) {
      const sibling = this.#nodes.nextSiblingOf(at);
      if (sibling !== NONE) return sibling;
    }
    return NONE;
  }
}
