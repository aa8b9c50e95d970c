import type { IlpAddress } from '@pennyswitch/ilp-address';
import { ceilOver, complement, floorTimes, isLess, multiply, type Ratio } from '../ratio.js';
import { StreamConnectionError } from './connection-error.js';
import type { ConnectionState } from './connection-state.js';
import { nextMoment } from './deadline.js';
import type { SendingConnection } from './sending-connection.js';
import { divideArrived, evenPacket } from './outgoing-money.js';
import { PacketDraft } from './packet-draft.js';
import { reactionTo } from './retry.js';
import type { StreamState } from './stream-state.js';
import type { FulfilledOutcome, RejectedOutcome } from './task.js';

/** Below so many units a rate is too coarse to be held against the path for good. */
const PRECISE = 1000n;
/** A packet so many times larger than the one that showed the rate would rest on too little. */
const STEP = 16n;

/** A packet should be at least this part of what fits into the window. */
const SLIVER = 8n;

/** What rates the sending end of a connection holds on to. */
export interface RateOptions {
  /** The least that must arrive of a source unit, in units of the other end; undefined: what a first probe shows, less slippage. */
  readonly minimumRate: Ratio | undefined;
  /** How much worse than the first probe the rate may become; from 0 to below 1. */
  readonly slippage: Ratio;
}

/** Puts the money of all streams into packets: how much, on which streams, and the least that must arrive of it. */
export class MoneySender {
  readonly #state: ConnectionState;
  readonly #connection: SendingConnection;
  readonly #slippage: Ratio;
  #minimumRate: Ratio | undefined;
  /** Whether the minimum rate stays as it is. */
  #isRateFixed: boolean;
  readonly #probes = new Set<PacketDraft>();
  /** When another probe may leave although the last one is not answered: it may be lost. */
  #probeAgainAt = -Infinity;
  /** Packets in flight that are larger than any that has passed. */
  readonly #trials = new Set<PacketDraft>();
  #leastAmount = 1n;
  #progressAt: number | undefined;
  /** Whether packets got lost since then. */
  #wasUnanswered = false;
  #rateFailures = 0;
  #rateFailedAt = -Infinity;
  #lastReject: RejectedOutcome | undefined;

  constructor(state: ConnectionState, connection: SendingConnection, options: RateOptions) {
    this.#state = state;
    this.#connection = connection;
    this.#slippage = options.slippage;
    this.#minimumRate = options.minimumRate;
    this.#isRateFixed = options.minimumRate !== undefined;
  }

  /** The least that must arrive of a source unit; undefined as long as no rate is known. */
  get minimumRate(): Ratio | undefined {
    return this.#minimumRate;
  }

  /** Whether any stream has money to send that its limit at the other end does not hold back. */
  get isWaiting(): boolean {
    return this.#candidates().some((stream) => !this.isBlocked(stream));
  }

