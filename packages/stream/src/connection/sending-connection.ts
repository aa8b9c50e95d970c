import { conditionOf, encodePrepare } from '@pennyswitch/ilp-packet';
import type { StreamCredentials } from '../credentials.js';
import type { RandomBytes } from '../environment.js';
import { StreamKeys, unfulfillableCondition } from '../keys.js';
import { nextMoment } from './deadline.js';
import { Flight, type SentPacket } from './flight.js';
import { readOutcome } from './outcome.js';
import { Path } from './path.js';
import type { SenderPolicy } from './sender-policy.js';
import { Remote } from './remote.js';
import { Sequence } from './sequence.js';
import type { Draft, Task } from './task.js';

/** Money goes to the client's first stream (RFC 0029 4.4.1). */
export const MONEY_STREAM_ID = 1;

/** A packet that is to leave now. It is in flight from here on, whatever the link does with it. */
export interface OutgoingPacket {
  /** Give it back with the reply. */
  readonly sequence: number;
  /** An ILP Prepare. */
  readonly prepare: Uint8Array;
}

/**
 * The sending end of a STREAM connection, without clock, timers, promises or dice: facts go in with the time
 * ({@link handleReply}, {@link handleFailure}), packets come out ({@link poll}), and {@link deadline} says when to ask again.
 *
 * What is to be sent is a {@link Task}'s matter. The connection numbers, encrypts and counts packets, keeps to the window, reads
 * replies, and learns about the path and the other endpoint from each of them.
 */
export class SendingConnection {
  readonly path: Path;
  readonly remote: Remote = new Remote(MONEY_STREAM_ID);
  readonly policy: SenderPolicy;
  readonly #credentials: StreamCredentials;
  /** Of both ends. */
  readonly keys: StreamKeys;
  readonly #randomBytes: RandomBytes;
  readonly #sequence: Sequence;
  readonly #flight = new Flight();
  #task: Task | undefined;
  /** When what held the last packet back is over. */
  #heldUntil: number | undefined;
  /** Moments up to here have had their turn: what was not sent then waits for a fact. */
  #polledAt = -Infinity;

  constructor(options: {
    readonly credentials: StreamCredentials;
    readonly randomBytes: RandomBytes;
    readonly policy: SenderPolicy;
    /** The last number that may have been used, where packets were sent on this connection before; default none. */
    readonly lastSequence?: number;
  }) {
    this.#sequence = new Sequence(options.lastSequence);
    this.policy = options.policy;
    this.path = new Path(options.policy);
    this.#credentials = options.credentials;
    this.keys = new StreamKeys(options.credentials.sharedSecret);
    this.#randomBytes = options.randomBytes;
  }

  /** Value in flight, in source units. */
  get amountInFlight(): bigint {
    return this.#flight.amount;
  }

  /** How many packets wait for their reply. */
  get packetsInFlight(): number {
    return this.#flight.count;
  }

  /** The number of the last packet; 0 where there was none. */
  get lastSequence(): number {
    return this.#sequence.last;
  }

  /** How many more packets may be sent on this connection (RFC 0029 5.1.3). */
  get packetsLeft(): number {
    return this.#sequence.left;
  }

  /** How much more value may leave now, in source units; undefined for no limit. */
  get room(): bigint | undefined {
    const { value } = this.path.window;
    if (value === undefined) return undefined;
    return value > this.#flight.amount ? value - this.#flight.amount : 0n;
  }

  /** Does this from now on. What an earlier task has in flight is still its own. */
  start(task: Task): void {
    this.#task = task;
  }

  /** The next packet to send; undefined where there is none now. */
  poll(now: number): OutgoingPacket | undefined {
    this.#polledAt = now;
    this.#expire(now);
    this.#heldUntil = undefined;
    const task = this.#task;
    if (task === undefined) return undefined;
    task.handleTime(now);
    if (task.isFinished || this.#flight.count >= this.path.window.packets) return undefined;
    const heldUntil = Math.max(this.path.retry.until, this.path.pacer.nextAt);
    if (heldUntil > now) {
      this.#heldUntil = heldUntil;
      return undefined;
    }
    const sequence = this.#sequence.next;
    if (sequence === undefined) {
      task.cancel({ type: 'exhausted' });
      return undefined;
    }
    const draft = task.next(now);
    return draft === undefined ? undefined : this.#commit(draft, sequence, task, now);
  }

  /** The link returned this for a packet. A second reply to a packet is ignored. */
  handleReply(sequence: number, reply: Uint8Array, now: number): void {
    const sent = this.#flight.land(sequence);
    if (sent === undefined) return;
    const outcome = readOutcome(reply, sent, this.keys);
    if (outcome.type === 'fulfilled') this.path.handleFulfilled(sent.draft, outcome);
    else this.path.handleRejected(sent.draft, outcome, this.#flight.amount, now);
    if (outcome.reply !== undefined) this.remote.handleFrames(outcome.reply.frames);
    sent.task.handleOutcome(sent.draft, outcome, now);
  }

  /** The link failed, and says neither whether the packet has left nor what became of it. */
  handleFailure(sequence: number, cause: unknown, now: number): void {
    const sent = this.#flight.abandon(sequence);
    if (sent !== undefined) this.#handleUnknown(sent, now, cause);
  }

  /** When to poll again without any fact: a whole millisecond, which a timer can meet exactly. */
  deadline(): number | undefined {
    const expiry = this.#flight.nextExpiry();
    const moment = nextMoment(
      this.#polledAt,
      this.#heldUntil,
      expiry === undefined ? undefined : expiry + this.policy.replyGraceMs,
      this.#task?.deadline(this.#polledAt),
    );
    return moment === undefined ? undefined : Math.ceil(moment);
  }

  #commit(draft: Draft, sequence: number, task: Task, now: number): OutgoingPacket {
    this.#sequence.advance();
    const data = this.keys.seal(
      { ilpPacketType: 12, sequence, prepareAmount: draft.minimum, frames: draft.frames },
      this.#randomBytes,
      draft.padTo === undefined ? undefined : { padTo: draft.padTo },
    );
    const fulfillment = draft.fulfillable ? this.keys.fulfillment(data) : undefined;
    const expiresAt = now + this.path.timeout.ms;
    const prepare = encodePrepare({
      amount: draft.amount,
      expiresAt: new Date(expiresAt),
      executionCondition:
        fulfillment === undefined
          ? unfulfillableCondition(this.#randomBytes)
          : conditionOf(fulfillment),
      destination: draft.destination ?? this.#credentials.destination,
      data,
    });
    this.#flight.add({ sequence, draft, task, fulfillment, sentAt: now, expiresAt });
    this.path.pacer.handleSent(now);
    this.path.retry.handleSent(now);
    return { sequence, prepare };
  }

  #expire(now: number): void {
    for (;;) {
      const sent = this.#flight.expire(now, this.policy.replyGraceMs);
      if (sent === undefined) return;
      this.#handleUnknown(sent, now);
    }
  }

  #handleUnknown(sent: SentPacket, now: number, cause?: unknown): void {
    this.path.handleUnknown(sent.draft, sent.sentAt, now);
    sent.task.handleOutcome(sent.draft, { type: 'unknown', sentAt: sent.sentAt, cause }, now);
  }
}
