import { MAX_SEQUENCE } from '../packet.js';

/** Numbers the packets of a connection from 1 to 2^31, and no further (RFC 0029 5.1.3). */
export class Sequence {
  #last: number;

  /** @param last the last number that may have been used before, of a connection that is taken up again. */
  constructor(last = 0) {
    this.#last = last;
  }

  /** The number of the last packet; 0 where there was none. */
  get last(): number {
    return this.#last;
  }

  /** The number that the next packet will have; undefined when the encryption key is worn out. */
  get next(): number | undefined {
    return this.#last >= MAX_SEQUENCE ? undefined : this.#last + 1;
  }

  /** How many numbers are left. */
  get left(): number {
    return MAX_SEQUENCE - this.#last;
  }

  /** The next number is used. */
  advance(): void {
    this.#last++;
  }
}
