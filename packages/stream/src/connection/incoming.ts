import type { IlpAddress } from '@pennyswitch/ilp-address';
import { encodeReject, isFulfillmentOf, type IlpPrepare } from '@pennyswitch/ilp-packet';
import type { RandomBytes } from '../environment.js';
import { StreamErrorCode } from '../error-codes.js';
import type { StreamDataFrame, StreamFrame, StreamMoneyFrame } from '../frames.js';
import { MAX_SEQUENCE, type StreamPacket } from '../packet.js';
import { createReceipt } from '../receipt.js';
import type { ReceiverConnection } from '../receiver-connections.js';
import { IncomingMoney, type MoneyDecision } from '../receiver-money.js';
import { ReceivedPacket } from '../receiver-packet.js';
import type { ConnectionState } from './connection-state.js';
import { handleControlFrames } from './control-frames.js';
import { writable } from './close-message.js';
import { checkStreamFrames } from './incoming-check.js';
import { divideMoney, type MoneyShare } from './money-shares.js';
import { replyFrames } from './reply-frames.js';
import { SequenceWindow } from './sequence-window.js';
import { violation, type Violation } from './violation.js';

/** The highest id that a receipt can name (RFC 0039). */
const MAX_RECEIPT_STREAM_ID = 255;

/** A packet that can be accepted, if the application wants its money. */
export interface Arrival {
  readonly packet: ReceivedPacket;
  readonly fulfillment: Uint8Array;
  readonly touched: ReadonlySet<number>;
  shares: readonly MoneyShare[];
}

/** The receiving half of a connection: takes packets in, in the order of its rules, and makes their replies. */
export class IncomingHalf {
  readonly #state: ConnectionState;
  readonly #connection: ReceiverConnection;
  readonly #randomBytes: RandomBytes;
  readonly #sequences = new SequenceWindow();
  /** Money of packets that the application is asked about. */
  #undecided = 0n;

  constructor(state: ConnectionState, connection: ReceiverConnection, randomBytes: RandomBytes) {
    this.#state = state;
    this.#connection = connection;
    this.#randomBytes = randomBytes;
  }

