import {
  isFulfillmentOf,
  PrepareView,
  type IlpErrorCode,
  type IlpPacketHandler,
  type IlpReject,
} from '@pennyswitch/ilp-packet';
import type { Account } from '../account/account.js';
import { isPromise, type Awaitable } from '../awaitable.js';
import { messageOf } from '../errors.js';
import { notify } from '../notify.js';
import type { NodeView } from './arrival-steps.js';
import { Bookkeeper, type BookkeeperOptions } from './bookkeeper.js';
import type { Pipelines } from './built-in.js';
import { Packet, type Hop, type Incoming, type Rejection, type Verdict } from './context.js';
import { Deadlines } from './deadlines.js';
import type { Duplicates } from './duplicates.js';
import { FairQueue } from './fair-queue.js';
import { exchange, type ExchangeServices, type Outcome } from './exchange.js';
import { Patience } from './patience.js';
import type { ForwardingPolicy } from './policy.js';
import { encodeRejection, REJECTIONS } from './rejections.js';
import { Slots } from './slots.js';
import { traceIdOf } from './trace-id.js';

/** What became of a packet, told when its reply goes back. */
export interface PacketResult {
  readonly packet: Incoming;
  /** The way that decided; undefined for this node, and for packets that were rejected before one was tried. */
  readonly to: Hop;
  /** In units of the outgoing account; 0 if none was tried. */
  readonly outgoingAmount: bigint;
  /** Undefined for a Fulfill. */
  readonly code: IlpErrorCode | undefined;
  /** Why it was rejected, for the operator: what this node says, or who beyond the next hop says what. */
  readonly reason: string | undefined;
  /** In milliseconds since 1970; {@link Incoming.now} is when the packet came. */
  readonly repliedAt: number;
}

/** Why one way came to nothing. */
interface Refusal extends Rejection {
  /** The next hop's own Reject, as it came and read. */
  readonly bytes?: Uint8Array;
  readonly reject?: IlpReject;
  /** Whether the packet went out on this way, so that its refusal is about the packet and not about our trying. */
  readonly wasTried?: boolean;
}

/** What a forwarder works with. */
export interface ForwarderOptions extends BookkeeperOptions, Pipelines {
  readonly node: NodeView;
  readonly duplicates: Duplicates;
  readonly policy: ForwardingPolicy;
}

