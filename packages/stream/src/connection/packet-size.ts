import { decodeAmountTooLargeData, MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';

/** After so many packets of full size the path is asked whether it lets larger ones through by now. */
const PROBE_AFTER = 64;
/** Each time it does not, twice as many have to pass before the next try, up to this. */
const MAX_PROBE_AFTER = 4096;

/**
 * Finds the largest packet that the path lets through, from what F08 tells, and by search where it tells nothing. Now and then a
 * packet that is a quarter larger looks whether the limit was raised; if it passes, each further one is twice as large until one
 * is refused. Amounts are source units.
 */
export class PacketSize {
  /** The largest amount that came through. */
  #verified = 0n;
  /** No more than this comes through, as far as is known. */
  #limit = MAX_AMOUNT;
  /** Whether a connector gave the limit, so that there is nothing to search for. */
  #isExact = false;
  /** The next packet is to be larger than the limit. */
  #isProbing = false;
  /** A packet above the limit has passed, and no larger one was refused since. */
  #isRising = false;
  /** Packets of full size since the last look above the limit. */
  #passed = 0;
  #probeAfter = PROBE_AFTER;

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
    return !this.#isProbing && !this.#isRising && this.#isKnown;
  }

  get #isKnown(): boolean {
    return !this.isLimited || this.#isExact || this.#limit <= this.#verified + this.#verified / 8n;
  }

  /** The largest amount that should be tried now; 0 where nothing comes through at all. */
  get trial(): bigint {
    if (this.#isRising) return smaller(2n * this.#verified, MAX_AMOUNT);
    if (this.#isProbing) return smaller(this.#limit + this.#limit / 4n + 1n, MAX_AMOUNT);
    if (!this.isLimited || this.#isExact) return this.#limit;
    if (this.#isKnown) return this.#verified;
    const [low, high] = [this.#verified, this.#limit];
    // As long as both ends are of different orders of magnitude, each trial halves the number of digits between them.
    if (high > 4n * low) return low === 0n ? (high + 1n) / 2n : squareRoot(low * high);
    return (low + high + 1n) / 2n;
  }

  /** Whether a packet of this amount is a look above the limit. */
  isAboveLimit(amount: bigint): boolean {
    return amount > this.#limit;
  }

  /** A packet of this amount was not too large for any connector. */
  handlePassed(amount: bigint): void {
    const isFull = amount >= this.#verified - this.#verified / 8n;
    if (amount > this.#verified) this.#verified = amount;
    if (amount > this.#limit) this.#rise();
    else if (isFull && this.isLimited && this.isFound && ++this.#passed >= this.#probeAfter) {
      this.#isProbing = true;
    }
  }

  /**
   * A connector answered F08 to a packet of this amount.
   * @param data of the Reject: what arrived at that connector, and the most that it forwards.
   */
  handleTooLarge(amount: bigint, data: Uint8Array): void {
    const told = limitFrom(amount, data);
    const limit = told ?? amount - 1n;
    const isAbove = amount > this.#limit;
    if (isAbove) this.#endProbe();
    this.#isRising = false;
    // Above the limit only what a connector tells is news: that its limit is another one by now.
    if (limit >= this.#limit && !(isAbove && told !== undefined)) return;
    this.#limit = limit;
    this.#isExact = told !== undefined;
    if (this.#verified > limit) this.#verified = this.#isExact ? limit : limit / 2n;
  }

  /** A packet of this amount was refused for another reason, or is lost: for now it shows nothing about the limit. */
  handleOther(amount: bigint): void {
    if (amount > this.#limit) this.#endProbe();
  }

  /** The path has changed. What is known about its limit holds no more. */
  #rise(): void {
    this.#isRising = true;
    this.#isProbing = false;
    this.#limit = MAX_AMOUNT;
    this.#isExact = false;
    this.#passed = 0;
    this.#probeAfter = PROBE_AFTER;
  }

  #endProbe(): void {
    this.#isProbing = false;
    this.#passed = 0;
    this.#probeAfter = Math.min(MAX_PROBE_AFTER, 2 * this.#probeAfter);
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

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
