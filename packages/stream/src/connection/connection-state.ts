import type { IlpAddress } from '@pennyswitch/ilp-address';
import { isSameAsset, type Asset } from '../asset.js';
import { StreamErrorCode, streamErrorName } from '../error-codes.js';
import type { StreamFrame } from '../frames.js';
import { Announcement } from './announcement.js';
import { StreamConnectionError } from './connection-error.js';
import {
  ASSUMED_CONNECTION_WINDOW,
  FIRST_STREAM_WINDOW,
  WELL_CUT_PACKETS,
  type ConnectionPolicy,
} from './connection-policy.js';
import type { ConnectionEvent } from './events.js';
import { RemoteAddress } from './remote-address.js';
import { StreamIds } from './stream-ids.js';
import { StreamState, type CloseReason } from './stream-state.js';
import { violation, type Violation } from './violation.js';

/** Which end of a connection this is (RFC 0029 2): the one that was given credentials, or the one that gave them. */
export type ConnectionRole = 'client' | 'server';

/**
 * `open`; `draining` while this end sends what was written before it closes; `telling` while it tells the other end; `closed`.
 */
export type ConnectionPhase = 'open' | 'draining' | 'telling' | 'closed';

/** What a connection is made of, beside its credentials. */
export interface ConnectionFacts {
  readonly role: ConnectionRole;
  readonly policy: ConnectionPolicy;
  /** What amounts of this end are counted in; undefined where it is not known. */
  readonly asset: Asset | undefined;
  /** Where the other end can reach this one; undefined where it cannot. */
  readonly address: IlpAddress | undefined;
  /** Where this end can reach the other one. */
  readonly remoteAddress: IlpAddress | undefined;
  /** What the other end counts in, where that is known from elsewhere. */
  readonly remoteAsset: Asset | undefined;
  /** How much money each stream takes unless it says otherwise. */
  readonly receiveMax: bigint;
  /** Whether a stream stays open for sending when the other end has closed it. */
  readonly isHalfOpen: boolean;
}

/** Everything that both halves of a connection, the receiving and the sending one, know and change. */
export class ConnectionState {
  readonly facts: ConnectionFacts;
  readonly ids: StreamIds;
  readonly streams: Map<number, StreamState> = new Map();
  readonly remoteAddress: RemoteAddress;
  /** Up to how many bytes the other end may send on all streams together. */
  readonly maxData: Announcement<number> = new Announcement(0);
  /** Own address: counts up with every new one, so that the other end hears of the last. 0 is none. */
  readonly addressVersion: Announcement<number> = new Announcement(0);
  /** Own asset: 1 when there is one to tell. */
  readonly assetVersion: Announcement<number> = new Announcement(0);
  address: IlpAddress | undefined;
  phase: ConnectionPhase = 'open';
  /** How this end closes the connection. */
  closing: CloseReason | undefined;
  /** Why the connection is over, for the application. */
  error: StreamConnectionError | undefined;
  isConnected = false;
  /** Whether the application waits for the other end to allow another stream. */
  wantsStream = false;
  /** The last moment at which something authentic came. */
  heardAt: number | undefined;
  sent = 0n;
  delivered = 0n;
  received = 0n;
  /** Bytes received and read on all streams that ever were. */
  dataReceived = 0;
  dataRead = 0;
  dataSent = 0;
  /** That packets of this end keep to their limit, which a long one shows: 1 as soon as it is worth a long one. */
  readonly wellCut: Announcement<number> = new Announcement(0);
  /** How much unread data each stream is granted. */
  streamWindow: number = FIRST_STREAM_WINDOW;
  #isWellCut: boolean | undefined;
  #remoteAsset: Asset | undefined;
  #remoteMaxData: number | undefined;
  readonly #events: ConnectionEvent[] = [];

  constructor(facts: ConnectionFacts) {
    this.facts = facts;
    this.ids = new StreamIds(facts.role, facts.policy.maxStreamId);
    this.remoteAddress = new RemoteAddress(facts.remoteAddress, {
      maxAttempts: facts.policy.validationAttempts,
      intervalMs: facts.policy.askIntervalMs,
    });
    this.#remoteAsset = facts.remoteAsset;
    this.maxData.raise(facts.policy.connectionWindow);
    this.wellCut.raise(1);
    this.address = facts.address;
    // A client without an address says so too: it is how it asks for the asset of the server.
    if (facts.role === 'client') this.addressVersion.raise(1);
    if (facts.asset !== undefined) this.assetVersion.raise(1);
  }

  /** What the other end counts in; undefined until it said so. */
  get remoteAsset(): Asset | undefined {
    return this.#remoteAsset;
  }

  /** How many more bytes the other end lets this one send, on all streams together. */
  get dataRoom(): number {
    return this.remoteMaxData - this.dataSent;
  }

