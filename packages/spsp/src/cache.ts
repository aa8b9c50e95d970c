import type { Clock } from '@pennyswitch/stream';
import type { SpspResult } from './client.js';

/** Nothing is kept longer than this, whatever a server says, in milliseconds. */
const LONGEST_MS = 86_400_000;

/** Keeps payment details for as long as their server allows (RFC 0009 "Response Headers"). */
export class DetailsCache {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #maxEntries: number;
  /** What was put in longest ago comes first. */
  readonly #entries = new Map<
    string,
    { readonly result: SpspResult; readonly expiresAt: number }
  >();

  constructor(clock: Pick<Clock, 'now'>, maxEntries: number) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  get(url: string): SpspResult | undefined {
    const entry = this.#entries.get(url);
    if (entry === undefined) return undefined;
    const leftMs = entry.expiresAt - this.#clock.now();
    if (leftMs > 0) return { ...entry.result, maxAgeSeconds: Math.floor(leftMs / 1000) };
    this.#entries.delete(url);
    return undefined;
  }

  /** @param askedAt when the query was sent: the age counts from then, so that a slow answer is not kept too long. */
  set(url: string, result: SpspResult, askedAt: number): void {
    this.#entries.delete(url);
    if (result.maxAgeSeconds === 0 || this.#maxEntries === 0) return;
    if (this.#entries.size >= this.#maxEntries) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    const expiresAt = askedAt + Math.min(result.maxAgeSeconds * 1000, LONGEST_MS);
    this.#entries.set(url, { result, expiresAt });
  }

  delete(url: string): void {
    this.#entries.delete(url);
  }
}
