import type { IlpAddress } from '@pennyswitch/ilp-address';
import { ilpErrorClass } from '@pennyswitch/ilp-packet';
import { StreamErrorCode, streamErrorName } from '../error-codes.js';
import type { StreamFrame } from '../frames.js';
import { StreamConnectionError } from './connection-error.js';
import type { ConnectionState } from './connection-state.js';
import { handleControlFrames } from './control-frames.js';
import { nextMoment } from './deadline.js';
import type { SendingConnection } from './sending-connection.js';
import { MoneySender, type RateOptions } from './money-sender.js';
import { addControlFrames, addData, blockedFrames } from './outgoing-frames.js';
import { PacketDraft } from './packet-draft.js';
import { reactionTo } from './retry.js';
import type { StreamState } from './stream-state.js';
import type { CancelReason, Draft, Outcome, RejectedOutcome, Task } from './task.js';

/** Kept to tell the other end that the connection is over when its packets are used up. */
const RESERVED_PACKETS = 16;
/** Asked anew after this part of the usual interval at first: who reads makes room within milliseconds. */
const FIRST_DELAY_PART = 16;
/** So many packets in a row that a node refuses for good mean that the path is gone. */
const MAX_FINAL_REJECTS = 3;

/** The sending half of a connection: decides what leaves next, in the order of its rules, and hears what becomes of it. */
export class OutgoingHalf implements Task {
  readonly money: MoneySender;
  readonly #state: ConnectionState;
  readonly #connection: SendingConnection;
  /** Where the turns of streams start. */
  #turn = 0;
  #startedAt: number | undefined;
  /** When telling the close is given up. */
  #closeBy: number | undefined;
  #isCloseInFlight = false;
  /** When whoever is in the way is asked next, and how long after that again. */
  #askAt: number | undefined;
  #askDelay = 0;
  /** When that is done although something is in flight that may bring the answer: it may be lost. */
  #askAnywayAt = 0;
  /** How much data had left when it was held back. */
  #blockedAfter = 0;
  #finalRejects = 0;

  constructor(state: ConnectionState, connection: SendingConnection, options: RateOptions) {
    this.#state = state;
    this.#connection = connection;
    this.money = new MoneySender(state, connection, options);
  }

  get isFinished(): boolean {
    return this.#state.phase === 'closed';
  }

  cancel(reason: CancelReason): void {
    if (reason.type === 'exhausted') this.#state.error ??= exhausted();
    this.#state.finish();
  }

  handleTime(now: number): void {
    const state = this.#state;
    this.#startedAt ??= now;
    if (now >= this.#idleAt && state.isActive) {
      const message = `nothing was heard for ${this.#state.facts.policy.idleTimeoutMs} ms`;
      state.close(
        { code: StreamErrorCode.InternalError, message: 'idle for too long' },
        new StreamConnectionError('IDLE', message),
      );
    }
    if (this.#connection.packetsLeft <= RESERVED_PACKETS) {
      state.close(
        { code: StreamErrorCode.NoError, message: '2^31 packets were sent' },
        exhausted(),
      );
    }
    this.money.handleTime(now);
    if (state.phase === 'draining' && this.#isDrained) state.phase = 'telling';
    if (state.phase === 'telling') this.#checkClose(now);
  }

  next(now: number): Draft | undefined {
    const state = this.#state;
    const candidate = state.isActive ? state.remoteAddress.ask(now) : undefined;
    if (candidate !== undefined) return new PacketDraft(candidate, 'validation');
    const destination = state.remoteAddress.current;
    if (destination === undefined) return undefined;
    if (state.phase === 'telling') return this.#nextClose(destination);
    if (!state.isActive) return undefined;
    return this.money.probe(destination, now) ?? this.#nextPacket(destination, now);
  }

  deadline(after: number): number | undefined {
    return nextMoment(
      after,
      this.#state.isActive ? this.#idleAt : undefined,
      this.#closeBy,
      this.#askAt,
      this.#askAt === undefined ? undefined : this.#askAnywayAt,
      this.#state.isActive ? this.#state.remoteAddress.askAt : undefined,
      this.money.deadline(after),
    );
  }

  handleOutcome(draft: Draft, outcome: Outcome, now: number): void {
    if (!(draft instanceof PacketDraft)) return;
    const isAuthentic =
      outcome.type === 'fulfilled' || (outcome.type === 'rejected' && outcome.reply !== undefined);
    if (isAuthentic) this.#handleHeard(now);
    if (draft.purpose === 'validation') {
      const { remoteAddress } = this.#state;
      if (isAuthentic) remoteAddress.handleValid(draft.destination);
      else if (isTemporary(outcome)) remoteAddress.handleRefused(draft.destination);
      else remoteAddress.handleNoAnswer(draft.destination);
    }
    if (outcome.type === 'fulfilled') {
      draft.handleAcknowledged();
      this.money.handleFulfilled(draft, outcome, now);
    } else if (outcome.type === 'rejected') this.#handleRejected(draft, outcome, now);
    else {
      draft.handleLost();
      this.money.handleUnknown(draft);
    }
    draft.wasUnknown = outcome.type === 'unknown';
    const touched = new Set([...this.#state.streams.values(), ...draft.streams]);
    for (const stream of touched) this.#state.settleStream(stream);
    if (outcome.type !== 'unknown' && outcome.reply !== undefined) {
      this.#handleReplyFrames(outcome.reply.frames, outcome.reply.sequence);
    }
  }

  get #idleAt(): number {
    const since = this.#state.heardAt ?? this.#startedAt;
    return since === undefined ? Infinity : since + this.#state.facts.policy.idleTimeoutMs;
  }

  /** Whether everything that was to be sent before the close has been, or cannot be. */
  get #isDrained(): boolean {
    const { streams, remoteAddress } = this.#state;
    if (remoteAddress.current === undefined && !remoteAddress.isValidating) return true;
    return Array.from(streams.values()).every((stream) => stream.closePhase === 'done');
  }

  #nextPacket(destination: IlpAddress, now: number): PacketDraft | undefined {
    const state = this.#state;
    const draft = new PacketDraft(destination);
    const streams = this.#streamsInTurn();
    addControlFrames(state, draft);
    this.money.addMoney(draft, streams);
    addData(state, draft, streams);
    this.#addBlocked(draft, now);
    return draft.frames.length === 0 ? undefined : draft;
  }