  get remoteMaxData(): number {
    return this.#remoteMaxData ?? ASSUMED_CONNECTION_WINDOW;
  }

  /** Whether the connection takes part in anything but its end. */
  get isActive(): boolean {
    return this.phase === 'open' || this.phase === 'draining';
  }

  tell(event: ConnectionEvent): void {
    this.#events.push(event);
  }

  takeEvent(): ConnectionEvent | undefined {
    return this.#events.shift();
  }

  addStream(id: number, isLocal: boolean): StreamState {
    const { receiveMax } = this.facts;
    const stream = new StreamState(id, isLocal, { streamWindow: this.streamWindow, receiveMax });
    this.streams.set(id, stream);
    return stream;
  }

  /** Lets go of a stream when both ends are done with it. */
  settleStream(stream: StreamState): void {
    if (stream.isOver && this.streams.delete(stream.id)) this.ids.handleClosed(stream.id);
    this.tell({ type: 'change', stream });
  }

  /** The other end closed a stream. */
  handleStreamClose(stream: StreamState, reason: CloseReason): void {
    stream.handleRemoteClose(reason, this.facts.isHalfOpen);
    if (reason.code !== StreamErrorCode.NoError) this.handleRead(stream, stream.input.discard());
    this.settleStream(stream);
  }

  /** This end closes a stream. */
  closeStream(stream: StreamState, reason: CloseReason, isFull: boolean): void {
    stream.close(reason, isFull);
    if (reason.code !== StreamErrorCode.NoError) this.cancelInput(stream);
    this.settleStream(stream);
  }

  /** Nobody will read what a stream receives. */
  cancelInput(stream: StreamState): void {
    stream.isInputCancelled = true;
    this.handleRead(stream, stream.input.discard());
    this.settleStream(stream);
  }

  raiseRemoteMaxData(maxOffset: number): void {
    if (this.#remoteMaxData === undefined || maxOffset > this.#remoteMaxData) {
      this.#remoteMaxData = maxOffset;
    }
  }

  /** @returns what is wrong with an asset that the other end names: it may not change (RFC 0029 5.3.14). */
  handleRemoteAsset(asset: Asset): Violation | undefined {
    if (this.#remoteAsset === undefined) this.#remoteAsset = asset;
    return isSameAsset(asset, this.#remoteAsset)
      ? undefined
      : violation(StreamErrorCode.ProtocolViolation, 'the asset details contradict earlier ones');
  }

  /** The application has read, or will never read, so many bytes: as many more may come. */
  handleRead(stream: StreamState, bytes: number): void {
    this.dataRead += bytes;
    this.maxData.raise(this.dataRead + this.facts.policy.connectionWindow);
    stream.maxData.raise(stream.input.consumed + this.streamWindow);
  }

  /** So much data was in a packet of the other end: tells whether it knows how long packets may be. */
  handlePacketLength(bytes: number): void {
    if (bytes < WELL_CUT_PACKETS.min || this.#isWellCut === false) return;
    this.#isWellCut = bytes <= WELL_CUT_PACKETS.max;
    this.streamWindow = this.#isWellCut ? this.facts.policy.streamWindow : FIRST_STREAM_WINDOW;
  }

  /** Starts to close the connection from this end. */
  close(reason: CloseReason, error: StreamConnectionError | undefined): void {
    if (!this.isActive) return;
    this.closing = reason;
    this.error = error;
    this.phase = 'telling';
  }

  /** The other end broke the protocol. */
  handleViolation({ code, message }: Violation): void {
    const error = new StreamConnectionError(
      'PROTOCOL_VIOLATION',
      `the other end broke the protocol (${streamErrorName(code)}): ${message}`,
      { streamErrorCode: code },
    );
    this.close({ code, message }, error);
  }

  /** The other end closed the connection: it is over at once (RFC 0029 5.3.1). */
  handleRemoteClose({ code, message }: CloseReason): void {
    if (this.phase === 'closed') return;
    if (code === StreamErrorCode.NoError) {
      for (const stream of this.streams.values()) {
        if (stream.input.isContiguous) stream.remoteClose ??= { code, message };
      }
    } else {
      this.error ??= new StreamConnectionError(
        'REMOTE_CLOSED',
        `the other end closed the connection (${streamErrorName(code)})`,
        { streamErrorCode: code, cause: message },
      );
    }
    this.finish();
  }

  /** The connection is over here. */
  finish(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    for (const stream of this.streams.values()) {
      stream.money.stop();
      stream.output.discard();
      this.tell({ type: 'change', stream });
    }
    this.streams.clear();
    this.tell({ type: 'closed', error: this.error });
  }

  /** The close of this end as a frame. */
  closeFrame(): StreamFrame {
    const { code, message } = this.closing ?? { code: StreamErrorCode.NoError, message: '' };
    return { type: 'ConnectionClose', errorCode: code, errorMessage: message };
  }
}
