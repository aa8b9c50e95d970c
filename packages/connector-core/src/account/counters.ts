import type { IlpErrorCode } from '@pennyswitch/ilp-packet';

/** What happened to the packets of one direction. */
export interface DirectionCounters {
  readonly fulfilled: number;
  /** Units of the account that were fulfilled. */
  readonly fulfilledAmount: bigint;
  /** Units of the account that were rejected. */
  readonly rejectedAmount: bigint;
  /** Packets by error code. */
  readonly rejected: Readonly<Partial<Record<IlpErrorCode, number>>>;
}

/** Counts packets of one account since the start. */
export class PacketCounters {
  readonly incoming: DirectionCounter = new DirectionCounter();
  readonly outgoing: DirectionCounter = new DirectionCounter();
}

/** Counts packets of one direction. */
export class DirectionCounter {
  #fulfilled = 0;
  #fulfilledAmount = 0n;
  #rejectedAmount = 0n;
  readonly #rejected = new Map<IlpErrorCode, number>();

  /** @param amount in units of the account. */
  countFulfilled(amount: bigint): void {
    this.#fulfilled += 1;
    this.#fulfilledAmount += amount;
  }

  /** @param amount in units of the account. */
  countRejected(code: IlpErrorCode, amount: bigint): void {
    this.#rejectedAmount += amount;
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
  }

  snapshot(): DirectionCounters {
    return {
      fulfilled: this.#fulfilled,
      fulfilledAmount: this.#fulfilledAmount,
      rejectedAmount: this.#rejectedAmount,
      rejected: Object.fromEntries(this.#rejected),
    };
  }
}
