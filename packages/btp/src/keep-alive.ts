/**
 * Finds dead peers: a machine without timers. Anything from the peer is a sign of life; after a quiet interval it asks
 * for one, and without an answer in time the peer is dead. A half-open TCP connection looks alive for hours otherwise.
 */
export class KeepAlive {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #heardAt: number;
  #probedAt: number | undefined;

  constructor(options: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly now: number;
  }) {
    this.#intervalMs = options.intervalMs;
    this.#timeoutMs = options.timeoutMs;
    this.#heardAt = options.now;
  }

  /** Anything came from the peer. @returns whether {@link deadline} is earlier than before. */
  handleHeard(now: number): boolean {
    const before = this.deadline();
    this.#heardAt = now;
    this.#probedAt = undefined;
    return this.deadline() < before;
  }

  /** When to call {@link poll} again. */
  deadline(): number {
    return this.#probedAt === undefined
      ? this.#heardAt + this.#intervalMs
      : this.#probedAt + this.#timeoutMs;
  }

  /** What to do now: send a probe, give the peer up, or nothing. */
  poll(now: number): 'probe' | 'dead' | undefined {
    const deadline = this.deadline();
    if (now < deadline) return undefined;
    // A poll that comes very late says that this process slept or was busy: the answer may wait in the socket's buffer.
    const overslept = now - deadline > this.#timeoutMs / 2;
    if (this.#probedAt !== undefined && !overslept) return 'dead';
    this.#probedAt = now;
    return 'probe';
  }
}
