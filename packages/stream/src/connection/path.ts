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

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
    this.window = new Window(policy);
    this.pacer = new Pacer(policy);
    this.retry = new RetryDelay(policy);
    this.refusals = new Refusals(policy);
    this.timeout = new PacketTimeout(policy);
  }

  handleFulfilled(draft: Draft, { arrived }: FulfilledOutcome): void {
    this.size.handlePassed(draft.amount);
    this.window.handleFulfilled(draft.amount);
    this.pacer.handleFulfilled();
    this.retry.handleSuccess();
    this.refusals.handlePassed(draft.amount);
    // Accepting a packet says that the minimum arrived: a receiver that claims less contradicts itself, and shows nothing.
    if (arrived !== undefined && arrived >= draft.minimum) this.rate.observe(draft.amount, arrived);
  }

  /** @param inFlight what is in flight, without this packet. */
  handleRejected(draft: Draft, outcome: RejectedOutcome, inFlight: bigint, now: number): void {
    const { sentAt } = outcome;
    if (outcome.arrived !== undefined) {
      this.size.handlePassed(draft.amount);
      this.refusals.handlePassed(draft.amount);
      this.rate.observe(draft.amount, outcome.arrived);
      // Every probe is rejected by the receiver. What it should have taken is not offered again at once.
      if (draft.fulfillable) this.retry.handleFailure(sentAt, now);
      return;
    }
    if (!outcome.isLocal) this.refusals.handleRejected(outcome.code, draft.amount, now);
    switch (outcome.isLocal ? 'wait' : reactionTo(outcome.code)) {
      case 'smaller':
        this.size.handleTooLarge(draft.amount, outcome.data);
        break;
      case 'liquidity':
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
      case 'stop':
      case 'larger':
    }
  }
}
