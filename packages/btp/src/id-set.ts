/** So many places there are at first; always a power of two. */
const FIRST_PLACES = 16;
/** No id: those are 0 to 2^32 - 1. */
const EMPTY = -1;

/**
 * The ids of the peer's requests that are being answered.
 *
 * Not a Set, for the reason why `requests.ts` has no Map: one that gains and loses entries all the time makes a new table
 * every few of them. Here an id stands at the place that it hashes to, or at the next free one behind it.
 */
export class IdSet {
  #ids = new Float64Array(FIRST_PLACES).fill(EMPTY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#ids[this.#placeOf(id)] === id;
  }

  /** Does nothing if it is there already. */
  add(id: number): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] === id) return;
    this.#ids[place] = id;
    this.#size += 1;
    if (this.#size * 2 > this.#ids.length) this.#grow();
  }

  /** @returns whether it was there. */
  delete(id: number): boolean {
    const ids = this.#ids;
    let gap = this.#placeOf(id);
    if (ids[gap] !== id) return false;
    this.#size -= 1;
    // Who stands behind the gap, and belongs there or before it, moves up: no search may end at it.
    for (let at = this.#after(gap); ids[at] !== EMPTY; at = this.#after(at)) {
      const moved = ids[at] ?? EMPTY;
      if (this.#distance(this.#homeOf(moved), at) < this.#distance(gap, at)) continue;
      ids[gap] = moved;
      gap = at;
    }
    ids[gap] = EMPTY;
    return true;
  }

  /** Where the id is, or where it would be put. */
  #placeOf(id: number): number {
    const ids = this.#ids;
    let place = this.#homeOf(id);
    while (ids[place] !== id && ids[place] !== EMPTY) place = this.#after(place);
    return place;
  }

  /** Most peers count their ids, so that each has a place of its own. */
  #homeOf(id: number): number {
    return id & (this.#ids.length - 1);
  }

  #after(place: number): number {
    return (place + 1) & (this.#ids.length - 1);
  }

  #distance(from: number, to: number): number {
    return (to - from) & (this.#ids.length - 1);
  }

  #grow(): void {
    const before = this.#ids;
    this.#ids = new Float64Array(before.length * 2).fill(EMPTY);
    for (const id of before) if (id !== EMPTY) this.#ids[this.#placeOf(id)] = id;
  }
}
