import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { StreamErrorCode } from '../error-codes.js';
import type { StreamFrame } from '../frames.js';
import { Announcement } from './announcement.js';
import { Assembler } from './assembler.js';
import { ASSUMED_STREAM_WINDOW } from './connection-policy.js';
import { LatestReceipt } from './latest-receipt.js';
import { OutgoingMoney, type MoneyOrder } from './outgoing-money.js';
import { SendBuffer } from './send-buffer.js';

/** Why an end closed a stream or a connection. */
export interface CloseReason {
  /** Of RFC 0029 5.4, or any other number that a peer sends. */
  readonly code: number;
  readonly message: string;
}

/**
 * How far this end is with closing a stream: it sends what there is (`flushing`), then tells the other end (`telling`), which
 * has heard of it (`done`).
 */
export type ClosePhase = 'open' | 'flushing' | 'telling' | 'done';

/** One stream: its money and data in both directions, and how both ends close it. It knows nothing of packets. */
export class StreamState {
  readonly id: number;
  /** Whether this end opened it. */
  readonly isLocal: boolean;
  readonly money: OutgoingMoney = new OutgoingMoney();
  readonly output: SendBuffer;
  readonly input: Assembler = new Assembler();
  /** Proofs of what the other end has received (RFC 0039). */
  readonly receipts: LatestReceipt = new LatestReceipt();
  /** How much money this end takes in total. */
  readonly receiveMax: Announcement<bigint> = new Announcement(-1n);
  /** Up to which offset the other end may send. */
  readonly maxData: Announcement<number>;
  /** Received and accepted, in units of this end. */
  received = 0n;
  /** Arrived, and the application has not decided yet. */
  undecided = 0n;
  /** Packets in a row that had more money than allowed. */
  overruns = 0;
  /** How this end closes it. */
  closing: CloseReason | undefined;
  closePhase: ClosePhase = 'open';
  /** Whether nothing is accepted any more after this end has closed it. */
  isFullClose = false;
  /** How the other end closed it. */
  remoteClose: CloseReason | undefined;
  /** Whether this end closes it only because the other end did. */
  isCloseFollowing = false;
  /** Nobody reads what comes: it is dropped. */
  isInputCancelled = false;
  /** Whether a packet is on its way that tells the close. */
  isCloseInFlight = false;
  /** In how many replies the close was told. */
  closeReplies = 0;
  #remoteMaxData: number | undefined;

  constructor(
    id: number,
    isLocal: boolean,
    limits: { readonly streamWindow: number; readonly receiveMax: bigint },
  ) {
    this.id = id;
    this.isLocal = isLocal;
    this.output = new SendBuffer(id);
    this.maxData = new Announcement(0);
    this.maxData.raise(limits.streamWindow);
    this.setReceiveMax(limits.receiveMax);
  }

  /** How many more bytes the other end lets this stream send. */
  get dataRoom(): number {
    return (this.#remoteMaxData ?? ASSUMED_STREAM_WINDOW) - this.output.sent;
  }

  /** Up to which offset the other end lets this stream send. */
  get remoteMaxData(): number {
    return this.#remoteMaxData ?? ASSUMED_STREAM_WINDOW;
  }

  /** How much more money this end takes now. */
  get moneyRoom(): bigint {
    return this.receiveMax.value - this.received - this.undecided;
  }

  /** Whether everything that was to be sent has arrived, or never will. */
  get isFlushed(): boolean {
    return this.output.kept === 0 && this.money.held === 0n && this.money.wanted(undefined) === 0n;
  }

  /** Whether both ends are done with it. */
  get isOver(): boolean {
    if (this.remoteClose !== undefined && this.remoteClose.code !== StreamErrorCode.NoError) {
      return true;
    }
    return (
      this.closePhase === 'done' &&
      (this.remoteClose !== undefined || this.isFullClose || this.isInputCancelled)
    );
  }

  /**
   * Orders money to be sent. Once the other end has closed the stream, no more than before (RFC 0029 5.3.7).
   * @returns whether it was possible.
   */
  orderMoney(order: MoneyOrder): boolean {
    if (this.isCloseFollowing && order.sendMax > this.money.order.sendMax) return false;
    this.money.set(order);
    return true;
  }

  /** Until the other end was told, a limit may be anything; from then on it only grows. @returns whether it was possible. */
  setReceiveMax(limit: bigint): boolean {
    if (limit < 0n || limit < this.receiveMax.promised || limit > MAX_AMOUNT) return false;
    this.receiveMax.set(limit);
    return true;
  }

  /** The other end grants data up to this offset. Only the first word may be less than what was taken for granted. */
  raiseRemoteMaxData(maxOffset: number): void {
    if (this.#remoteMaxData === undefined || maxOffset > this.#remoteMaxData) {
      this.#remoteMaxData = maxOffset;
    }
  }

  /** What the other end should know of how much this stream takes (RFC 0029 5.3.9, 5.3.12). */
  tellMoney(): StreamFrame {
    return {
      type: 'StreamMaxMoney',
      streamId: this.id,
      receiveMax: this.receiveMax.tell(),
      totalReceived: this.received,
    };
  }

  tellData(): StreamFrame {
    return { type: 'StreamMaxData', streamId: this.id, maxOffset: this.maxData.tell() };
  }

  tellClose(): StreamFrame {
    const { code, message } = this.closing ?? { code: StreamErrorCode.NoError, message: '' };
    return { type: 'StreamClose', streamId: this.id, errorCode: code, errorMessage: message };
  }

  /** Starts to close it from this end; a close with an error drops what was to be sent. */
  close(reason: CloseReason, isFull: boolean): void {
    this.isFullClose ||= isFull;
    if (this.closing !== undefined) return;
    this.closing = reason;
    this.closePhase = 'flushing';
    if (reason.code === StreamErrorCode.NoError) return;
    this.isFullClose = true;
    this.output.discard();
    this.money.stop();
  }

  /** Begins to tell the close when there is nothing left to send before it. */
  advanceClose(): void {
    if (this.closePhase !== 'flushing' || !this.isFlushed) return;
    this.closePhase = 'telling';
    this.money.stop();
  }

  /** The other end closed it. Unless the stream may be half open, this end closes too when it has sent what there is. */
  handleRemoteClose(reason: CloseReason, isHalfOpen: boolean): void {
    this.remoteClose ??= reason;
    if (reason.code !== StreamErrorCode.NoError) {
      this.output.discard();
      this.money.stop();
    } else if (!isHalfOpen) {
      this.isCloseFollowing ||= this.closing === undefined;
      this.close({ code: reason.code, message: '' }, false);
    }
  }
}
