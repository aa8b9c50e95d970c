import type { IlpAddress } from '@pennyswitch/ilp-address';

/**
 * Where the other endpoint can be reached. A new address counts only when an authentic reply has come from it (RFC 0029
 * 4.3.2): until then a few empty packets go there and nothing else, so that nobody can be made to flood a third party, and
 * money and data go to the old one.
 */
export class RemoteAddress {
  readonly #maxAttempts: number;
  #current: IlpAddress | undefined;
  #candidate: IlpAddress | undefined;
  #attempts = 0;
  #isAsking = false;
  /** Of the packets that told addresses: an older one that comes later tells nothing new. One count for each direction. */
  readonly #toldBy = { prepare: -1, reply: -1 };

  constructor(initial: IlpAddress | undefined, maxAttempts: number) {
    this.#current = initial;
    this.#maxAttempts = maxAttempts;
  }

  /** Where packets go; undefined as long as the other endpoint cannot be reached. */
  get current(): IlpAddress | undefined {
    return this.#current;
  }

  /** The address that should be asked now whether the other endpoint is there; undefined for none. */
  get toValidate(): IlpAddress | undefined {
    return this.#isAsking ? undefined : this.#candidate;
  }

  /** The other endpoint says that it is reached here from now on. */
  handleTold(address: IlpAddress, by: 'prepare' | 'reply', sequence: number): void {
    if (sequence <= this.#toldBy[by]) return;
    this.#toldBy[by] = sequence;
    if (address === this.#current) this.#candidate = undefined;
    if (address === this.#current || address === this.#candidate) return;
    this.#candidate = address;
    this.#attempts = 0;
    this.#isAsking = false;
  }

  /** An empty packet leaves for the candidate. */
  handleAsked(): void {
    this.#isAsking = true;
    this.#attempts++;
  }

  /** An authentic reply came from this address. */
  handleValid(address: IlpAddress): void {
    if (address !== this.#candidate) return;
    this.#current = address;
    this.#candidate = undefined;
    this.#isAsking = false;
  }

  /** No authentic reply came from it. It is asked again a few times. */
  handleNoAnswer(address: IlpAddress): void {
    if (address !== this.#candidate) return;
    this.#isAsking = false;
    if (this.#attempts >= this.#maxAttempts) this.#candidate = undefined;
  }

  /** Nothing can be sent to where it was any more. */
  forget(): void {
    this.#current = undefined;
  }
}
