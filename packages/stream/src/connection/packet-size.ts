import { decodeAmountTooLargeData, MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';

/**
 * Finds the largest packet that the path lets through, from what F08 tells, and by search where it tells nothing. Amounts are
 * source units.
 */
export class PacketSize {
  /** The largest amount that came through. */
  #verified = 0n;
  /** No more than this comes through, as far as is known. */
  #limit = MAX_AMOUNT;
  /** Whether a connector gave the limit, so that there is nothing to search for. */
  #isExact = false;

  /** The largest amount that came through, F08 or not. */
  get verified(): bigint {
    return this.#verified;
  }

  /** Whether any F08 has been met. */
  get isLimited(): boolean {
    return this.#limit < MAX_AMOUNT;
  }

  /** Whether further search would gain little: the limit was told, or lies within an eighth above what is verified. */
  get isFound(): boolean {
    return !this.isLimited || this.#isExact || this.#limit <= this.#verified + this.#verified / 8n;
  }

  /** The largest amount that should be tried now; 0 where nothing comes through at all. */
  get trial(): bigint {
    if (!this.isLimited || this.#isExact) return this.#limit;
    if (this.isFound) return this.#verified;
    const [low, high] = [this.#verified, this.#limit];
    // As long as both ends are of different orders of magnitude, each trial halves the number of digits between them.
    if (high > 4n * low) return low === 0n ? high / 2n : squareRoot(low * high);
    return (low + high + 1n) / 2n;
  }

  /** A packet of this amount was not too large for any connector. */
  handlePassed(amount: bigint): void {
    if (amount > this.#verified) this.#verified = amount;
    if (amount > this.#limit) {
      // The path has changed. What is known about its limit holds no more.
      this.#limit = MAX_AMOUNT;
      this.#isExact = false;
    }
  }

  /**
   * A connector answered F08 to a packet of this amount.
   * @param data of the Reject: what arrived at that connector, and the most that it forwards.
   */
  handleTooLarge(amount: bigint, data: Uint8Array): void {
    const told = limitFrom(amount, data);
    const limit = told ?? amount - 1n;
    if (limit >= this.#limit) return;
    this.#limit = limit;
    this.#isExact = told !== undefined;
    if (this.#verified > limit) this.#verified = this.#isExact ? limit : limit / 2n;
  }
}

/** The largest amount that would have passed; undefined where the data does not tell, or contradicts the Reject. */
function limitFrom(amount: bigint, data: Uint8Array): bigint | undefined {
  try {
    const { receivedAmount, maximumAmount } = decodeAmountTooLargeData(data);
    return receivedAmount <= maximumAmount ? undefined : (amount * maximumAmount) / receivedAmount;
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}

/** The square root, rounded down, by Newton's method. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
