/** Keeps the receipt with the largest total of one stream (RFC 0039): replies overtake one another. */
export class LatestReceipt {
  #receipt: Uint8Array | undefined;

  /** Undefined where the other end gives none. */
  get value(): Uint8Array | undefined {
    return this.#receipt;
  }

  /** The total stands at bytes 18 to 25, big endian. */
  handle(receipt: Uint8Array): void {
    const isLarger =
      this.#receipt?.length !== receipt.length || totalOf(receipt) > totalOf(this.#receipt);
    if (isLarger) this.#receipt = receipt.slice();
  }
}

function totalOf(receipt: Uint8Array): bigint {
  let total = 0n;
  for (const byte of receipt.subarray(18, 26)) total = (total << 8n) | BigInt(byte);
  return total;
}
