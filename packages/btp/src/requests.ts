/** A request of ours that waits for its response. */
export interface OpenRequest<Tag> {
  readonly tag: Tag;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly sentAt: number;
}

/** Deadlines are looked at no more often than this; a request may expire so much later than it says. */
const GRANULARITY_MS = 5;

/**
 * Our requests in flight, by id. `Tag` is whatever the caller wants back with the response.
 *
 * Ids are sequential from a random start and skip those in flight, so none is ever in flight twice, and that of an
 * expired request comes back after 2^32 others only: a late response finds nobody (RFC 0023 "Overview", item 2).
 */
export class OpenRequests<Tag> {
  /** Made when there is a first request: an idle connection goes without. */
  #map: Map<number, OpenRequest<Tag>> | undefined;
  #nextId: number;
  /** Not later than the earliest deadline of an open request. */
  #earliest = Infinity;
  #lookedAt = -Infinity;

  /** @param firstId 0 to 2^32 - 1. */
  constructor(firstId: number) {
    this.#nextId = firstId >>> 0;
  }

  get #open(): Map<number, OpenRequest<Tag>> {
    return (this.#map ??= new Map());
  }

  get size(): number {
    return this.#map?.size ?? 0;
  }

  /** The id that {@link add} takes next. */
  nextId(): number {
    while (this.#map?.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    return this.#nextId;
  }

  add(id: number, request: OpenRequest<Tag>): void {
    this.#open.set(id, request);
    this.#nextId = (id + 1) >>> 0;
    if (request.deadline < this.#earliest) this.#earliest = request.deadline;
  }

  /** The open request of this id, which is not open any more; undefined where there is none. */
  take(id: number): OpenRequest<Tag> | undefined {
    const request = this.#map?.get(id);
    if (request !== undefined) this.#open.delete(id);
    return request;
  }

  /** When to call {@link takeExpired}; Infinity while nothing can expire. */
  deadline(): number {
    if (this.size === 0) return Infinity;
    return Math.max(this.#earliest, this.#lookedAt + GRANULARITY_MS);
  }

  /** Those whose deadline is now or earlier; they are not open any more. */
  takeExpired(now: number): OpenRequest<Tag>[] {
    const expired: OpenRequest<Tag>[] = [];
    if (now < this.#earliest) return expired;
    this.#lookedAt = now;
    this.#earliest = Infinity;
    for (const [id, request] of this.#open) {
      if (request.deadline <= now) {
        expired.push(request);
        this.#open.delete(id);
      } else if (request.deadline < this.#earliest) this.#earliest = request.deadline;
    }
    return expired;
  }

  /** All of them; none is open any more. */
  takeAll(): OpenRequest<Tag>[] {
    const all = [...(this.#map?.values() ?? [])];
    this.#map = undefined;
    return all;
  }
}
