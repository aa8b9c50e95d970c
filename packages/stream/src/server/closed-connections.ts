/** Remembers for a while which connections are over, a bounded number: what the network repeats of them opens no new one. */
export class ClosedConnections {
  readonly #maxCount: number;
  readonly #retentionMs: number;
  /** By connection, until when; in the order in which they closed. */
  readonly #until = new Map<string, number>();

  constructor(options: { readonly maxCount: number; readonly retentionMs: number }) {
    this.#maxCount = options.maxCount;
    this.#retentionMs = options.retentionMs;
  }

  has(id: string, now: number): boolean {
    this.#expire(now);
    return this.#until.has(id);
  }

  add(id: string, now: number): void {
    this.#expire(now);
    this.#until.delete(id);
    this.#until.set(id, now + this.#retentionMs);
    if (this.#until.size > this.#maxCount) this.#dropFirst();
  }

  #expire(now: number): void {
    for (const until of this.#until.values()) {
      if (until > now) return;
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    for (const id of this.#until.keys()) {
      this.#until.delete(id);
      return;
    }
  }
}
