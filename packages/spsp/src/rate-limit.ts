import type { Clock } from '@pennyswitch/stream';
import { systemClock } from './environment.js';

/** How often one address may ask. */
export interface RateLimitOptions {
  /** How many queries per minute in the long run; default 120. */
  readonly perMinute?: number;
  /** How many at once, after a pause; default 60. */
  readonly burst?: number;
  /** How many addresses are remembered; default 10 000. The one that asked longest ago is forgotten first. */
  readonly maxAddresses?: number;
  readonly clock?: Pick<Clock, 'now'>;
}

/** What a query costs, in units of which each millisecond brings `perMinute`: whole numbers do not drift. */
const COST = 60_000;

interface Bucket {
  units: number;
  filledAt: number;
}

/** A bucket of tokens for each address; memory is bounded whatever addresses there are. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #burst: number;
  readonly #maxAddresses: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** The address that asked longest ago comes first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions = {}) {
    this.#perMinute = options.perMinute ?? 120;
    this.#burst = options.burst ?? 60;
    this.#maxAddresses = options.maxAddresses ?? 10_000;
    this.#clock = options.clock ?? systemClock;
    if (!(this.#perMinute > 0) || !(this.#burst >= 1) || !(this.#maxAddresses >= 1)) {
      throw new RangeError('perMinute must be above 0, burst and maxAddresses at least 1');
    }
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Takes a token.
   * @returns 0 where there was one, otherwise after how many milliseconds there will be.
   */
  take(address: string): number {
    const key = networkOf(address);
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { units: this.#burst * COST, filledAt: now };
    this.#buckets.delete(key);
    // A clock that was set back fills nothing.
    const gained = Math.max(0, now - bucket.filledAt) * this.#perMinute;
    bucket.units = Math.min(this.#burst * COST, bucket.units + gained);
    bucket.filledAt = now;
    const isAllowed = bucket.units >= COST;
    if (isAllowed) bucket.units -= COST;
    this.#makeRoom();
    this.#buckets.set(key, bucket);
    return isAllowed ? 0 : Math.ceil((COST - bucket.units) / this.#perMinute);
  }

  #makeRoom(): void {
    if (this.#buckets.size < this.#maxAddresses) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}

/** Who has one IPv6 address has the 2^64 of its network: they count as one. An IPv4 address within IPv6 counts as itself. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  if (mapped !== null) return mapped[1] ?? '';
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + behind < 8) groups.push('0');
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
