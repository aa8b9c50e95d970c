/**
 * What comes and goes all the time, each thing in a slot while it is here.
 *
 * Not a Set: one that gains and loses entries all the time makes a new table every few entries, and V8 chains each to the
 * one before. Once one table has grown old, all that follow keep what was in them alive until the next major collection: here
 * that would be every packet, for seconds, at some milliseconds for every scavenge.
 */
export class Slots<T extends object> {
  #items: (T | undefined)[] = [];
  #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** @returns its slot. */
  add(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  /** What is in a slot, if anything. */
  at(slot: number): T | undefined {
    return this.#items[slot];
  }

  /** Does nothing if the slot holds something else by now. */
  remove(slot: number, item: T): void {
    if (this.#items[slot] !== item) return;
    this.#items[slot] = undefined;
    this.#free.push(slot);
    if (this.#free.length < this.#items.length) return;
    this.#items = [];
    this.#free = [];
  }

  /** All with their slots. */
  *entries(): Generator<[slot: number, item: T]> {
    for (const [slot, item] of this.#items.entries()) if (item !== undefined) yield [slot, item];
  }
}