/**
 * Carries packets through: the steps of arrival once, then one way after the other until a reply counts. Money is held by the
 * step `reserve` before anything leaves, and committed or released here, once for each hold.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #books: Bookkeeper;
  readonly #queue: FairQueue;
  readonly #exchange: ExchangeServices;
  readonly #patience: Patience;
  readonly #inFlight = new Slots<Packet>();
  readonly #onDone = new Set<() => void>();
  #lastId = 0;
  #busyAccounts = 0;
  /** Takes packets that end at this node. */
  localHandler: IlpPacketHandler | undefined;

  constructor(options: ForwarderOptions) {
    const { clock, policy } = options;
    this.#options = options;
    this.#books = new Bookkeeper(options);
    this.#queue = new FairQueue(clock, policy, () => this.#busyAccounts);
    const deadlines = new Deadlines(clock);
    this.#patience = new Patience(clock, deadlines, policy);
    this.#exchange = {
      clock,
      deadlines,
      lateReplyMs: policy.lateReplyMs,
      onLate: (sent, fulfillment, arrivedAt) => {
        this.#books.recordLate(sent, fulfillment, arrivedAt);
      },
      onLost: (sent, lostAt) => {
        this.#books.recordLost(sent, lostAt);
      },
    };
  }

  /** Lets a packet into the pipeline, now or when it is its turn. */
  admit(context: Incoming): Awaitable<Verdict> {
    return this.#queue.admit(context);
  }

  /** Packets that have no reply yet. */
  packetsInFlight(): Packet[] {
    return Array.from(this.#inFlight.entries(), ([, packet]) => packet).sort((a, b) => a.id - b.id);
  }

  /**
   * Resolves when no packet is without a reply, or none that has to do with one account.
   * @param limitMs how long to wait at most.
   */
  async whenIdle(limitMs: number, account?: Account): Promise<void> {
    const { clock } = this.#options;
    if (!this.#isBusy(account)) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.#isBusy(account)) end();
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

  #isBusy(account: Account | undefined): boolean {
    if (account === undefined) return this.#inFlight.size > 0;
    for (const [, { from, to }] of this.#inFlight.entries()) {
      if (from === account || to === account) return true;
    }
    return false;
  }

  /** What a link gets whose account is gone. */
  refusal(): Uint8Array {
    return encodeRejection(REJECTIONS.busy, this.#options.node.address);
  }

  /**
   * Handles a Prepare; its bytes are changed in place and go out again.
   * @param from undefined for packets that start at this node.
   * @returns the reply. Never rejects.
   */
  async handle(from: Account | undefined, bytes: Uint8Array): Promise<Uint8Array> {
    const { clock, node, logger } = this.#options;
    let view: PrepareView;
    try {
      view = new PrepareView(bytes);
    } catch {
      from?.counters.incoming.countRejected(REJECTIONS.badPacket.code, 0n);
      return encodeRejection(REJECTIONS.badPacket, node.address);
    }
    const packet = new Packet(++this.#lastId, clock.now(), from, view);
    this.#enter(packet);
    try {
      const arrived = this.#options.arrival.run(packet);
      let verdict: Verdict;
      if (isPromise(arrived)) {
        verdict = await this.#patience.wait(packet, arrived, REJECTIONS.timedOut);
        packet.attemptedAt = clock.now();
      } else {
        verdict = arrived;
      }
      if (verdict instanceof Uint8Array) return verdict;
      return verdict === undefined ? await this.#tryWays(packet) : this.#reject(packet, verdict);
    } catch (error) {
      logger.error('a packet could not be handled', {
        trace: traceIdOf(packet),
        account: from?.id,
        error: messageOf(error),
      });
      const refusal = this.#onceReleased(packet, this.#books.release(packet), REJECTIONS.internal);
      return this.#reject(packet, await refusal);
    } finally {
      this.#leave(packet);
    }
  }

  #enter(packet: Packet): void {
    packet.slot = this.#inFlight.add(packet);
    const { from } = packet;
    if (from !== undefined && from.inFlight++ === 0) this.#busyAccounts += 1;
  }

  #leave(packet: Packet): void {
    this.#inFlight.remove(packet.slot, packet);
    this.#options.duplicates.remove(packet);
    const { from } = packet;
    if (from !== undefined && --from.inFlight === 0) this.#busyAccounts -= 1;
    this.#queue.leave(packet);
    if (this.#onDone.size > 0) for (const look of this.#onDone) look();
  }

  /** Tries one way after the other, as long as the one before cannot have taken the money. */
  async #tryWays(packet: Packet): Promise<Uint8Array> {
    const { policy, clock, departure } = this.#options;
    let refusal: Refusal | undefined;
    for (let attempt = 0; attempt < packet.hops.length && attempt < policy.maxAttempts; attempt++) {
      if (attempt > 0) packet.attemptedAt = clock.now();
      packet.to = packet.hops[attempt];
      const started = departure.run(packet);
      const verdict = isPromise(started) ? await this.#depart(packet, started) : started;
      const concluded =
        verdict === undefined
          ? this.#conclude(packet, await this.#send(packet))
          : this.#giveUp(packet, verdict);
      const next = isPromise(concluded) ? await concluded : concluded;
      if (next instanceof Uint8Array) return next;
      // That a later way could not even be tried is of no interest to the sender.
      if (refusal === undefined || next.wasTried === true) refusal = next;
      if (next.anotherWay !== true) break;
    }
    return this.#reject(packet, refusal ?? REJECTIONS.noRoute);
  }

  /** Steps that answer later may take longer than there is time to send. What they hold after that is released. */
  async #depart(packet: Packet, started: Promise<Verdict>): Promise<Verdict> {
    const verdict = await this.#patience.wait(packet, started, REJECTIONS.timedOut, () => {
      void this.#books.release(packet);
    });
    if (verdict !== undefined) return verdict;
    const isTooLate = this.#options.clock.now() >= packet.outgoingExpiresAt;
    return isTooLate ? REJECTIONS.timedOut : undefined;
  }

  #send(packet: Packet): Promise<Outcome> {
    const { prepare, to } = packet;
    if (to !== undefined) {
      prepare.setAmount(packet.outgoingAmount);
      prepare.setExpiresAt(packet.outgoingExpiresAt);
    }
    return exchange(packet, this.localHandler, this.#exchange);
  }

  /** A step said no, or answered itself; a handler behind `reserve` may do so too. */
  #giveUp(packet: Packet, verdict: Rejection | Uint8Array): Awaitable<Refusal | Uint8Array> {
    const released = this.#books.release(packet);
    if (verdict instanceof Uint8Array)
      return isPromise(released) ? released.then(() => verdict) : verdict;
    return this.#onceReleased(packet, released, verdict);
  }

  /** Settles the hold by what came back. */
  #conclude(packet: Packet, outcome: Outcome): Awaitable<Uint8Array | Refusal> {
    if (outcome.type !== 'fulfill') return this.#refuse(packet, this.#reasonOf(packet, outcome));
    if (!isFulfillmentOf(outcome.fulfillment, packet.condition)) {
      return this.#refuse(packet, REJECTIONS.wrongFulfillment);
    }
    const committed = this.#books.commit(packet);
    packet.from?.counters.incoming.countFulfilled(packet.amount);
    packet.to?.counters.outgoing.countFulfilled(packet.outgoingAmount);
    this.#report(packet, undefined);
    // A balance is as durable as the store makes it before the Fulfill goes out, however long that takes: a Fulfill acknowledges,
    // and what is acknowledged must not be lost with the process.
    return committed === undefined ? outcome.bytes : committed.then(() => outcome.bytes);
  }

  #reasonOf(packet: Packet, outcome: Exclude<Outcome, { type: 'fulfill' }>): Refusal {
    switch (outcome.type) {
      case 'reject':
        return passReject(packet, outcome.bytes, outcome.reject);
      case 'expired':
        return REJECTIONS.timedOut;
      case 'garbage':
        return REJECTIONS.badReply;
      case 'failed':
        this.#options.logger.warn('a packet got no reply', {
          trace: traceIdOf(packet),
          account: packet.to?.id ?? 'local',
          sent: outcome.sent,
          error: messageOf(outcome.error),
        });
        if (packet.to === undefined) return REJECTIONS.internal;
        return outcome.sent === 'no' ? REJECTIONS.unreachable : REJECTIONS.lost;
    }
  }

  #refuse(packet: Packet, reason: Refusal): Awaitable<Refusal> {
    packet.to?.counters.outgoing.countRejected(reason.code, packet.outgoingAmount);
    return this.#onceReleased(packet, this.#books.release(packet), { ...reason, wasTried: true });
  }

  /** Goes on once nothing is held any more. As long as something is, no other way is tried; but the Reject does not come late. */
  #onceReleased(
    packet: Packet,
    released: Awaitable<boolean>,
    refusal: Refusal,
  ): Awaitable<Refusal> {
    if (released === true) return refusal;
    const last = { ...refusal, anotherWay: false };
    if (released === false) return last;
    const done = released.then((isFree) => (isFree ? refusal : last));
    return this.#patience.wait(packet, done, last);
  }

  #reject(packet: Packet, refusal: Refusal): Uint8Array {
    packet.from?.counters.incoming.countRejected(refusal.code, packet.amount);
    this.#report(packet, refusal);
    return refusal.bytes ?? encodeRejection(refusal, this.#options.node.address);
  }

  #report(packet: Packet, refusal: Refusal | undefined): void {
    if (this.#options.events.listenerCount('packet') === 0) return;
    const { to, outgoingAmount } = packet;
    const repliedAt = this.#options.clock.now();
    const code = refusal?.code;
    const reason = refusal && reasonOf(refusal);
    notify(this.#options, 'packet', { packet, to, outgoingAmount, code, reason, repliedAt });
  }
}

/**
 * A Reject goes back as it came, but for what is only between the next hop and us (RFC 0027, T02 and T05). Those and T01 say
 * that the next hop has not taken the packet, so another may be tried.
 */
function passReject(packet: Packet, bytes: Uint8Array, reject: IlpReject): Refusal {
  const { code } = reject;
  const passed = { code, message: '', bytes, reject };
  if (packet.to === undefined) return passed;
  if (code === 'T02' || code === 'T05') return { ...REJECTIONS.nextHopBusy, anotherWay: true };
  return code === 'T01' ? { ...passed, anotherWay: true } : passed;
}

const MAX_REASON_LENGTH = 200;

/** For the operator. What others wrote is cut to a length and to what can be printed. */
function reasonOf({ message, reject }: Refusal): string {
  if (reject === undefined) return message;
  const said = reject.message.slice(0, MAX_REASON_LENGTH).replace(/\p{C}/gu, '?');
  return `${reject.triggeredBy === '' ? 'somebody' : reject.triggeredBy}: ${said}`;
}
