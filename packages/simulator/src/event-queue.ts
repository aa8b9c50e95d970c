/** Something that happens at a time. */
export interface SimulatedEvent {
  /** Milliseconds since the start of the run. */
  readonly at: number;
  readonly run: () => void;
}

interface Entry extends SimulatedEvent {
  readonly order: number;
}

/** What is still to happen: the earliest first, and of two at the same time the one that was put in first (a binary heap). */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next event is; undefined without one. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(at: number, run: () => void): void {
    const heap = this.#heap;
    const entry: Entry = { at, run, order: this.#order++ };
    let i = heap.length;
    while (i > 0) {
      const above = (i - 1) >> 1;
      const other = heap[above] as Entry;
      if (!isBefore(entry, other)) break;
      heap[i] = other;
      i = above;
    }
    heap[i] = entry;
  }

  /** Takes the next event out. */
  pop(): SimulatedEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let below = i * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) {
        below += 1;
      }
      if (!isBefore(heap[below] as Entry, last)) break;
      heap[i] = heap[below] as Entry;
      i = below;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
