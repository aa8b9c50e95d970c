import type { SendingConnection } from '../connection/sending-connection.js';
import type { PaymentTotals } from './totals.js';

/** Keeps what may be sent from now on where it outlives the process. Resolves when it is safe there. */
export type SaveState = (state: string) => Promise<void> | void;

/** What was saved as "may have been sent". */
export interface Reservation {
  /** No packet may have a higher number than this. */
  readonly lastSequence: number;
  /** Source units that may be spent in all, from the first packet of the payment on. */
  readonly committed: bigint;
  /** No packet may expire later, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A reservation is good for packets that expire within so many times the time that a packet takes. */
const LIFETIMES = 2;

/**
 * Lets no packet leave before a state is saved in which it counts as sent, in blocks: one save for several packets. The next
 * block is saved while the second half of the last one is still being sent.
 */
export class Reservations {
  readonly #connection: SendingConnection;
  readonly #maxSource: bigint;
  readonly #block: number;
  readonly #save: (reservation: Reservation) => Promise<void>;
  readonly #onSettled: (error: unknown) => void;
  #saved: Reservation | undefined;
  #saving: Promise<void> | undefined;

  /**
   * @param options.block how many packets one save is good for.
   * @param options.onSettled told after each save; with what it threw, or undefined.
   */
  constructor(options: {
    readonly connection: SendingConnection;
    readonly maxSource: bigint;
    readonly block: number;
    readonly save: (reservation: Reservation) => Promise<void>;
    readonly onSettled: (error: unknown) => void;
  }) {
    this.#connection = options.connection;
    this.#maxSource = options.maxSource;
    this.#block = options.block;
    this.#save = options.save;
    this.#onSettled = options.onSettled;
  }

  /** Whether a packet of this amount may leave now. Where it may not, a save begins, unless one is under way. */
  allows(amount: bigint, totals: PaymentTotals, now: number): boolean {
    const isAllowed = this.#covers(amount, totals, now, 1);
    const isAmple = isAllowed && this.#covers(amount, totals, now, Math.ceil(this.#block / 2));
    if (!isAmple && this.#saving === undefined) this.#extend(amount, totals, now);
    return isAllowed;
  }

  /** Resolves when no save is under way. */
  async settle(): Promise<void> {
    await this.#saving;
  }

  /** Whether so many packets of this amount may leave now, or as many as there is money for. */
  #covers(amount: bigint, totals: PaymentTotals, now: number, packets: number): boolean {
    if (this.#saved === undefined) return false;
    const { lastSequence, committed, expiresAt } = this.#saved;
    const spent = totals.committed + amount * BigInt(packets);
    return (
      this.#connection.lastSequence + packets <= lastSequence &&
      (spent <= committed || (packets > 1 && committed === this.#maxSource)) &&
      now + this.#connection.path.timeout.ms <= expiresAt
    );
  }

  #extend(amount: bigint, totals: PaymentTotals, now: number): void {
    const { lastSequence, path } = this.#connection;
    const wanted = totals.committed + amount * BigInt(this.#block);
    const last = this.#saved;
    // Never less than before: what the last one allows may leave while this one is being saved.
    const reservation: Reservation = {
      lastSequence: Math.max(lastSequence + this.#block, last?.lastSequence ?? 0),
      committed: larger(smaller(wanted, this.#maxSource), last?.committed ?? 0n),
      expiresAt: Math.max(now + LIFETIMES * path.timeout.ms, last?.expiresAt ?? 0),
    };
    this.#saving = this.#save(reservation).then(
      () => {
        this.#saving = undefined;
        this.#saved = reservation;
        this.#onSettled(undefined);
      },
      (error: unknown) => {
        this.#saving = undefined;
        this.#onSettled(error);
      },
    );
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
