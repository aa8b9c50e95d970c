import type { IlpAddress } from '@pennyswitch/ilp-address';

/**
 * Where the other endpoint can be reached. A new address counts only when an authentic reply has come from it (RFC 0029
 * 4.3.2): until then a few empty packets go there and nothing else, so that nobody can be made to flood a third party, and
 * money and data go to the old one.
 */
export class RemoteAddress {
  readonly #maxAttempts: number;
  readonly #intervalMs: number;
  #current: IlpAddress | undefined;
  #candidate: IlpAddress | undefined;
  #attempts = 0;
  #unanswered = 0;
  /** Of the attempts: those that a node on the way refused for the time being. */
  #refused = 0;
  /** When the candidate is asked again although the last packet is not answered: it may be lost. */
  #askAt = -Infinity;
  /** Of the packets that told addresses: an older one that comes later tells nothing new. One count for each direction. */
  readonly #toldBy = { prepare: -1, reply: -1 };

  /** @param intervalMs until a candidate is asked for the second time; doubled with each further time. */
  constructor(
    initial: IlpAddress | undefined,
    options: { readonly maxAttempts: number; readonly intervalMs: number },
  ) {
    this.#current = initial;
    this.#maxAttempts = options.maxAttempts;
    this.#intervalMs = options.intervalMs;
  }

  /** Where packets go; undefined as long as the other endpoint cannot be reached. */
  get current(): IlpAddress | undefined {
    return this.#current;
  }

  /** Whether a new address is being looked at. */
  get isValidating(): boolean {
    return this.#candidate !== undefined;
  }

  /** When an empty packet should go to the candidate; undefined where none is to. */
  get askAt(): number | undefined {
    return this.#candidate === undefined || this.#attempts >= this.#maxAttempts + this.#refused
      ? undefined
      : this.#askAt;
  }

  /** The other endpoint says that it is reached here from now on. */
  handleTold(address: IlpAddress, by: 'prepare' | 'reply', sequence: number): void {
    if (sequence <= this.#toldBy[by]) return;
    this.#toldBy[by] = sequence;
    if (address === this.#current) this.#candidate = undefined;
    if (address === this.#current || address === this.#candidate) return;
    this.#candidate = address;
    this.#attempts = 0;
    this.#unanswered = 0;
    this.#refused = 0;
    this.#askAt = -Infinity;
  }

  /** The candidate, to send an empty packet to; undefined where that is not to be done now. */
  ask(now: number): IlpAddress | undefined {
    if (this.askAt === undefined || now < this.askAt) return undefined;
    this.#askAt = now + this.#intervalMs * 2 ** this.#attempts;
    this.#attempts++;
    return this.#candidate;
  }

  /** An authentic reply came from this address. */
  handleValid(address: IlpAddress): void {
    if (address !== this.#candidate) return;
    this.#current = address;
    this.#candidate = undefined;
  }

  /** No authentic reply came from it. When none of all packets was answered, it is given up. */
  handleNoAnswer(address: IlpAddress): void {
    if (address !== this.#candidate) return;
    this.#unanswered++;
    if (this.#unanswered >= this.#maxAttempts) this.#candidate = undefined;
  }

  /**
   * A node on the way refused a packet for the time being, which says nothing about the address: another one may be sent. That
   * holds for as many as may be sent anyway, so that at most twice as many go to an address that never answers.
   */
  handleRefused(address: IlpAddress): void {
    if (address !== this.#candidate) return;
    if (this.#refused < this.#maxAttempts) this.#refused++;
    else this.handleNoAnswer(address);
  }

  /** Nothing can be sent to where it was any more. */
  forget(): void {
    this.#current = undefined;
  }
}