  /**
   * Takes in a packet that the other end has made. Streams that it opens are open when this returns.
   * @returns the reply, or what may be accepted: {@link reserve} it, then {@link settle} it.
   */
  receive(prepare: IlpPrepare, request: StreamPacket, now: number): Uint8Array | Arrival {
    const state = this.#state;
    const packet = new ReceivedPacket(
      { prepare, request, connection: this.#connection },
      { self: state.address ?? prepare.destination, randomBytes: this.#randomBytes, padded: false },
    );
    if (request.sequence > MAX_SEQUENCE) {
      state.handleViolation(tooManyPackets());
      return this.#reject(packet, NO_STREAMS);
    }
    if (!this.#sequences.accept(request.sequence)) return replayed(state.address);
    state.heardAt = now;
    if (!state.isConnected) {
      state.isConnected = true;
      state.tell({ type: 'connected' });
    }
    if (state.phase === 'telling' || state.phase === 'closed')
      return this.#reject(packet, NO_STREAMS);
    if (prepare.expiresAt.getTime() <= now) return packet.reject('R00');
    state.handlePacketLength(prepare.data.length);
    return this.#check(packet);
  }

  /**
   * Sets the room for the money of a packet aside.
   * @returns the reply where there is none; the money to decide about; undefined where the packet carries none.
   */
  reserve(arrival: Arrival): Uint8Array | IncomingMoney | undefined {
    const state = this.#state;
    const { packet, touched } = arrival;
    const { amount, expiresAt } = packet.prepare;
    if (amount === 0n) return undefined;
    const shares = divideMoney(amount, framesOf(packet, 'StreamMoney'), state.streams);
    if (shares === undefined) {
      state.handleViolation(
        violation(StreamErrorCode.ProtocolViolation, 'money without a stream to take it'),
      );
      return this.#reject(packet, touched);
    }
    const over = shares.find((share) => share.amount > share.stream.moneyRoom);
    if (over !== undefined) return this.#refuseOverrun(packet, touched, over);
    const { limit } = this.#connection.credentials;
    if (limit !== undefined && state.received + this.#undecided + amount > limit) {
      if (state.received >= limit) {
        const message = 'everything that was asked for is received';
        state.close({ code: StreamErrorCode.NoError, message }, undefined);
      }
      return this.#reject(packet, touched);
    }
    arrival.shares = shares;
    this.#undecided += amount;
    for (const share of shares) share.stream.undecided += share.amount;
    return new IncomingMoney(this.#connection, {
      amount,
      expiresAt,
      streams: shares.map(({ stream, amount }) => ({ streamId: stream.id, amount })),
      sequence: packet.request.sequence,
      data: framesOf(packet, 'StreamData'),
    });
  }

  /** Does what the application decided. @returns the reply, and whether the packet was accepted with it. */
  settle(
    arrival: Arrival,
    decision: MoneyDecision | 'late' | 'failed',
    now: number,
  ): { readonly reply: Uint8Array; readonly isAccepted: boolean } {
    const { packet, touched, shares } = arrival;
    this.#undecided -= shares.reduce((sum, share) => sum + share.amount, 0n);
    for (const share of shares) share.stream.undecided -= share.amount;
    const refusal =
      decision === 'accept' ? this.#findObstacle(packet, now) : this.#decline(packet, decision);
    if (refusal !== undefined) {
      packet.replyFrames.push(...replyFrames(this.#state, touched));
      return { reply: packet.reject(refusal), isAccepted: false };
    }
    this.#credit(shares);
    this.#apply(packet.request.frames);
    const receipts = this.#receipts(shares);
    packet.replyFrames.push(...replyFrames(this.#state, touched), ...receipts);
    const reply = packet.fulfill(arrival.fulfillment);
    this.#handleConnectionClose(packet);
    return { reply, isAccepted: true };
  }

  #check(packet: ReceivedPacket): Uint8Array | Arrival {
    const state = this.#state;
    const { request, prepare } = packet;
    const { frames } = request;
    const verdict = checkStreamFrames(state, frames);
    const touched = streamsOf(frames);
    if (verdict.type === 'violation') {
      state.handleViolation(verdict.violation);
      return this.#reject(packet, touched);
    }
    if (verdict.type === 'fine') for (const id of verdict.opens) this.#open(id);
    const fault = handleControlFrames(state, frames, { in: 'prepare', sequence: request.sequence });
    if (fault !== undefined) {
      state.handleViolation(fault);
      return this.#reject(packet, touched);
    }
    if (verdict.type === 'closed') packet.replyFrames.push(...verdict.streamIds.map(closedStream));
    const fulfillment = this.#connection.keys.fulfillment(prepare.data);
    if (
      verdict.type !== 'fine' ||
      prepare.amount < request.prepareAmount ||
      !isFulfillmentOf(fulfillment, prepare.executionCondition)
    ) {
      const reply = this.#reject(packet, touched);
      this.#handleConnectionClose(packet);
      return reply;
    }
    return { packet, fulfillment, touched, shares: [] };
  }

  #open(id: number): void {
    this.#state.ids.handleOpened(id);
    this.#state.tell({ type: 'stream', stream: this.#state.addStream(id, false) });
  }

  #reject(packet: ReceivedPacket, touched: ReadonlySet<number>): Uint8Array {
    packet.replyFrames.push(...replyFrames(this.#state, touched));
    return packet.reject('F99');
  }

  /** A sender cannot know the rate to the unit, so it may err, but not for ever (RFC 0029 4.4.4). */
  #refuseOverrun(
    packet: ReceivedPacket,
    touched: ReadonlySet<number>,
    { stream }: MoneyShare,
  ): Uint8Array {
    stream.overruns++;
    if (stream.overruns > this.#state.facts.policy.maxMoneyOverruns) {
      const message = `money beyond the ${stream.receiveMax.value} units of stream ${stream.id}`;
      this.#state.handleViolation(violation(StreamErrorCode.FlowControlError, message));
    }
    return this.#reject(packet, touched);
  }

  /** What has come in between while the application decided. */
  #findObstacle(packet: ReceivedPacket, now: number): 'R00' | 'F99' | undefined {
    if (packet.prepare.expiresAt.getTime() <= now) return 'R00';
    if (!this.#state.isActive) return 'F99';
    const verdict = checkStreamFrames(this.#state, packet.request.frames);
    if (verdict.type === 'violation') this.#state.handleViolation(verdict.violation);
    return verdict.type === 'fine' ? undefined : 'F99';
  }

  #decline(
    packet: ReceivedPacket,
    decision: Exclude<MoneyDecision, 'accept'> | 'late' | 'failed',
  ): 'R00' | 'T00' | 'T99' | 'F99' {
    if (decision === 'late') return 'R00';
    if (decision === 'failed') return 'T00';
    if (decision.decline === 'temporary') return 'T99';
    const message = writable(decision.reason ?? '');
    for (const { streamId } of framesOf(packet, 'StreamMoney')) {
      const stream = this.#state.streams.get(streamId);
      stream?.close({ code: StreamErrorCode.ApplicationError, message }, true);
    }
    return 'F99';
  }

  #credit(shares: readonly MoneyShare[]): void {
    for (const { stream, amount } of shares) {
      stream.received += amount;
      stream.overruns = 0;
      this.#state.received += amount;
      if (amount > 0n) this.#state.tell({ type: 'money', stream, amount });
    }
  }

  #apply(frames: readonly StreamFrame[]): void {
    for (const frame of frames) {
      if (frame.type === 'StreamData') this.#takeData(frame);
      else if (frame.type === 'StreamClose') {
        this.#closeStream(frame.streamId, { code: frame.errorCode, message: frame.errorMessage });
      }
    }
  }

  #takeData({ streamId, offset, data }: StreamDataFrame): void {
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) return;
    const before = stream.input.highest;
    stream.input.add(offset, data);
    this.#state.dataReceived += stream.input.highest - before;
    if (stream.isInputCancelled) this.#state.handleRead(stream, stream.input.discard());
    this.#state.tell({ type: 'change', stream });
  }

