import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler, IlpPrepare } from '@pennyswitch/ilp-packet';
import { EventEmitter } from 'eventemitter3';
import type { Asset } from '../asset.js';
import type { Clock, Logger } from '../environment.js';
import { StreamErrorCode } from '../error-codes.js';
import type { StreamPacket } from '../packet.js';
import type { Ratio } from '../ratio.js';
import { writable } from './close-message.js';
import { ConnectionDriver, type IncomingMoneyListeners } from './connection-driver.js';
import { StreamConnectionError } from './connection-error.js';
import type { ConnectionMachine } from './connection-machine.js';
import type { ConnectionState } from './connection-state.js';
import type { ConnectionEvent } from './events.js';
import { MoneyStream } from './money-stream.js';
import type { StreamState } from './stream-state.js';

/** What a {@link StreamConnection} tells. */
export interface StreamConnectionEvents {
  /**
   * The other end opened a stream. Its first money is decided about after the listeners returned, so set its limit in one.
   */
  stream: (stream: MoneyStream) => void;
  /** The other end proved its presence. */
  connect: () => void;
  /** The connection is over; with the error where it did not end as it should. */
  close: (error: StreamConnectionError | undefined) => void;
}

/** What a connection is driven by. */
export interface ConnectionEnvironment {
  readonly send: IlpPacketHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listeners: IncomingMoneyListeners;
}

/** A STREAM connection (RFC 0029): any number of streams, each with money and bytes in both directions. */
export class StreamConnection extends EventEmitter<StreamConnectionEvents> {
  /** 32 hexadecimal digits, the same at both ends. */
  readonly id: string;
  /** The tag that the credentials were made with; undefined at the client. */
  readonly tag: string | undefined;
  readonly #machine: ConnectionMachine;
  readonly #driver: ConnectionDriver;
  readonly #streams = new WeakMap<StreamState, MoneyStream>();
  readonly #open = new Set<StreamState>();
  readonly #waiters = new Set<() => void>();
  #isClosed = false;

  /** Made by `connectStream` and `StreamServer`. */
  constructor(
    machine: ConnectionMachine,
    names: { readonly id: string; readonly tag: string | undefined },
    environment: ConnectionEnvironment,
  ) {
    super();
    this.id = names.id;
    this.tag = names.tag;
    this.#machine = machine;
    this.#driver = new ConnectionDriver({
      machine,
      ...environment,
      onEvent: (event) => this.#handleEvent(event),
    });
  }

  /** What the other end counts in; undefined until it said so. */
  get remoteAsset(): Asset | undefined {
    return this.#state.remoteAsset;
  }

  /** Where the other end is reached; undefined as long as it has not proved to be anywhere. */
  get remoteAddress(): IlpAddress | undefined {
    return this.#state.remoteAddress.current;
  }

  /** The least that must arrive of a unit that is sent; undefined as long as no money was sent. */
  get minimumRate(): Ratio | undefined {
    return this.#machine.outgoing.money.minimumRate;
  }

  /** Proved to be sent by fulfillments, on all streams. */
  get sent(): bigint {
    return this.#state.sent;
  }

  /** What arrived of it, in units of the other end. */
  get delivered(): bigint {
    return this.#state.delivered;
  }

  /** Received and fulfilled, on all streams. */
  get received(): bigint {
    return this.#state.received;
  }

  /** The streams that are open. */
  get streams(): readonly MoneyStream[] {
    return [...this.#open].flatMap((state) => this.#streams.get(state) ?? []);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the other end has proved its presence. */
  get isConnected(): boolean {
    return this.#state.isConnected;
  }

  /**
   * Opens a stream, as soon as the other end allows another one (RFC 0029 3.3).
   * @throws {@link StreamConnectionError} `CLOSED`, or why the connection ended; `ABORTED`
   */
  async openStream(options: { readonly signal?: AbortSignal } = {}): Promise<MoneyStream> {
    const { signal } = options;
    const look = (): MoneyStream | StreamConnectionError | undefined => {
      if (signal?.aborted) return new StreamConnectionError('ABORTED', 'opening was stopped');
      if (this.#state.phase !== 'open') return this.#state.error ?? closed();
      const state = this.#machine.openStream();
      return state === undefined ? undefined : this.#add(state);
    };
    let stream = look();
    if (stream === undefined) {
      this.#state.wantsStream = true;
      const waiting = this.#until(look, signal);
      this.#driver.pump();
      stream = await waiting;
    }
    if (stream instanceof StreamConnectionError) throw stream;
    this.#driver.pump();
    return stream;
  }

  /**
   * Closes the connection: opens nothing more, sends what was written and is to be paid, tells the other end, and resolves
   * when it knows or cannot be told. With an error it does so at once.
   * @param code of RFC 0029 5.4; default NoError.
   */
  async close(code: StreamErrorCode = StreamErrorCode.NoError, message = ''): Promise<void> {
    this.#machine.close({ code, message: writable(message) });
    this.#driver.pump();
    await this.#until(() => (this.#isClosed ? true : undefined));
  }

  /** Tells the other end that this one is reached here from now on; it finds out by itself whether that is so. */
  setAddress(address: IlpAddress): void {
    const { addressVersion } = this.#state;
    this.#state.address = address;
    addressVersion.raise(addressVersion.value + 1);
    this.#driver.pump();
  }

  /** Answers a packet whose data the other end has made. For those who route packets to connections. */
  handle(prepare: IlpPrepare, request: StreamPacket): Promise<Uint8Array> {
    return this.#driver.handle(prepare, request);
  }

  /** Resolves when the other end has proved its presence. @throws {@link StreamConnectionError} */
  async start(): Promise<this> {
    this.#driver.pump();
    const end = await this.#until(() => {
      if (this.#isClosed || this.#state.error !== undefined) return this.#state.error ?? closed();
      return this.#state.isConnected ? 'connected' : undefined;
    });
    if (end !== 'connected') throw end;
    return this;
  }

  get #state(): ConnectionState {
    return this.#machine.state;
  }

  #add(state: StreamState): MoneyStream {
    const stream = new MoneyStream(state, {
      state: this.#state,
      pump: () => this.#driver.pump(),
    });
    this.#streams.set(state, stream);
    this.#open.add(state);
    return stream;
  }

  #handleEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case 'stream':
        this.emit('stream', this.#add(event.stream));
        break;
      case 'money':
        this.#streams.get(event.stream)?.emit('money', event.amount);
        break;
      case 'change':
        this.#handleChange(event.stream);
        break;
      case 'money-failed':
        this.#streams.get(event.stream)?.handleMoneyFailed(event.error);
        break;
      case 'connected':
        this.emit('connect');
        break;
      case 'stream-ids':
        break;
      case 'closed':
        this.#isClosed = true;
        for (const state of [...this.#open]) this.#handleChange(state);
        this.emit('close', event.error);
    }
    for (const look of [...this.#waiters]) look();
  }

  #handleChange(state: StreamState): void {
    if (state.isOver || this.#isClosed) this.#open.delete(state);
    this.#streams.get(state)?.handleChange();
  }

  #until<T>(check: () => T | undefined, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = check();
        if (found === undefined) return;
        this.#waiters.delete(look);
        signal?.removeEventListener('abort', look);
        resolve(found);
      };
      this.#waiters.add(look);
      signal?.addEventListener('abort', look);
      look();
    });
  }
}

function closed(): StreamConnectionError {
  return new StreamConnectionError('CLOSED', 'the connection is closed');
}