  /** Every stream is the first once. */
  #streamsInTurn(): StreamState[] {
    const streams = [...this.#state.streams.values()];
    if (streams.length < 2) return streams;
    this.#turn = (this.#turn + 1) % streams.length;
    return [...streams.slice(this.#turn), ...streams.slice(0, this.#turn)];
  }

  /**
   * Says what the other end's limits hold back: where nothing is in flight that may bring the answer, and again ever more rarely
   * until data may go on.
   */
  #addBlocked(draft: PacketDraft, now: number): void {
    const { dataSent } = this.#state;
    const frames = blockedFrames(this.#state, (stream) => this.money.isBlocked(stream));
    if (frames.length === 0) {
      this.#askAt = undefined;
      return;
    }
    const { askIntervalMs, maxAskIntervalMs } = this.#state.facts.policy;
    const hasNewData = dataSent > this.#blockedAfter;
    if (this.#askAt === undefined || hasNewData) {
      this.#blockedAfter = dataSent;
      this.#askDelay = askIntervalMs / FIRST_DELAY_PART;
      this.#askAt = now;
      this.#askAnywayAt = now + askIntervalMs;
    }
    const isAwaited = hasNewData || this.#connection.packetsInFlight > 0;
    if (now < (isAwaited ? this.#askAnywayAt : this.#askAt)) return;
    for (const frame of frames) draft.add(frame);
    this.#askAt = now + this.#askDelay;
    this.#askAnywayAt = now + Math.max(askIntervalMs, this.#askDelay);
    this.#askDelay = Math.min(maxAskIntervalMs, 2 * this.#askDelay);
  }

  #nextClose(destination: IlpAddress): PacketDraft | undefined {
    if (this.#isCloseInFlight) return undefined;
    const draft = new PacketDraft(destination);
    this.#isCloseInFlight = true;
    draft.add(this.#state.closeFrame(), {
      handleAcknowledged: () => this.#state.finish(),
      handleLost: () => {
        this.#isCloseInFlight = false;
      },
    });
    return draft;
  }

  /** The close is told for a while; then the connection is over whether it was heard or not. */
  #checkClose(now: number): void {
    this.#closeBy ??= now + this.#connection.policy.closeTimeoutMs;
    const isHopeless = this.#state.remoteAddress.current === undefined;
    if (isHopeless || now >= this.#closeBy) this.#state.finish();
  }

  #handleHeard(now: number): void {
    const state = this.#state;
    state.heardAt = now;
    this.#finalRejects = 0;
    if (state.isConnected) return;
    state.isConnected = true;
    state.tell({ type: 'connected' });
  }

  #handleRejected(draft: PacketDraft, outcome: RejectedOutcome, now: number): void {
    draft.handleLost();
    this.money.handleRejected(draft, outcome, now);
    const isFinal =
      outcome.reply === undefined && !outcome.isLocal && reactionTo(outcome.code) === 'stop';
    if (!isFinal || draft.purpose === 'validation') return;
    this.#finalRejects++;
    if (this.#finalRejects >= MAX_FINAL_REJECTS) this.#handlePathFailed(outcome);
  }

  /** A server whose client cannot be reached still receives; a client without its server has nothing left. */
  #handlePathFailed({ code, message }: RejectedOutcome): void {
    const state = this.#state;
    this.#finalRejects = 0;
    const error = new StreamConnectionError(
      'PATH_FAILED',
      `a node on the path refuses packets: ${code}`,
      {
        ilpCode: code,
        cause: message,
      },
    );
    this.money.fail(error);
    state.remoteAddress.forget();
    if (state.facts.role === 'server') return;
    state.error ??= error;
    state.finish();
  }

  #handleReplyFrames(frames: readonly StreamFrame[], sequence: number): void {
    const state = this.#state;
    const violation = handleControlFrames(state, frames, { in: 'reply', sequence });
    if (violation !== undefined) {
      state.handleViolation(violation);
      return;
    }
    for (const frame of frames) {
      if (frame.type === 'ConnectionClose') {
        state.handleRemoteClose({ code: frame.errorCode, message: frame.errorMessage });
      } else if (frame.type === 'StreamClose') {
        const stream = state.streams.get(frame.streamId);
        const reason = { code: frame.errorCode, message: frame.errorMessage };
        if (stream !== undefined) state.handleStreamClose(stream, reason);
      } else if (frame.type === 'StreamReceipt') {
        state.streams.get(frame.streamId)?.receipts.handle(frame.receipt);
      }
    }
  }
}

/** Whether a node says that it cannot pass the packet on for the time being. */
function isTemporary(outcome: Outcome): boolean {
  return (
    outcome.type === 'rejected' && !outcome.isLocal && ilpErrorClass(outcome.code) === 'temporary'
  );
}

function exhausted(): StreamConnectionError {
  return new StreamConnectionError(
    'EXHAUSTED',
    `the connection has used up its 2^31 packets (RFC 0029 5.1.3, ${streamErrorName(StreamErrorCode.NoError)})`,
  );
}
