import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import { nextMoment } from '../connection/deadline.js';
import { MONEY_STREAM_ID, type SendingConnection } from '../connection/sending-connection.js';
import { reactionTo } from '../connection/retry.js';
import type { CancelReason, Draft, Outcome, RejectedOutcome, Task } from '../connection/task.js';
import { ceilOver, type Ratio } from '../ratio.js';
import { explainCancel, explainFailure, findRemoteFault, type Failure } from './failure.js';
import { nextPacket, type NextPacket, type PaymentPlan } from './next-packet.js';
import { PaymentError } from './payment-error.js';
import { PaymentTotals } from './totals.js';

/** What a payment keeps to beside its plan. */
export interface MoneyTaskOptions {
  /** Whether a packet of this amount may leave now; whoever says no wakes the driver when it may. Default: always. */
  readonly allows?: (amount: bigint, totals: PaymentTotals, now: number) => boolean;
  /**
   * When everything has expired that an earlier process may have sent on this connection: from then on the receiver's total
   * says what of it has arrived. Undefined where there is nothing, or another connection carried it.
   */
  readonly settleAt?: number | undefined;
  /** Whether what has not arrived by the receiver's total is not spent either: then it is sent again. */
  readonly trustsReceiver?: boolean;
}

/** Moves the money of one payment. */
export class MoneyTask implements Task {
  readonly totals: PaymentTotals = new PaymentTotals();
  /** Source amounts of the fulfilled packets, in the order in which the fulfillments came. */
  readonly fulfilledAmounts: bigint[] = [];
  /** How many packets were rejected, by code. */
  readonly rejected: Map<IlpErrorCode, number> = new Map();
  readonly #connection: SendingConnection;
  readonly #plan: PaymentPlan;
  readonly #onProgress: () => void;
  readonly #allows: NonNullable<MoneyTaskOptions['allows']>;
  /** See {@link MoneyTaskOptions.settleAt}; undefined when the receiver has been asked. */
  #settleAt: number | undefined;
  /** Whether the receiver's total has said how much arrived of what is unknown. */
  #isSettled = false;
  readonly #trustsReceiver: boolean;
  readonly #unknown = new Set<Draft>();
  /** Packets in flight that are larger than any that has passed. */
  readonly #trials = new Set<Draft>();
  /** Why no more packets leave; those in flight may still complete the payment. */
  #reason: PaymentError | undefined;
  /** Everything is spent or delivered, as far as that is possible. */
  #isDone = false;
  /** Counts control packets too. */
  #packetsInFlight = 0;
  #progressAt: number | undefined;
  #lastFailure: Failure | undefined;
  /** As R01 has shown; the known rate may say more. */
  #leastAmount = 1n;
  #tooLittle: { readonly amount: bigint; readonly arrived: bigint } | undefined;
  #rateFailures = 0;
  #rateFailedAt = -Infinity;
  /** When the receiver is asked again how much it takes; undefined while it is not in the way. */
  #askAt: number | undefined;
  #isBlocked = false;

  /** @param onProgress called whenever the totals change. */
  constructor(
    connection: SendingConnection,
    plan: PaymentPlan,
    onProgress: () => void,
    options: MoneyTaskOptions = {},
  ) {
    this.#allows = options.allows ?? (() => true);
    this.#settleAt = options.settleAt;
    this.#trustsReceiver = options.trustsReceiver === true;
    this.#connection = connection;
    this.#plan = plan;
    this.#onProgress = onProgress;
  }

  get isFinished(): boolean {
    return this.#isStopped && this.#packetsInFlight === 0;
  }

