/** How many addresses there is room for at first, and at most. Powers of two. */
const FIRST_ROOM = 256;
const MOST_ROOM = 65_536;

/**
 * What was found for the addresses that were looked up last: most packets go where others went a moment before. Each
 * address has a place and one beside, by its last characters and its length; whoever comes later to a place takes it. So a
 * look-up costs a few characters and a comparison, and an address that is not there little more.
 *
 * Room grows with the addresses that are asked for, up to a limit.
 */
export class RecentAddresses<T> {
  #addresses: (string | undefined)[] = [];
  #values: (T | undefined)[] = [];
  /** By place, when it was taken: what is of another time than now is not valid. */
  #times = new Int32Array(0);
  #now = 1;
  #displaced = 0;

  get(address: string): T | undefined {
    const place = placeOf(address) & (this.#addresses.length - 1);
    if (this.#isAt(place, address)) return this.#values[place];
    return this.#isAt(place ^ 1, address) ? this.#values[place ^ 1] : undefined;
  }

  add(address: string, value: T): void {
    if (this.#displaced >= this.#addresses.length) this.#grow();
    const place = placeOf(address) & (this.#addresses.length - 1);
    if (this.#times[place] === this.#now) {
      // Whoever was here goes to the place beside, and whoever was there goes.
      if (this.#times[place ^ 1] === this.#now) this.#displaced += 1;
      this.#put(place ^ 1, this.#addresses[place], this.#values[place]);
    }
    this.#put(place, address, value);
  }

  /** Forgets everything: what leads where has changed. */
  clear(): void {
    this.#now = (this.#now + 1) | 0;
  }

  #isAt(place: number, address: string): boolean {
    return this.#addresses[place] === address && this.#times[place] === this.#now;
  }

  #put(place: number, address: string | undefined, value: T | undefined): void {
    this.#addresses[place] = address;
    this.#values[place] = value;
    this.#times[place] = this.#now;
  }

  /** Makes more room, empty, where so many were displaced as there was room for; at first, any. */
  #grow(): void {
    this.#displaced = 0;
    const room = Math.max(FIRST_ROOM, this.#addresses.length * 4);
    if (room > MOST_ROOM) return;
    this.#addresses = new Array<string | undefined>(room).fill(undefined);
    this.#values = new Array<T | undefined>(room).fill(undefined);
    this.#times = new Int32Array(room);
  }
}

/** By the last four characters and the length. */
function placeOf(address: string): number {
  const { length } = address;
  if (length < 4) return length;
  const last = address.charCodeAt(length - 1) | (address.charCodeAt(length - 2) << 8);
  const before = address.charCodeAt(length - 3) | (address.charCodeAt(length - 4) << 8);
  return Math.imul(last ^ (before << 13) ^ length, 0x9e37_79b1) >>> 12;
}
