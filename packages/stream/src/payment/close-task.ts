import { nextMoment } from '../connection/deadline.js';
import { MONEY_STREAM_ID, type SendingConnection } from '../connection/sending-connection.js';
import { reactionTo } from '../connection/retry.js';
import type { Draft, Outcome, Task } from '../connection/task.js';
import type { StreamErrorCode } from '../error-codes.js';

/** How many times the receiver is told, at most. */
const ATTEMPTS = 4;

/**
 * Tells the receiver that the connection is over, again and again until it has heard, or the time for it is up (RFC 0029
 * 5.3.1). Any authentic reply says that it has.
 */
export class CloseTask implements Task {
  readonly #connection: SendingConnection;
  readonly #errorCode: StreamErrorCode;
  #startedAt: number | undefined;
  #attempts = 0;
  #nextAt = -Infinity;
  #isFinished = false;

  constructor(connection: SendingConnection, errorCode: StreamErrorCode) {
    this.#connection = connection;
    this.#errorCode = errorCode;
    this.#isFinished = connection.policy.closeTimeoutMs === 0;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  cancel(): void {
    this.#isFinished = true;
  }

  deadline(after: number): number | undefined {
    if (this.#isFinished || this.#startedAt === undefined) return undefined;
    const end = this.#startedAt + this.#connection.policy.closeTimeoutMs;
    return nextMoment(after, end, this.#attempts < ATTEMPTS ? this.#nextAt : undefined);
  }

  handleTime(now: number): void {
    this.#startedAt ??= now;
    if (this.#nextAt === -Infinity) this.#nextAt = now;
    if (now >= this.#startedAt + this.#connection.policy.closeTimeoutMs) this.#isFinished = true;
  }

  next(now: number): Draft | undefined {
    if (now < this.#nextAt || this.#attempts >= ATTEMPTS) return undefined;
    this.#attempts++;
    this.#nextAt = now + this.#connection.policy.closeTimeoutMs / ATTEMPTS;
    const reason = { errorCode: this.#errorCode, errorMessage: '' };
    return {
      amount: 0n,
      minimum: 0n,
      frames: [
        { type: 'StreamClose', streamId: MONEY_STREAM_ID, ...reason },
        { type: 'ConnectionClose', ...reason },
      ],
      fulfillable: true,
    };
  }

  handleOutcome(_draft: Draft, outcome: Outcome): void {
    if (outcome.type === 'unknown') return;
    const isHopeless =
      outcome.type === 'rejected' && !outcome.isLocal && reactionTo(outcome.code) === 'stop';
    if (outcome.type === 'fulfilled' || outcome.reply !== undefined || isHopeless) {
      this.#isFinished = true;
    }
  }
}