  /** Whether a stream has more to send than the other end takes. */
  isBlocked(stream: StreamState): boolean {
    const { money } = stream;
    if (this.#wanted(stream) === 0n || money.held > 0n) return false;
    return money.allowed(this.#connection.path.rate, this.#minimumRate) === 0n;
  }

  handleTime(now: number): void {
    if (!this.isWaiting) {
      // What is in flight may come back, and then it has waited since the last progress.
      if (this.#connection.amountInFlight > 0n) return;
      this.#progressAt = undefined;
      this.#wasUnanswered = false;
      return;
    }
    this.#progressAt ??= now;
    if (now >= this.#progressEnd(this.#progressAt)) {
      this.fail(this.#noProgress(this.#connection.policy.progressTimeoutMs));
    }
  }

  deadline(after: number): number | undefined {
    if (this.#progressAt === undefined) return undefined;
    const end = this.#progressEnd(this.#progressAt);
    return nextMoment(after, end, this.#probes.size > 0 ? this.#probeAgainAt : undefined);
  }

  /** A probe that must leave before money can; undefined where none is needed or one is on its way. */
  probe(destination: IlpAddress, now: number): PacketDraft | undefined {
    if (this.#minimumRate !== undefined) return undefined;
    const { probesInFlight, askIntervalMs } = this.#connection.policy;
    const count = this.#probes.size;
    if (count >= probesInFlight || (count > 0 && now < this.#probeAgainAt)) return undefined;
    const wanted = this.#candidates().reduce((sum, stream) => sum + this.#wanted(stream), 0n);
    const { path, room } = this.#connection;
    let amount = wanted < path.size.trial ? wanted : path.size.trial;
    if (room !== undefined && room < amount) amount = room;
    if (amount === 0n) return undefined;
    const draft = new PacketDraft(destination, 'probe');
    draft.amount = amount;
    this.#probes.add(draft);
    this.#probeAgainAt = now + askIntervalMs * 2 ** this.#probes.size;
    return draft;
  }

  /** Adds as much money as may leave now. */
  addMoney(draft: PacketDraft, streams: readonly StreamState[]): void {
    const { path } = this.#connection;
    const rate = this.#minimumRate;
    if (rate === undefined) return;
    let capacity = this.#capacity();
    const parts = [];
    for (const stream of streams) {
      const amount = this.#portion(stream, capacity);
      if (amount === 0n) continue;
      parts.push({ stream, amount });
      capacity -= amount;
    }
    const total = parts.reduce((sum, part) => sum + part.amount, 0n);
    if (total < this.#least) {
      this.#refuseDust(total, draft);
      return;
    }
    draft.amount = total;
    const minimum = floorTimes(total, rate);
    draft.minimum = minimum > 0n ? minimum : 1n;
    draft.streams = parts.map(({ stream }) => stream);
    draft.money = parts.map(({ stream, amount }) => {
      draft.add({ type: 'StreamMoney', streamId: stream.id, shares: amount });
      return stream.money.hold(amount, path.rate, rate);
    });
    if (total > path.size.verified) this.#trials.add(draft);
  }

  handleFulfilled(draft: PacketDraft, { arrived }: FulfilledOutcome, now: number): void {
    this.#trials.delete(draft);
    if (draft.money.length === 0) return;
    // A receiver that accepted a packet has got the minimum, whatever became of its word.
    const delivered = arrived !== undefined && arrived >= draft.minimum ? arrived : draft.minimum;
    const shares = divideArrived(draft.money, delivered);
    draft.money.forEach((part, index) =>
      part.account.handleFulfilled(part, shares[index] ?? 0n, draft.wasUnknown),
    );
    this.#state.sent += draft.amount;
    this.#state.delivered += delivered;
    this.#progressAt = now;
    this.#wasUnanswered = false;
    this.#rateFailures = 0;
    this.#tightenRate();
  }

  handleRejected(draft: PacketDraft, outcome: RejectedOutcome, now: number): void {
    this.#trials.delete(draft);
    for (const part of draft.money) part.account.handleRejected(part, draft.wasUnknown);
    if (draft.amount > 0n && outcome.code === 'R00') this.#wasUnanswered = true;
    if (this.#probes.delete(draft)) this.#handleProbed(draft, outcome);
    if (draft.money.length === 0) return;
    this.#lastReject = outcome;
    if (outcome.arrived !== undefined) {
      if (outcome.arrived < draft.minimum) this.#handleTooLittle(outcome, now);
      else for (const part of draft.money) part.account.handleOverrun();
    } else if (reactionTo(outcome.code) === 'larger') this.#handleTooSmall(draft.amount);
    const { path, policy, amountInFlight } = this.#connection;
    if (amountInFlight === 0n && path.refusals.isHopeless(this.#least, now)) {
      this.fail(this.#noProgress(policy.refusedTimeoutMs));
    }
  }

  handleUnknown(draft: PacketDraft): void {
    this.#trials.delete(draft);
    this.#probes.delete(draft);
    if (draft.amount > 0n) this.#wasUnanswered = true;
    if (draft.wasUnknown) return;
    for (const part of draft.money) part.account.handleUnknown(part);
  }

  /** What is to be sent is given up, on all streams. */
  fail(error: StreamConnectionError): void {
    this.#progressAt = undefined;
    for (const stream of this.#candidates()) {
      stream.money.stop();
      this.#state.tell({ type: 'money-failed', stream, error });
    }
  }

  /** A packet that gets lost keeps its liquidity until it expires, so nothing else may be able to leave before. */
  #progressEnd(since: number): number {
    const { policy, amountInFlight, path } = this.#connection;
    const isHeld = this.#wasUnanswered || amountInFlight > 0n;
    return since + policy.progressTimeoutMs + (isHeld ? path.timeout.ms : 0);
  }

  #candidates(): StreamState[] {
    return [...this.#state.streams.values()].filter((stream) => this.#wanted(stream) > 0n);
  }

  #wanted(stream: StreamState): bigint {
    return stream.money.wanted(this.#connection.path.rate.likely ?? this.#minimumRate);
  }

  /** The most that the next packet may carry. */
  #capacity(): bigint {
    const { path, room } = this.#connection;
    const { size, rate } = path;
    // While the largest packet is searched for, one packet at a time is larger than what is known to pass.
    let capacity = this.#trials.size > 0 && !size.isFound ? size.verified : size.trial;
    if (room !== undefined && room < capacity) capacity = room;
    const { likely, basis } = rate;
    const isCoarse = likely === undefined || floorTimes(basis, likely) < PRECISE;
    if (isCoarse && basis > 0n && basis * STEP < capacity) capacity = basis * STEP;
    return this.#isSliver(capacity) ? 0n : capacity;
  }

  /** Whether it is better to wait until the window has more room than to send many very small packets. */
  #isSliver(capacity: bigint): boolean {
    const { path, amountInFlight } = this.#connection;
    const { value } = path.window;
    if (value === undefined || amountInFlight === 0n) return false;
    const full = value < path.size.trial ? value : path.size.trial;
    return capacity < full / SLIVER;
  }

  #portion(stream: StreamState, capacity: bigint): bigint {
    if (capacity <= 0n) return 0n;
    const wanted = this.#wanted(stream);
    const allowed = stream.money.allowed(this.#connection.path.rate, this.#minimumRate);
    const amount = allowed !== undefined && allowed < wanted ? allowed : wanted;
    return amount <= 0n ? 0n : this.#sizePacket(amount, capacity);
  }

  /**
   * The part of an amount that goes into the next packet. Where a packet delivers so few units that rounding costs much, it is
   * the least that delivers as many; and never so much that what is left would round to nothing.
   */
  #sizePacket(amount: bigint, capacity: bigint): bigint {
    if (amount <= capacity) return amount;
    const low = this.#connection.path.rate.bounds?.low ?? this.#minimumRate;
    if (low === undefined || floorTimes(capacity, low) >= PRECISE) {
      return evenPacket(amount, capacity);
    }
    const useful = ceilOver(floorTimes(capacity, low), low);
    const isWhole = useful > 0n && amount - useful >= ceilOver(1n, low);
    return isWhole ? useful : evenPacket(amount, capacity);
  }

  /** The least source amount of which anything arrives. */
  get #least(): bigint {
    const likely = this.#connection.path.rate.likely ?? this.#minimumRate;
    const least = likely === undefined || likely.numerator === 0n ? 1n : ceilOver(1n, likely);
    return least > this.#leastAmount ? least : this.#leastAmount;
  }

  /** What is left rounds to nothing on the way: it is refused rather than sent for nothing, or tried for ever. */
  #refuseDust(total: bigint, draft: PacketDraft): void {
    if (total === 0n || this.#connection.amountInFlight > 0n) return;
    const least = this.#least;
    draft.minimum = 0n;
    for (const stream of this.#candidates()) {
      if (this.#wanted(stream) >= least) continue;
      const error = new StreamConnectionError(
        'AMOUNT_TOO_SMALL',
        `${this.#wanted(stream)} units round to nothing on the way, ${least} are the least that do not`,
      );
      stream.money.stop();
      this.#state.tell({ type: 'money-failed', stream, error });
    }
  }

  #handleProbed(draft: PacketDraft, outcome: RejectedOutcome): void {
    if (this.#minimumRate !== undefined) return;
    this.#lastReject = outcome;
    if (outcome.arrived === undefined) {
      if (reactionTo(outcome.code) === 'larger') this.fail(tooSmall(draft.amount));
      return;
    }
    if (outcome.arrived === 0n) this.fail(tooSmall(draft.amount));
    else this.#tightenRate();
  }

  /** As long as the rate is known coarsely only, a better look at it raises the minimum; it never falls. */
  #tightenRate(): void {
    const { rate } = this.#connection.path;
    const { bounds, basis } = rate;
    if (this.#isRateFixed || bounds === undefined) return;
    const enforced = multiply(bounds.low, complement(this.#slippage));
    if (this.#minimumRate === undefined || isLess(this.#minimumRate, enforced)) {
      this.#minimumRate = enforced;
    }
    this.#isRateFixed = floorTimes(basis, bounds.low) >= PRECISE;
  }

  /** Packets that were in flight together fail together: they count once. */
  #handleTooLittle(outcome: RejectedOutcome, now: number): void {
    if (outcome.sentAt < this.#rateFailedAt) return;
    this.#rateFailedAt = now;
    this.#rateFailures++;
    if (this.#rateFailures < this.#connection.policy.rateFailureRounds) return;
    this.#rateFailures = 0;
    this.fail(
      new StreamConnectionError('RATE_TOO_LOW', 'less arrives than the minimum rate allows', {
        ilpCode: outcome.code,
      }),
    );
  }

  #handleTooSmall(amount: bigint): void {
    if (amount < this.#leastAmount || !this.#connection.path.mayRoundToNothing(amount)) return;
    this.#leastAmount = 2n * amount;
    if (this.#capacity() < this.#leastAmount) this.fail(tooSmall(amount));
  }

  #noProgress(durationMs: number): StreamConnectionError {
    const reject = this.#lastReject;
    const because =
      reject === undefined ? 'no packet was answered' : `the last answer: ${reject.code}`;
    return new StreamConnectionError(
      'NO_PROGRESS',
      `no money got through in ${durationMs} ms (${because})`,
      reject === undefined ? {} : { ilpCode: reject.code },
    );
  }
}

function tooSmall(amount: bigint): StreamConnectionError {
  return new StreamConnectionError(
    'AMOUNT_TOO_SMALL',
    `of ${amount} units, the most that a packet may carry now, nothing arrives`,
  );
}
