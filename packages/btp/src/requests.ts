/** A request of ours that waits for its response. */
export interface OpenRequest<Tag> {
  readonly tag: Tag;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly sentAt: number;
}

/** Deadlines are looked at no more often than this; a request may expire so much later than it says. */
const GRANULARITY_MS = 5;
/** So many slots there are at first; always a power of two. */
const FIRST_SLOTS = 16;
/** More than this are given back when no request is open. */
const KEPT_SLOTS = 1024;

interface Slot<Tag> {
  readonly id: number;
  readonly request: OpenRequest<Tag>;
}

/**
 * Our requests in flight, by id. `Tag` is whatever the caller wants back with the response.
 *
 * Ids are sequential from a random start and skip those whose slot is taken, so none is ever in flight twice, and that of
 * an expired request comes back after some 2^32 others only: a late response finds nobody (RFC 0023 "Overview", item 2).
 *
 * Slots, and not a Map: a Map that gains and loses entries all the time makes a new table every few requests, and V8
 * chains each to the one before. Once one table has grown old, all that follow keep their requests alive until the next
 * major collection, which costs milliseconds at every scavenge.
 */
export class OpenRequests<Tag> {
  /** A request is at its id modulo the length. Made when there is a first one: an idle connection goes without. */
  #slots: (Slot<Tag> | undefined)[] = [];
  #size = 0;
  #nextId: number;
  /** Not later than the earliest deadline of an open request. */
  #earliest = Infinity;
  #lookedAt = -Infinity;

  /** @param firstId 0 to 2^32 - 1. */
  constructor(firstId: number) {
    this.#nextId = firstId >>> 0;
  }

  get size(): number {
    return this.#size;
  }

  /** The id that {@link add} takes next. */
  nextId(): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    while (this.#slots[this.#slotOf(this.#nextId)] !== undefined) {
      this.#nextId = (this.#nextId + 1) >>> 0;
    }
    return this.#nextId;
  }

  /** @param id as {@link nextId} has just said. */
  add(id: number, request: OpenRequest<Tag>): void {
    this.#slots[this.#slotOf(id)] = { id, request };
    this.#size += 1;
    this.#nextId = (id + 1) >>> 0;
    if (request.deadline < this.#earliest) this.#earliest = request.deadline;
  }

  /** The open request of this id, which is not open any more; undefined where there is none. */
  take(id: number): OpenRequest<Tag> | undefined {
    const at = this.#slotOf(id);
    const slot = this.#slots[at];
    if (slot?.id !== id) return undefined;
    this.#free(at);
    return slot.request;
  }

  /** When to call {@link takeExpired}; Infinity while nothing can expire. */
  deadline(): number {
    if (this.#size === 0) return Infinity;
    return Math.max(this.#earliest, this.#lookedAt + GRANULARITY_MS);
  }

  /** Those whose deadline is now or earlier; they are not open any more. */
  takeExpired(now: number): OpenRequest<Tag>[] {
    const expired: OpenRequest<Tag>[] = [];
    if (now < this.#earliest) return expired;
    this.#lookedAt = now;
    this.#earliest = Infinity;
    for (const [at, slot] of this.#slots.entries()) {
      if (slot === undefined) continue;
      const { deadline } = slot.request;
      if (deadline <= now) {
        expired.push(slot.request);
        this.#free(at);
      } else if (deadline < this.#earliest) this.#earliest = deadline;
    }
    return expired;
  }

  /** All of them; none is open any more. */
  takeAll(): OpenRequest<Tag>[] {
    const all = this.#slots.flatMap((slot) => slot?.request ?? []);
    this.#slots = [];
    this.#size = 0;
    return all;
  }

  #slotOf(id: number): number {
    // The length is a power of two, so this is the remainder, of ids beyond 2^31 too.
    return id & (this.#slots.length - 1);
  }

  #free(at: number): void {
    this.#slots[at] = undefined;
    this.#size -= 1;
    if (this.#size === 0 && this.#slots.length > KEPT_SLOTS) this.#slots = [];
  }

  /** Ids that differ modulo the old length differ modulo the new one. */
  #grow(): void {
    const taken = this.#slots;
    const length = Math.max(FIRST_SLOTS, taken.length * 2);
    this.#slots = Array.from({ length }, () => undefined);
    for (const slot of taken) {
      if (slot !== undefined) this.#slots[this.#slotOf(slot.id)] = slot;
    }
  }
}
