import type { Incoming } from './context.js';
import { REJECTIONS } from './rejections.js';
import { Slots } from './slots.js';
import type { Step } from './step.js';

/**
 * Packets under way by their condition, so that one which comes back to us (a loop of routes), or comes twice, is known. Conditions
 * are hashes: some of their bits are as good a key as all.
 */
export class Duplicates {
  readonly #packets = new Slots<Incoming>();
  readonly #slotByKey = new Map<number, number>();

  /** T01 for a packet that is under way already: in a loop it lets the node before us try another way. */
  step(): Step<Incoming> {
    return {
      name: 'duplicate',
      run: (context) => {
        const key = keyOf(context.condition);
        const other = this.#find(key);
        if (other !== undefined) return isSame(other, context) ? REJECTIONS.duplicate : undefined;
        this.#slotByKey.set(key, this.#packets.add(context));
        return undefined;
      },
    };
  }

  /** Forgets a packet that has its reply. */
  remove(context: Incoming): void {
    const key = keyOf(context.condition);
    const slot = this.#slotByKey.get(key);
    if (slot === undefined || this.#packets.at(slot) !== context) return;
    this.#packets.remove(slot, context);
    this.#slotByKey.delete(key);
  }

  #find(key: number): Incoming | undefined {
    const slot = this.#slotByKey.get(key);
    return slot === undefined ? undefined : this.#packets.at(slot);
  }
}

/** 52 bits of the condition. */
function keyOf(c: Uint8Array): number {
  const high = ((c[0] ?? 0) << 16) | ((c[1] ?? 0) << 8) | (c[2] ?? 0);
  const low = ((c[3] ?? 0) << 20) | ((c[4] ?? 0) << 12) | ((c[5] ?? 0) << 4) | ((c[6] ?? 0) >> 4);
  return high * 2 ** 28 + low;
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