  get #isStopped(): boolean {
    return this.#isDone || this.#reason !== undefined;
  }

  /** Why the payment did not come to its end; undefined where it did, or is still under way. */
  get error(): PaymentError | undefined {
    if (!this.isFinished || this.#isComplete()) return undefined;
    const isUnknown = this.#reason === undefined || this.#reason.code === 'NO_ANSWER';
    if (this.totals.unknown.packets > 0 && isUnknown) return this.#outcomeUnknown();
    return this.#reason ?? this.#rateTooLow();
  }

  cancel(reason: CancelReason): void {
    this.#stop(explainCancel(reason));
  }

  /** Sends no more, for a reason that is not the path's. */
  fail(reason: PaymentError): void {
    this.#stop(reason);
  }

  deadline(after: number): number | undefined {
    if (this.#isStopped || this.#progressAt === undefined) return undefined;
    const end = this.#progressAt + this.#connection.policy.progressTimeoutMs;
    return nextMoment(after, end, this.#askAt, this.#settleAt);
  }

  handleTime(now: number): void {
    this.#progressAt ??= now;
    if (this.#isStopped) return;
    if (now >= this.#progressAt + this.#connection.policy.progressTimeoutMs) {
      this.#stop(
        this.#isBlocked ? this.#receiveLimit() : explainFailure(this.#lastFailure, 'NO_ANSWER'),
      );
    }
  }

  next(now: number): Draft | undefined {
    if (this.#isStopped) return undefined;
    const next = this.#decide();
    this.#isBlocked = next.type === 'blocked';
    switch (next.type) {
      case 'send':
        if (!this.#allows(next.amount, this.totals, now)) return undefined;
        return this.#draft(next.amount, next.minimum);
      case 'blocked':
        return this.#ask(now);
      case 'done':
        return this.#finish(now);
      case 'packet-limit':
        this.#stop(this.#packetLimit());
        return undefined;
      case 'wait':
        return undefined;
    }
  }

  handleOutcome(draft: Draft, outcome: Outcome, now: number): void {
    const wasUnknown = this.#unknown.delete(draft);
    this.#trials.delete(draft);
    if (!wasUnknown) this.#packetsInFlight--;
    if (outcome.type === 'unknown') {
      this.#lastFailure = outcome;
      this.#unknown.add(draft);
      if (this.#settleAt !== undefined) {
        const expiresAt = outcome.sentAt + this.#connection.path.timeout.ms;
        this.#settleAt = Math.max(this.#settleAt, expiresAt);
      }
      this.totals.handleUnknown(draft);
    } else if (outcome.type === 'fulfilled') {
      this.totals.handleFulfilled(draft, outcome, wasUnknown);
      this.#handleProgress(draft, now);
    } else {
      this.totals.handleRejected(draft, wasUnknown);
      this.rejected.set(outcome.code, (this.rejected.get(outcome.code) ?? 0) + 1);
      this.#handleReject(draft, outcome, now);
    }
    if (draft.amount === 0n) this.#settle(outcome);
    const fault = findRemoteFault(this.#connection.remote);
    if (fault !== undefined) this.#stop(fault);
    this.#onProgress();
  }

  /**
   * Everything is sent. Where a delivery lacks what an earlier process may have sent, the receiver is asked for its total, once
   * no packet of that process can arrive any more.
   */
  #finish(now: number): Draft | undefined {
    const isOfUse = this.#plan.delivery !== undefined || this.#trustsReceiver;
    const isSure = !isOfUse || this.#isComplete();
    if (this.#settleAt === undefined || isSure) {
      this.#isDone = true;
      return undefined;
    }
    this.#progressAt = Math.max(this.#progressAt ?? now, this.#settleAt);
    return now < this.#settleAt ? undefined : this.#ask(now);
  }

  /** Only a receiver that keeps totals names one that is not 0. */
  #settle(outcome: Outcome): void {
    if (this.#settleAt === undefined || outcome.sentAt < this.#settleAt) return;
    if (outcome.type === 'unknown' || outcome.reply === undefined) return;
    this.#settleAt = undefined;
    const isTotal = outcome.reply.frames.some(
      (frame) => frame.type === 'StreamMaxMoney' && frame.streamId === MONEY_STREAM_ID,
    );
    const { totalReceived } = this.#connection.remote;
    if (!isTotal || totalReceived === 0n || totalReceived < this.totals.delivered) return;
    const { minimumRate } = this.#plan;
    this.totals.settleUnknown(
      totalReceived,
      this.#trustsReceiver ? (arrived) => ceilOver(arrived, minimumRate) : undefined,
    );
    this.#isSettled = true;
    const { maxSource, delivery = 0n } = this.#plan;
    const { promised, committed } = this.totals;
    const most = this.#connection.path.rate.highEstimate(maxSource - committed) ?? 0n;
    // What is left of the maximum does not make up for it: less than the delivery is no use to anybody.
    if (promised + most < delivery) this.#isDone = true;
  }

  #decide(): NextPacket {
    const { path, remote } = this.#connection;
    return nextPacket(this.#plan, this.totals, {
      rate: path.rate,
      // While the largest packet is searched for, one packet at a time is larger than what is known to pass.
      packetSize:
        this.#trials.size > 0 && !path.size.isFound ? path.size.verified : path.size.trial,
      window: path.window.value,
      leastAmount: this.#least,
      receiveMax: remote.receiveMax,
      totalReceived: remote.totalReceived,
      tooLittle: this.#tooLittle,
    });
  }

  /** The least source amount of which anything arrives. */
  get #least(): bigint {
    const { likely } = this.#connection.path.rate;
    const least = likely === undefined ? 1n : ceilOver(1n, likely);
    return least > this.#leastAmount ? least : this.#leastAmount;
  }

  #draft(amount: bigint, minimum: bigint): Draft {
    const high = this.#connection.path.rate.highEstimate(amount) ?? minimum;
    const draft: Draft = {
      amount,
      minimum,
      expected: high > minimum ? high : minimum,
      frames: [{ type: 'StreamMoney', streamId: MONEY_STREAM_ID, shares: amount }],
      fulfillable: true,
    };
    this.#askAt = undefined;
    if (amount > this.#connection.path.size.verified) this.#trials.add(draft);
    return this.#send(draft);
  }

  /** A packet without money asks the receiver, whose reply says how much it takes now (RFC 0029 5.3.10). */
  #ask(now: number): Draft | undefined {
    if (this.#askAt !== undefined && now < this.#askAt) return undefined;
    if (!this.#allows(0n, this.totals, now)) return undefined;
    this.#askAt = now + this.#connection.policy.askIntervalMs;
    return this.#send({
      amount: 0n,
      minimum: 0n,
      frames: [
        {
          type: 'StreamMoneyBlocked',
          streamId: MONEY_STREAM_ID,
          sendMax: this.#plan.maxSource,
          totalSent: this.totals.sent,
        },
      ],
      fulfillable: true,
    });
  }

  #send(draft: Draft): Draft {
    this.#packetsInFlight++;
    this.totals.handleSent(draft);
    return draft;
  }

  #handleProgress(draft: Draft, now: number): void {
    if (draft.amount === 0n) return;
    this.fulfilledAmounts.push(draft.amount);
    this.#progressAt = now;
    this.#rateFailures = 0;
    this.#lastFailure = undefined;
  }

  #handleReject(draft: Draft, outcome: RejectedOutcome, now: number): void {
    this.#lastFailure = outcome;
    if (outcome.arrived !== undefined) {
      if (outcome.arrived >= draft.minimum) return;
      this.#tooLittle = { amount: draft.amount, arrived: outcome.arrived };
      this.#handleTooLittle(outcome.sentAt, now);
      return;
    }
    if (outcome.isLocal) return;
    const reaction = reactionTo(outcome.code);
    const { path } = this.#connection;
    const isHopeless = this.#packetsInFlight === 0 && path.refusals.isHopeless(this.#least, now);
    if (reaction === 'stop' || isHopeless) this.#stop(explainFailure(outcome));
    const isTooSmall = reaction === 'larger' && path.mayRoundToNothing(draft.amount);
    if (isTooSmall && draft.amount >= this.#leastAmount) {
      this.#leastAmount = 2n * draft.amount;
      if (this.#leastAmount > this.#plan.maxSource) this.#stop(explainFailure(outcome));
    }
  }

  /** Packets that were in flight together fail together: they count once. */
  #handleTooLittle(sentAt: number, now: number): void {
    if (sentAt < this.#rateFailedAt) return;
    this.#rateFailedAt = now;
    this.#rateFailures++;
    if (this.#rateFailures >= this.#connection.policy.rateFailureRounds)
      this.#stop(this.#rateTooLow());
  }

  #isComplete(): boolean {
    const { sent, delivered, promised, committed, unknown } = this.totals;
    const { delivery, minDelivery, maxSource } = this.#plan;
    if (delivery !== undefined) return (this.#isSettled ? promised : delivered) >= delivery;
    if (this.#isSettled && this.#trustsReceiver) {
      return promised >= minDelivery && maxSource - committed < this.#least;
    }
    return unknown.packets === 0 && delivered >= minDelivery && maxSource - sent < this.#least;
  }

  #stop(reason: PaymentError): void {
    if (!this.#isDone) this.#reason ??= reason;
  }

  #outcomeUnknown(): PaymentError {
    const { packets, amount } = this.totals.unknown;
    return new PaymentError(
      'OUTCOME_UNKNOWN',
      `nobody told what became of ${packets} packets with ${amount} units together`,
      { cause: this.#lastFailure },
    );
  }

  #rateTooLow(): PaymentError {
    const { bounds } = this.#connection.path.rate;
    const found = bounds === undefined ? 'unknown' : decimal(bounds.low);
    const failure = this.#lastFailure;
    return new PaymentError(
      'RATE_TOO_LOW',
      `the rate of the path is ${found} and must be at least ${decimal(this.#plan.minimumRate)}`,
      failure?.type === 'rejected'
        ? { ilpCode: failure.code, triggeredBy: failure.triggeredBy }
        : {},
    );
  }

  #receiveLimit(): PaymentError {
    const { receiveMax, totalReceived } = this.#connection.remote;
    return new PaymentError(
      'RECEIVE_LIMIT',
      `the receiver takes ${receiveMax} units and has got ${totalReceived}`,
    );
  }

  #packetLimit(): PaymentError {
    const { size } = this.#connection.path;
    return new PaymentError(
      'PACKET_LIMIT_TOO_SMALL',
      `packets of more than ${size.trial} units do not pass, and of smaller ones nothing arrives`,
    );
  }
}

/** A rate for people, with nine digits behind the point, rounded down. */
export function decimal({ numerator, denominator }: Ratio): string {
  const scaled = ((numerator * 1_000_000_000n) / denominator).toString().padStart(10, '0');
  return `${scaled.slice(0, -9)}.${scaled.slice(-9)}`.replace(/\.?0+$/, '');
}
