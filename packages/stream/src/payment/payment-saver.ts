import { ceilTimes, floorTimes } from '../ratio.js';
import type { MoneyTask, MoneyTaskOptions } from './money-task.js';
import { PaymentError } from './payment-error.js';
import { encodePaymentState, type PaymentState } from './payment-state.js';
import type { PaymentPlan } from './next-packet.js';
import type { QuoteFacts } from './quote.js';
import { Reservations, type Reservation, type SaveState } from './reservations.js';
import type { PaymentSession } from './session.js';
import { PaymentTotals, type Sum } from './totals.js';

/** Numbers that a state holds beyond those of its packets, for those that close the connection. */
const SPARE_SEQUENCES = 8;

/** Saves the state of one payment: before packets leave, and when it has ended. */
export class PaymentSaver {
  readonly #facts: QuoteFacts;
  readonly #session: PaymentSession;
  readonly #plan: PaymentPlan;
  readonly #save: SaveState;
  readonly #deliveredElsewhere: bigint | undefined;
  readonly #reservations: Reservations;
  #totals = new PaymentTotals();
  #task: MoneyTask | undefined;

  constructor(options: {
    readonly facts: QuoteFacts;
    readonly session: PaymentSession;
    readonly plan: PaymentPlan;
    readonly save: SaveState;
    readonly deliveredElsewhere: bigint | undefined;
  }) {
    this.#facts = options.facts;
    this.#session = options.session;
    this.#plan = options.plan;
    this.#save = options.save;
    this.#deliveredElsewhere = options.deliveredElsewhere;
    const { connection } = options.session;
    this.#reservations = new Reservations({
      connection,
      maxSource: options.plan.maxSource,
      block: connection.policy.packetsPerSave,
      save: async (reservation) => this.#save(this.#encode(reservation)),
      onSettled: (error) => {
        this.#handleSettled(error);
      },
    });
  }

  /** See {@link MoneyTaskOptions.allows}. */
  readonly allows: NonNullable<MoneyTaskOptions['allows']> = (amount, totals, now) =>
    this.#reservations.allows(amount, totals, now);

  /** The task whose packets are counted; before it starts. */
  watch(task: MoneyTask): void {
    this.#task = task;
    this.#totals = task.totals;
  }

  /** The last word: nothing is in flight any more. A failure leaves the state before, which says no less was spent. */
  async finish(phase: PaymentState['phase']): Promise<void> {
    await this.#reservations.settle();
    try {
      await this.#save(this.#encode(undefined, phase));
    } catch (error) {
      this.#session.logger.warn('the end of a payment could not be saved', { error });
    }
  }

  #handleSettled(error: unknown): void {
    if (error !== undefined) {
      this.#task?.fail(
        new PaymentError('STATE_NOT_SAVED', 'the state of the payment could not be saved', {
          cause: error,
        }),
      );
    }
    this.#session.driver.wake();
  }

  #encode(reservation: Reservation | undefined, phase: PaymentState['phase'] = 'open'): string {
    const { connection, credentials, clock } = this.#session;
    const { amount, sourceAsset, destinationAsset } = this.#facts;
    const { sent, delivered, fulfilled, inFlight, unknown, committed } = this.#totals;
    const { lastSequence } = connection;
    const reserved = reservation ?? { lastSequence, committed, expiresAt: clock.now() };
    return encodePaymentState({
      ...{ amount, sourceAsset, destinationAsset, plan: this.#plan, credentials, phase },
      lastSequence: reserved.lastSequence + (reservation === undefined ? 0 : SPARE_SEQUENCES),
      ...{ sent, delivered, fulfilled, deliveredElsewhere: this.#deliveredElsewhere },
      reserved: {
        packets: inFlight.packets + unknown.packets + (reserved.lastSequence - lastSequence),
        amount: reserved.committed - sent,
      },
      expiresAt: reserved.expiresAt,
    });
  }
}

/** What an earlier process may have sent, as the books of a payment take it. @param high the rate at most, as far as it is known. */
export function reservedSum(state: PaymentState, high: PaymentPlan['minimumRate']): Sum {
  const { amount, packets } = state.reserved;
  if (amount === 0n) return { packets: 0, amount, minimum: 0n, expected: 0n };
  return {
    packets,
    amount,
    minimum: floorTimes(amount, state.plan.minimumRate),
    expected: ceilTimes(amount, high),
  };
}
