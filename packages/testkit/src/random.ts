/**
 * Random numbers that a seed repeats. Not for secrets: for tests whose every failure can be run again.
 * (The generator is sfc32, with the seed hashed into its state.)
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.#c = 0x9e37_79b9;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor((this.uint32() / 0x1_0000_0000) * (max - min + 1));
  }

  /** The same for amounts. */
  bigint(min: bigint, max: bigint): bigint {
    const random = (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
    return min + ((random * (max - min + 1n)) >> 64n);
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.uint32() < probability * 0x1_0000_0000;
  }

  /** One of some values. */
  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.int(0, values.length - 1)] as T;
  }

  /** As a `RandomBytes` for what is under test. */
  readonly bytes = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.uint32() >>> 24;
    return bytes;
  };

  /** Another generator that this one decides: what draws from it does not change what is drawn here. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32());
  }
}

/** Random numbers from a seed. */
export function seededRandom(seed: number): SeededRandom {
  return new SeededRandom(seed);
}
