import type { RandomBytes } from '../environment.js';
import type { Incoming } from './context.js';
import { REJECTIONS } from './rejections.js';
import type { Step } from './step.js';

/** So many places there are at first; always a power of two. */
const FIRST_PLACES_LOG2 = 6;

/**
 * Packets under way by their condition, so that one which comes back to us (a loop of routes), or comes twice, is known. Conditions
 * are hashes: their first 64 bits are as good a key as all.
 *
 * Not a Map, for the reason why there are {@link Slots}. A packet stands at the place that its key hashes to, or at the next
 * free one behind it. Who sends packets chooses their conditions, but does not know the hash.
 */
export class Duplicates {
  #packets: (Incoming | undefined)[] = places(FIRST_PLACES_LOG2);
  /** What is left of 32 bits. */
  #shift = 32 - FIRST_PLACES_LOG2;
  #size = 0;
  readonly #factors: DataView;

  constructor(randomBytes: RandomBytes) {
    const { buffer, byteOffset } = randomBytes(8);
    this.#factors = new DataView(buffer, byteOffset, 8);
  }

  /** T01 for a packet that is under way already: in a loop it lets the node before us try another way. */
  step(): Step<Incoming> {
    return {
      name: 'duplicate',
      run: (context) => {
        const place = this.#placeOf(context);
        const other = this.#packets[place];
        if (other !== undefined) return isSame(other, context) ? REJECTIONS.duplicate : undefined;
        this.#packets[place] = context;
        this.#size += 1;
        if (this.#size * 2 > this.#packets.length) this.#grow();
        return undefined;
      },
    };
  }

  /** Forgets a packet that has its reply. */
  remove(context: Incoming): void {
    const packets = this.#packets;
    let gap = this.#placeOf(context);
    if (packets[gap] !== context) return;
    this.#size -= 1;
    // Who stands behind the gap, and belongs there or before it, moves up: no search may end at it.
    let at = gap;
    for (;;) {
      at = this.#after(at);
      const moved = packets[at];
      if (moved === undefined) break;
      if (this.#distance(this.#homeOf(moved), at) < this.#distance(gap, at)) continue;
      packets[gap] = moved;
      gap = at;
    }
    packets[gap] = undefined;
  }

  /** Where the packet of this key is, or where it would be put. */
  #placeOf(context: Incoming): number {
    let place = this.#homeOf(context);
    for (;;) {
      const other = this.#packets[place];
      if (other === undefined || hasSameKey(other.condition, context.condition)) return place;
      place = this.#after(place);
    }
  }

  #homeOf({ condition }: Incoming): number {
    const factors = this.#factors;
    const sum =
      Math.imul(wordOf(condition, 0), factors.getInt32(0) | 1) +
      Math.imul(wordOf(condition, 4), factors.getInt32(4) | 1);
    return sum >>> this.#shift;
  }

  #after(place: number): number {
    return (place + 1) & (this.#packets.length - 1);
  }

  #distance(from: number, to: number): number {
    return (to - from) & (this.#packets.length - 1);
  }

  #grow(): void {
    const before = this.#packets;
    this.#shift -= 1;
    this.#packets = places(32 - this.#shift);
    for (const packet of before) {
      if (packet !== undefined) this.#packets[this.#placeOf(packet)] = packet;
    }
  }
}

function places(log2: number): undefined[] {
  return Array.from({ length: 2 ** log2 }, () => undefined);
}

function wordOf(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] ?? 0) << 24) |
    ((octets[at + 1] ?? 0) << 16) |
    ((octets[at + 2] ?? 0) << 8) |
    (octets[at + 3] ?? 0)
  );
}

function hasSameKey(a: Uint8Array, b: Uint8Array): boolean {
  return wordOf(a, 0) === wordOf(b, 0) && wordOf(a, 4) === wordOf(b, 4);
}

/** What connectors never change (RFC 0027 "ILP Prepare"): the packet itself, whatever amount and expiry. */
function isSame(a: Incoming, b: Incoming): boolean {
  return (
    a.prepare.destination === b.prepare.destination &&
    areEqual(a.condition, b.condition) &&
    areEqual(a.prepare.data, b.prepare.data)
  );
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
