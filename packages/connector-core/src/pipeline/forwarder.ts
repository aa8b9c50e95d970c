import {
  isFulfillmentOf,
  PrepareView,
  type IlpErrorCode,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import type { EventEmitter } from 'eventemitter3';
import type { Account } from '../account/account.js';
import { isPromise } from '../awaitable.js';
import type { Clock, Logger } from '../environment.js';
import { messageOf } from '../errors.js';
import type { ConnectorEvents } from '../events.js';
import type { LateFulfillment, LedgerStore } from '../ledger/ledger-store.js';
import type { Settlement } from '../settlement/settlement.js';
import type { NodeView } from './arrival-steps.js';
import { Packet, type Hop, type Incoming, type Rejection } from './context.js';
import { exchange, type Outcome } from './exchange.js';
import type { ForwardingPolicy } from './policy.js';
import { encodeRejection, REJECTIONS } from './rejections.js';
import type { Pipeline } from './step.js';

/** What became of a packet, told when its reply goes back. */
export interface PacketResult {
  readonly packet: Incoming;
  /** The way that decided; undefined for this node, and for packets that were rejected before one was tried. */
  readonly to: Hop;
  /** In units of the outgoing account; 0 if none was tried. */
  readonly outgoingAmount: bigint;
  /** Undefined for a Fulfill. */
  readonly code: IlpErrorCode | undefined;
}

/** Why one way came to nothing. */
interface Refusal extends Rejection {
  /** The next hop's own Reject. */
  readonly bytes?: Uint8Array;
  /** Whether the packet went out on this way, so that its refusal is about the packet and not about our trying. */
  readonly wasTried?: boolean;
}

/** What a forwarder works with. */
export interface ForwarderOptions {
  readonly arrival: Pipeline<Incoming, unknown>;
  readonly departure: Pipeline<never, unknown>;
  readonly node: NodeView;
  readonly policy: ForwardingPolicy;
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settlement: Pick<Settlement, 'start'>;
  readonly events: EventEmitter<ConnectorEvents>;
}

/**
 * Carries packets through: the steps of arrival once, then one way after the other until a reply counts. Money is held by the
 * step `reserve` before anything leaves, and committed or released here, once for each hold.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #inFlight = new Set<Packet>();
  #lastId = 0;
  readonly #onDone = new Set<() => void>();
  /** Takes packets that end at this node. */
  localHandler: IlpPacketHandler | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Packets that have no reply yet. */
  get inFlight(): ReadonlySet<Packet> {
    return this.#inFlight;
  }

  /**
   * Resolves when no packet is without a reply, or none that has to do with one account.
   * @param limitMs how long to wait at most.
   */
  async whenIdle(limitMs: number, account?: Account): Promise<void> {
    const { clock } = this.#options;
    const isBusy = (): boolean =>
      account === undefined
        ? this.#inFlight.size > 0
        : [...this.#inFlight].some(({ from, to }) => from === account || to === account);
    if (!isBusy()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isBusy()) return;
        end();
      };
      const end = (): void => {
        clock.clearTimeout(timer);
        this.#onDone.delete(look);
        resolve();
      };
      const timer = clock.setTimeout(end, limitMs);
      this.#onDone.add(look);
    });
  }

  /** What a link gets whose account is gone. */
  refusal(): Uint8Array {
    return encodeRejection(REJECTIONS.draining, this.#options.node.address);
  }

  /**
   * Handles a Prepare; its bytes are changed in place and go out again.
   * @param from undefined for packets that start at this node.
   * @returns the reply. Never rejects.
   */
  async handle(from: Account | undefined, bytes: Uint8Array): Promise<Uint8Array> {
    const { clock, node } = this.#options;
    let view: PrepareView;
    try {
      view = new PrepareView(bytes);
    } catch {
      from?.counters.incoming.countRejected(REJECTIONS.badPacket.code);
      return encodeRejection(REJECTIONS.badPacket, node.address);
    }
    const packet = new Packet(++this.#lastId, clock.now(), from, view);
    this.#inFlight.add(packet);
    if (from !== undefined) from.inFlight += 1;
    try {
      return await this.#carry(packet);
    } catch (error) {
      this.#options.logger.error('a packet could not be handled', { error: messageOf(error) });
      await this.#release(packet);
      return this.#reject(packet, REJECTIONS.internal);
    } finally {
      if (from !== undefined) from.inFlight -= 1;
      this.#inFlight.delete(packet);
      for (const look of this.#onDone) look();
    }
  }

  async #carry(packet: Packet): Promise<Uint8Array> {
    const { arrival, policy, clock } = this.#options;
    const arrived = arrival.run(packet);
    const verdict = isPromise(arrived) ? await arrived : arrived;
    if (verdict !== undefined) return this.#end(packet, verdict);
    let refusal: Refusal | undefined;
    for (let attempt = 0; attempt < packet.hops.length && attempt < policy.maxAttempts; attempt++) {
      if (attempt > 0) packet.attemptedAt = clock.now();
      packet.to = packet.hops[attempt];
      packet.entry = undefined;
      const next = await this.#attempt(packet);
      if (next instanceof Uint8Array) return next;
      // That a later way could not even be tried is of no interest to the sender.
      if (refusal === undefined || next.wasTried === true) refusal = next;
      if (next.anotherWay !== true) break;
    }
    return this.#end(packet, refusal ?? REJECTIONS.noRoute);
  }

  /** Tries one way. @returns the reply, or why it was not to be had on this way. */
  async #attempt(packet: Packet): Promise<Uint8Array | Refusal> {
    const departure = this.#options.departure as Pipeline<Packet>;
    const started = departure.run(packet);
    const verdict = isPromise(started) ? await started : started;
    if (verdict !== undefined) {
      // A handler behind `reserve` may still say no.
      await this.#release(packet);
      return verdict instanceof Uint8Array ? this.#end(packet, verdict) : verdict;
    }
    const { prepare, to } = packet;
    if (to !== undefined) {
      prepare.setAmount(packet.outgoingAmount);
      prepare.setExpiresAt(packet.outgoingExpiresAt);
    }
    const attempt = { to, amount: packet.outgoingAmount, expiredAt: packet.outgoingExpiresAt };
    const outcome = await exchange(
      packet,
      { ...this.#options, localHandler: this.localHandler },
      (fulfillment, arrivedAt) => {
        this.#recordLate(packet, attempt, fulfillment, arrivedAt);
      },
    );
    return this.#conclude(packet, outcome);
  }

  /** Settles the hold by what came back. */
  async #conclude(packet: Packet, outcome: Outcome): Promise<Uint8Array | Refusal> {
    if (outcome.type === 'fulfill') {
      if (isFulfillmentOf(outcome.fulfillment, packet.prepare.executionCondition)) {
        await this.#commit(packet);
        this.#report(packet, undefined);
        return outcome.bytes;
      }
      return this.#refuse(packet, REJECTIONS.wrongFulfillment);
    }
    switch (outcome.type) {
      case 'reject':
        return this.#passReject(packet, outcome.bytes, outcome.reject.code);
      case 'expired':
        return this.#refuse(packet, REJECTIONS.timedOut);
      case 'garbage':
        return this.#refuse(packet, REJECTIONS.badReply);
      case 'failed':
        this.#options.logger.warn('a packet got no reply', {
          account: packet.to?.id ?? 'local',
          sent: outcome.sent,
          error: messageOf(outcome.error),
        });
        if (packet.to === undefined) return this.#refuse(packet, REJECTIONS.internal);
        return this.#refuse(
          packet,
          outcome.sent === 'no' ? REJECTIONS.unreachable : REJECTIONS.lost,
        );
    }
  }

  /** A Reject goes back as it came, but for what is only between the next hop and us (RFC 0027, T02 and T05). */
  async #passReject(
    packet: Packet,
    bytes: Uint8Array,
    code: IlpErrorCode,
  ): Promise<Uint8Array | Refusal> {
    const refusal = await this.#refuse(packet, { code, message: '', bytes });
    if (packet.to === undefined) return refusal;
    if (code === 'T02' || code === 'T05') {
      return { ...REJECTIONS.nextHopBusy, anotherWay: true, wasTried: true };
    }
    return code === 'T01' ? { ...refusal, anotherWay: true } : refusal;
  }

  async #refuse(packet: Packet, rejection: Refusal): Promise<Refusal> {
    packet.to?.counters.outgoing.countRejected(rejection.code);
    await this.#release(packet);
    return { ...rejection, wasTried: true };
  }

  async #commit(packet: Packet): Promise<void> {
    const { store, clock, settlement } = this.#options;
    const { entry } = packet;
    if (entry === undefined) return;
    packet.entry = undefined;
    try {
      const committed = store.commit(entry, packet.to?.settlementPolicy, clock.now());
      const due = isPromise(committed) ? await committed : committed;
      if (due !== undefined) settlement.start(due);
    } catch (error) {
      // We owe the next hop now, whatever our books say: without the Fulfill we would pay for it alone.
      this.#options.logger.error('a fulfilled packet could not be booked: reconcile', {
        incoming: packet.from?.id,
        incomingAmount: String(packet.amount),
        outgoing: packet.to?.id,
        outgoingAmount: String(packet.outgoingAmount),
        error: messageOf(error),
      });
    }
  }

  async #release(packet: Packet): Promise<void> {
    const { entry } = packet;
    if (entry === undefined) return;
    packet.entry = undefined;
    const released = this.#options.store.release(entry);
    if (isPromise(released)) await released;
  }

  #recordLate(
    packet: Packet,
    attempt: { readonly to: Hop; readonly amount: bigint; readonly expiredAt: number },
    fulfillment: Uint8Array,
    arrivedAt: number,
  ): void {
    const condition = packet.prepare.executionCondition.slice();
    if (attempt.to === undefined || !isFulfillmentOf(fulfillment, condition)) return;
    void this.#keepLate({
      account: attempt.to.id,
      amount: attempt.amount,
      expiredAt: attempt.expiredAt,
      arrivedAt,
      condition,
      fulfillment: fulfillment.slice(),
    });
  }

  async #keepLate(late: LateFulfillment): Promise<void> {
    const { store, events, logger } = this.#options;
    try {
      await store.recordLate(late);
      events.emit('lateFulfillment', late);
    } catch (error) {
      logger.error('a late fulfillment could not be recorded', {
        account: late.account,
        amount: String(late.amount),
        error: messageOf(error),
      });
    }
  }

  #end(packet: Packet, verdict: Refusal | Uint8Array): Uint8Array {
    return verdict instanceof Uint8Array ? verdict : this.#reject(packet, verdict);
  }

  #reject(packet: Packet, refusal: Refusal): Uint8Array {
    this.#report(packet, refusal.code);
    return refusal.bytes ?? encodeRejection(refusal, this.#options.node.address);
  }

  #report(packet: Packet, code: IlpErrorCode | undefined): void {
    const { from, to } = packet;
    if (code === undefined) {
      from?.counters.incoming.countFulfilled(packet.amount);
      to?.counters.outgoing.countFulfilled(packet.outgoingAmount);
    } else {
      from?.counters.incoming.countRejected(code);
    }
    this.#options.events.emit('packet', {
      packet,
      to,
      outgoingAmount: packet.outgoingAmount,
      code,
    });
  }
}
