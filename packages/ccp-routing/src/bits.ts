/** The bits that a small integer has. */
const COUNT = 30;

/** One bit of a number for each of up to thirty accounts. */
export class Bits {
  readonly #taken = new Map<string, number>();

  /** The account's bit; 0 if there is none left. */
  take(id: string): number {
    const known = this.#taken.get(id);
    if (known !== undefined) return known;
    const all = [...this.#taken.values()].reduce((sum, bit) => sum | bit, 0);
    for (let i = 0; i < COUNT; i++) {
      const bit = 1 << i;
      if ((all & bit) !== 0) continue;
      this.#taken.set(id, bit);
      return bit;
    }
    return 0;
  }

  /** Another account may have it. */
  giveBack(id: string): void {
    this.#taken.delete(id);
  }
}
