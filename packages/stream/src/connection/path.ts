import { PacketSize } from './packet-size.js';
import { PacketTimeout } from './packet-timeout.js';
import { Pacer } from './pacer.js';
import { RateTracker } from './rate-tracker.js';
import { Refusals } from './refusals.js';
import { reactionTo, RetryDelay } from './retry.js';
import type { SenderPolicy } from './sender-policy.js';
import type { Draft, FulfilledOutcome, RejectedOutcome } from './task.js';
import { Window } from './window.js';

/** The longest wait after T04, in first waits. */
const LIQUIDITY_DELAYS = 8;

/** What has been learned about the path to the receiver: each subject in a tracker of its own, told of every outcome here. */
export class Path {
  readonly rate: RateTracker = new RateTracker();
  readonly size: PacketSize = new PacketSize();
  readonly window: Window;
  readonly pacer: Pacer;
  readonly retry: RetryDelay;
  readonly refusals: Refusals;
  readonly timeout: PacketTimeout;

  readonly #policy: SenderPolicy;
  /** The smallest amount of which anything arrived; undefined where nothing has. */
  #leastArrived: bigint | undefined;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
    this.window = new Window(policy);
    this.pacer = new Pacer(policy);
    this.retry = new RetryDelay(policy);
    this.refusals = new Refusals(policy);
    this.timeout = new PacketTimeout(policy);
  }

  /** Whether it can be that an amount rounds to nothing: not if as much has arrived before, whatever a node says (R01). */
  mayRoundToNothing(amount: bigint): boolean {
    return this.#leastArrived === undefined || amount < this.#leastArrived;
  }

  handleFulfilled(draft: Draft, { arrived, sentAt }: FulfilledOutcome): void {
    if (draft.minimum > 0n) this.#handleArrived(draft.amount);
    this.size.handlePassed(draft.amount);
    this.window.handleFulfilled(draft.amount, sentAt);
    this.pacer.handleFulfilled();
    this.retry.handleSuccess();
    this.refusals.handlePassed(draft.amount);
    // Accepting a packet says that the minimum arrived: a receiver that claims less contradicts itself, and shows nothing.
    if (arrived !== undefined && arrived >= draft.minimum) this.rate.observe(draft.amount, arrived);
  }

  /** No reply came in time, or the link failed. */
  handleUnknown(draft: Draft, sentAt: number, now: number): void {
    this.size.handleOther(draft.amount);
    this.retry.handleFailure(sentAt, now);
  }

  /** @param inFlight what is in flight, without this packet. */
  handleRejected(draft: Draft, outcome: RejectedOutcome, inFlight: bigint, now: number): void {
    const { sentAt } = outcome;
    if (outcome.arrived !== undefined) {
      if (outcome.arrived > 0n) this.#handleArrived(draft.amount);
      this.size.handlePassed(draft.amount);
      this.refusals.handlePassed(draft.amount);
      this.rate.observe(draft.amount, outcome.arrived);
      // Every probe is rejected by the receiver. What it should have taken is not offered again at once.
      if (draft.fulfillable) this.retry.handleFailure(sentAt, now);
      return;
    }
    if (!outcome.isLocal) this.refusals.handleRejected(outcome.code, draft.amount, now);
    const isLookAbove = this.size.isAboveLimit(draft.amount);
    if (outcome.code !== 'F08') this.size.handleOther(draft.amount);
    switch (outcome.isLocal ? 'wait' : reactionTo(outcome.code)) {
      case 'smaller':
        this.size.handleTooLarge(draft.amount, outcome.data);
        break;
      case 'liquidity':
        // That there is not enough for more than was ever sent says nothing against what was sent.
        if (isLookAbove) break;
        this.window.handleNoLiquidity(inFlight + draft.amount, sentAt, now);
        // The next packet is another question than the last one, as long as it is smaller.
        this.retry.handleFailure(sentAt, now, LIQUIDITY_DELAYS * this.#policy.retryDelayMs);
        break;
      case 'slower':
        this.window.handleBusy(sentAt, now);
        this.pacer.handleBusy(sentAt, now);
        this.retry.handleFailure(sentAt, now);
        break;
      case 'more-time':
        this.timeout.handleTooShort(sentAt, now);
        this.retry.handleFailure(sentAt, now);
        break;
      case 'wait':
      case 'receiver':
        this.retry.handleFailure(sentAt, now);
        break;
      case 'larger':
        if (!this.mayRoundToNothing(draft.amount)) this.retry.handleFailure(sentAt, now);
        break;
      case 'stop':
    }
  }

  #handleArrived(amount: bigint): void {
    if (amount > 0n && this.mayRoundToNothing(amount)) this.#leastArrived = amount;
  }
}
