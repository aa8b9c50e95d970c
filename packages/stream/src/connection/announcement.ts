/**
 * A number that only grows, and that the other endpoint must learn in the end: a limit, say. It remembers what is on its way
 * and what has arrived, so that it is told again when a packet gets lost, and not without need.
 */
export class Announcement<Value extends number | bigint> {
  readonly #initial: Value;
  #value: Value;
  #told: Value;
  #acknowledged: Value;
  #promised: Value;

  /** @param initial what the other endpoint takes for granted. */
  constructor(initial: Value) {
    this.#initial = initial;
    this.#value = initial;
    this.#told = initial;
    this.#acknowledged = initial;
    this.#promised = initial;
  }

  get value(): Value {
    return this.#value;
  }

  /** The most that was ever told, arrived or not: it cannot be taken back. */
  get promised(): Value {
    return this.#promised;
  }

  /** What the other endpoint knows, unless the packet that tells it gets lost. */
  get told(): Value {
    return this.#told;
  }

  /** Whether the other endpoint may not know the value yet, and nothing is on its way that tells it. */
  get isPending(): boolean {
    return this.#value > this.#told;
  }

  /** Never shrinks. */
  raise(value: Value): void {
    if (value > this.#value) this.#value = value;
  }

  /** Sets it to what is not below {@link promised}. */
  set(value: Value): void {
    this.#value = value;
  }

  /** It goes out in a packet. @returns the value, to be given back with what became of the packet. */
  tell(): Value {
    this.#told = this.#value;
    if (this.#value > this.#promised) this.#promised = this.#value;
    return this.#value;
  }

  handleAcknowledged(value: Value): void {
    if (value > this.#acknowledged) this.#acknowledged = value;
  }

  /** The packet with this value was lost. */
  handleLost(value: Value): void {
    if (value === this.#told && value > this.#acknowledged) this.#told = this.#acknowledged;
  }

  /** The other endpoint seems not to know it: tell it again. */
  forget(): void {
    this.#told = this.#initial;
    this.#acknowledged = this.#initial;
  }
}
