import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import { MONEY_STREAM_ID, type SendingConnection } from '../connection/machine.js';
import { reactionTo } from '../connection/retry.js';
import type { CancelReason, Draft, Outcome, RejectedOutcome, Task } from '../connection/task.js';
import { ceilOver, type Ratio } from '../ratio.js';
import { explainCancel, explainFailure, findRemoteFault, type Failure } from './failure.js';
import { nextPacket, type NextPacket, type PaymentPlan } from './next-packet.js';
import { PaymentError } from './payment-error.js';
import { PaymentTotals } from './totals.js';

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
  readonly #unknown = new Set<Draft>();
  #error: PaymentError | undefined;
  #isDone = false;
  /** What the receiver has done that ends the payment; packets in flight may still complete it. */
  #fault: PaymentError | undefined;
  /** Counts control packets too. */
  #packetsInFlight = 0;
  #progressAt: number | undefined;
  #lastFailure: Failure | undefined;
  /** As R01 has shown; the known rate may say more. */
  #leastAmount = 1n;
  #rateFailures = 0;
  #rateFailedAt = -Infinity;
  /** When the receiver is asked again how much it takes; undefined while it is not in the way. */
  #askAt: number | undefined;
  #isBlocked = false;

  /** @param onProgress called whenever the totals change. */
  constructor(connection: SendingConnection, plan: PaymentPlan, onProgress: () => void) {
    this.#connection = connection;
    this.#plan = plan;
    this.#onProgress = onProgress;
  }

  /** Why the payment did not come to its end; undefined where it did, or is still under way. */
  get error(): PaymentError | undefined {
    return this.#error;
  }

  get isFinished(): boolean {
    return (this.#isDone || this.#error !== undefined) && this.#packetsInFlight === 0;
  }

  cancel(reason: CancelReason): void {
    if (!this.#isDone) this.#stop(explainCancel(reason));
  }

  deadline(): number | undefined {
    if (this.#isDone || this.#error !== undefined) return undefined;
    const { progressTimeoutMs } = this.#connection.policy;
    const end = this.#progressAt === undefined ? Infinity : this.#progressAt + progressTimeoutMs;
    return Math.min(end, this.#askAt ?? Infinity);
  }

  handleTime(now: number): void {
    this.#progressAt ??= now;
    if (this.#isDone || this.#error !== undefined) return;
    if (now >= this.#progressAt + this.#connection.policy.progressTimeoutMs) {
      this.#stop(
        this.#isBlocked ? this.#receiveLimit() : explainFailure(this.#lastFailure, 'NO_ANSWER'),
      );
    }
  }

  next(now: number): Draft | undefined {
    if (this.#isDone || this.#error !== undefined || this.#fault !== undefined) return undefined;
    const next = this.#decide();
    this.#isBlocked = next.type === 'blocked';
    switch (next.type) {
      case 'send':
        return this.#draft(next.amount, next.minimum);
      case 'blocked':
        return this.#ask(now);
      case 'done':
        this.#finish();
        return undefined;
      case 'packet-limit':
        this.#stop(this.#packetLimit());
        return undefined;
      case 'wait':
        return undefined;
    }
  }

  handleOutcome(draft: Draft, outcome: Outcome, now: number): void {
    const wasUnknown = this.#unknown.delete(draft);
    if (!wasUnknown) this.#packetsInFlight--;
    if (outcome.type === 'unknown') {
      this.#lastFailure = outcome;
      this.#unknown.add(draft);
      this.totals.handleUnknown(draft);
    } else if (outcome.type === 'fulfilled') {
      this.totals.handleFulfilled(draft, outcome, wasUnknown);
      this.#handleProgress(draft, now);
    } else {
      this.totals.handleRejected(draft, wasUnknown);
      this.rejected.set(outcome.code, (this.rejected.get(outcome.code) ?? 0) + 1);
      this.#handleReject(draft, outcome, now);
    }
    this.#fault ??= findRemoteFault(this.#connection.remote);
    if (this.#fault !== undefined && this.#packetsInFlight === 0) this.#handleFault(this.#fault);
    this.#onProgress();
  }

  /** The receiver may close as soon as it has got everything. */
  #handleFault(fault: PaymentError): void {
    if (this.#isDone || this.#error !== undefined) return;
    if (this.#decide().type === 'done') this.#finish();
    else this.#stop(fault);
  }

  #decide(): NextPacket {
    const { path, remote } = this.#connection;
    const { likely } = path.rate;
    const least = likely === undefined ? 1n : ceilOver(1n, likely);
    return nextPacket(this.#plan, this.totals, {
      rate: path.rate,
      packetSize: path.size.trial,
      window: path.window.value,
      leastAmount: least > this.#leastAmount ? least : this.#leastAmount,
      receiveMax: remote.receiveMax,
      totalReceived: remote.totalReceived,
    });
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
    return this.#send(draft);
  }

  /** A packet without money asks the receiver, whose reply says how much it takes now (RFC 0029 5.3.10). */
  #ask(now: number): Draft | undefined {
    if (this.#askAt !== undefined && now < this.#askAt) return undefined;
    this.#askAt = now + this.#connection.policy.maxRetryDelayMs / 4;
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
      if (outcome.arrived < draft.minimum) this.#handleTooLittle(outcome.sentAt, now);
      return;
    }
    if (outcome.isLocal) return;
    const reaction = reactionTo(outcome.code);
    if (reaction === 'stop') this.#stop(explainFailure(outcome));
    if (reaction === 'larger' && draft.amount >= this.#leastAmount) {
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

  #finish(): void {
    this.#isDone = true;
    const { totals } = this;
    if (totals.delivered >= this.#plan.minDelivery && totals.unknown.packets === 0) return;
    if (this.#plan.delivery !== undefined && totals.delivered >= this.#plan.delivery) return;
    this.#error =
      totals.unknown.packets > 0
        ? new PaymentError(
            'OUTCOME_UNKNOWN',
            `nobody told what became of ${totals.unknown.packets} packets of ${totals.unknown.amount} units together`,
            { cause: this.#lastFailure },
          )
        : this.#rateTooLow();
  }

  #stop(error: PaymentError): void {
    this.#error ??= error;
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
