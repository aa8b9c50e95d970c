const WINDOW = 4096;

/**
 * Remembers which of the other endpoint's packets were handled, so that one that the network repeats is not handled twice. It
 * keeps one bit for each of the last 4,096 sequences; whatever is older counts as seen, since no sender has so many in flight.
 */
export class SequenceWindow {
  readonly #seen = new Uint8Array(WINDOW);
  #highest = -1;

  /** The highest sequence so far; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether this sequence is new; from now on it is not. */
  accept(sequence: number): boolean {
    if (sequence <= this.#highest - WINDOW) return false;
    if (sequence > this.#highest) this.#advance(sequence);
    else if (this.#seen[sequence % WINDOW] === 1) return false;
    this.#seen[sequence % WINDOW] = 1;
    return true;
  }

  #advance(sequence: number): void {
    if (sequence - this.#highest >= WINDOW) this.#seen.fill(0);
    else {
      for (let i = this.#highest + 1; i <= sequence; i++) this.#seen[i % WINDOW] = 0;
    }
    this.#highest = sequence;
  }
}