  #closeStream(id: number, reason: { readonly code: number; readonly message: string }): void {
    const state = this.#state;
    const stream = state.streams.get(id);
    if (stream !== undefined) state.handleStreamClose(stream, reason);
  }

  #handleConnectionClose(packet: ReceivedPacket): void {
    for (const frame of packet.request.frames) {
      if (frame.type !== 'ConnectionClose') continue;
      this.#state.handleRemoteClose({ code: frame.errorCode, message: frame.errorMessage });
    }
  }

  #receipts(shares: readonly MoneyShare[]): StreamFrame[] {
    const { receipts } = this.#connection.credentials;
    if (receipts === undefined) return [];
    return shares
      .filter(({ stream }) => stream.id <= MAX_RECEIPT_STREAM_ID)
      .map(({ stream }) => ({
        type: 'StreamReceipt',
        streamId: stream.id,
        receipt: createReceipt(receipts, stream.id, stream.received),
      }));
  }
}

const NO_STREAMS: ReadonlySet<number> = new Set();

/** Says nothing: only a node on the path repeats packets. */
function replayed(self: IlpAddress | undefined): Uint8Array {
  return encodeReject({
    code: 'F99',
    triggeredBy: self ?? '',
    message: '',
    data: new Uint8Array(0),
  });
}

function tooManyPackets(): Violation {
  return violation(StreamErrorCode.ProtocolViolation, 'more than 2^31 packets');
}

function closedStream(streamId: number): StreamFrame {
  return {
    type: 'StreamClose',
    streamId,
    errorCode: StreamErrorCode.StreamStateError,
    errorMessage: 'the stream is closed',
  };
}

function framesOf(packet: ReceivedPacket, type: 'StreamMoney'): StreamMoneyFrame[];
function framesOf(packet: ReceivedPacket, type: 'StreamData'): StreamDataFrame[];
function framesOf(packet: ReceivedPacket, type: StreamFrame['type']): StreamFrame[] {
  return packet.request.frames.filter((frame) => frame.type === type);
}

function streamsOf(frames: readonly StreamFrame[]): Set<number> {
  const ids = new Set<number>();
  for (const frame of frames) if ('streamId' in frame) ids.add(frame.streamId);
  return ids;
}
