/**
 * The ledger behind the test settlement system: what each party has of each asset, in whole units of the asset's
 * scale. Everybody starts at zero and may go below: it stands for money that the parties have elsewhere. Every
 * transfer takes from one what it gives to the other, so each asset sums to zero at all times.
 */
export class Books {
  readonly #balances = new Map<string, Map<string, bigint>>();

  /** Moves `amount` (not negative) of an asset from one party to another. */
  transfer(asset: string, from: string, to: string, amount: bigint): void {
    if (amount < 0n) throw new RangeError(`cannot transfer ${amount}`);
    const balances = this.#balances.get(asset) ?? new Map<string, bigint>();
    this.#balances.set(asset, balances);
    balances.set(from, (balances.get(from) ?? 0n) - amount);
    balances.set(to, (balances.get(to) ?? 0n) + amount);
  }

  /** What a party has of an asset. */
  balance(asset: string, party: string): bigint {
    return this.#balances.get(asset)?.get(party) ?? 0n;
  }

  /** All balances, by asset and party, amounts as decimal strings. */
  snapshot(): Record<string, Record<string, string>> {
    return Object.fromEntries(
      [...this.#balances].map(([asset, balances]) => [
        asset,
        Object.fromEntries([...balances].map(([party, amount]) => [party, amount.toString()])),
      ]),
    );
  }
}
