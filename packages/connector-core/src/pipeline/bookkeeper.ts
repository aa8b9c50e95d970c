import type { EventEmitter } from 'eventemitter3';
import { isFulfillmentOf } from '@pennyswitch/ilp-packet';
import { isPromise, type Awaitable } from '../awaitable.js';
import type { Clock, Logger } from '../environment.js';
import { messageOf } from '../errors.js';
import type { ConnectorEvents } from '../events.js';
import type { LedgerStore, OutgoingSettlement } from '../ledger/ledger-store.js';
import { notify } from '../notify.js';
import type { Settlement } from '../settlement/settlement.js';
import type { Packet } from './context.js';
import type { SentPacket } from './exchange.js';
import { traceIdOf } from './trace-id.js';

/** What the bookkeeper works with. */
export interface BookkeeperOptions {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventEmitter<ConnectorEvents>;
  readonly settlement: Pick<Settlement, 'start'>;
}

/** What happens to the hold of a packet in the end, and to fulfillments that no hold waits for any more. */
export class Bookkeeper {
  readonly #options: BookkeeperOptions;

  constructor(options: BookkeeperOptions) {
    this.#options = options;
  }

  /** Turns the packet's hold into what is owed, and settles if that is due. Never fails: see {@link #reconcile}. */
  commit(packet: Packet): Awaitable<void> {
    const { entry } = packet;
    if (entry === undefined) return undefined;
    packet.entry = undefined;
    const { store, clock } = this.#options;
    try {
      const due = store.commit(entry, packet.to?.settlementPolicy, clock.now());
      if (isPromise(due)) {
        return due.then(this.#settle, (error: unknown) => {
          this.#reconcile(packet, error);
        });
      }
      this.#settle(due);
    } catch (error) {
      this.#reconcile(packet, error);
    }
    return undefined;
  }

  /** Takes the packet's hold back, if there is one. Never fails. @returns whether nothing is held any more. */
  release(packet: Packet): Awaitable<boolean> {
    const { entry } = packet;
    if (entry === undefined) return true;
    packet.entry = undefined;
    try {
      const released = this.#options.store.release(entry);
      if (!isPromise(released)) return true;
      return released.then(
        () => true,
        (error: unknown) => this.#keepHold(packet, error),
      );
    } catch (error) {
      return this.#keepHold(packet, error);
    }
  }

  /** Keeps a fulfillment that came after the hold was released, if it is a true one. */
  recordLate(sent: SentPacket, fulfillment: Uint8Array, arrivedAt: number): void {
    const { packet, to, amount, expiresAt } = sent;
    const condition = packet.condition.slice();
    if (to === undefined || amount === 0n || !isFulfillmentOf(fulfillment, condition)) return;
    const late = {
      account: to.id,
      amount,
      expiredAt: expiresAt,
      arrivedAt,
      condition,
      fulfillment: fulfillment.slice(),
    };
    this.#record('a late fulfillment could not be recorded', late, async () => {
      await this.#options.store.recordLate(late);
      notify(this.#options, 'lateFulfillment', late);
    });
  }

  /** Keeps a packet that got no reply: what the peer says of it decides what is owed. */
  recordLost(sent: SentPacket, lostAt: number): void {
    const { packet, to, amount, expiresAt } = sent;
    if (to === undefined || amount === 0n) return;
    const condition = packet.condition.slice();
    const lost = { account: to.id, amount, expiresAt, lostAt, condition };
    this.#record('a packet without reply could not be recorded', lost, async () => {
      await this.#options.store.recordLost(lost);
      notify(this.#options, 'packetLost', lost);
    });
  }

  #record(
    problem: string,
    what: { readonly account: string; readonly amount: bigint },
    record: () => Promise<void>,
  ): void {
    record().catch((error: unknown) => {
      this.#options.logger.error(problem, {
        account: what.account,
        amount: String(what.amount),
        error: messageOf(error),
      });
    });
  }

  readonly #settle = (due: OutgoingSettlement | undefined): void => {
    if (due !== undefined) this.#options.settlement.start(due);
  };

  /** Nobody is owed anything, but the limits of both accounts count what is held until the store starts anew. */
  #keepHold(packet: Packet, error: unknown): false {
    this.#options.logger.error('the hold of a rejected packet could not be released', {
      trace: traceIdOf(packet),
      incoming: packet.from?.id,
      incomingAmount: String(packet.amount),
      outgoing: packet.to?.id,
      outgoingAmount: String(packet.outgoingAmount),
      error: messageOf(error),
    });
    return false;
  }

  /** We owe the next hop now, whatever the store says: the Fulfill must go back all the same, or we would pay for it alone. */
  #reconcile(packet: Packet, error: unknown): void {
    this.#options.logger.error('a fulfilled packet could not be booked: reconcile', {
      trace: traceIdOf(packet),
      incoming: packet.from?.id,
      incomingAmount: String(packet.amount),
      outgoing: packet.to?.id,
      outgoingAmount: String(packet.outgoingAmount),
      error: messageOf(error),
    });
  }
}
