import { EventEmitter } from 'eventemitter3';
import { StreamErrorCode, streamErrorName } from '../error-codes.js';
import { writable as writableText } from './close-message.js';
import { StreamConnectionError } from './connection-error.js';
import type { ConnectionState } from './connection-state.js';
import type { MoneyOrder } from './outgoing-money.js';
import { createReadable, createWritable, streamClosed } from './stream-data.js';
import type { StreamState } from './stream-state.js';

/** What a {@link MoneyStream} tells. */
export interface MoneyStreamEvents {
  /** So much money was received, and its Fulfill returned. */
  money: (amount: bigint) => void;
  /** The stream is over; with the error where it did not end as it should. */
  close: (error: StreamConnectionError | undefined) => void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly state: ConnectionState;
  /** Something was changed that may lead to packets. */
  pump(): void;
}

/** How money is sent. */
export interface SendMoneyOptions {
  /** Stops sending; the promise rejects with `ABORTED`. What is in flight may still arrive. */
  readonly signal?: AbortSignal;
}

/**
 * One stream of a connection: money and bytes in both directions. Amounts that are sent count in units of this end's asset,
 * amounts that are received too; {@link delivered} counts in units of the other end's.
 */
export class MoneyStream extends EventEmitter<MoneyStreamEvents> {
  readonly #state: StreamState;
  readonly #host: StreamHost;
  readonly #waiters = new Set<() => void>();
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #isClosed = false;

  /** Made by the connection. */
  constructor(state: StreamState, host: StreamHost) {
    super();
    this.#state = state;
    this.#host = host;
  }

  /** Odd where the client opened it, even where the server did (RFC 0029 4.4.1). */
  get id(): number {
    return this.#state.id;
  }

  /** Proved to be sent by fulfillments. */
  get sent(): bigint {
    return this.#state.money.sent;
  }

  /** What arrived of it at the other end, in its units and as it says; the promised minimum where its word was lost. */
  get delivered(): bigint {
    return this.#state.money.delivered;
  }

  /** In packets that got no reply: paid or not, nobody knows. */
  get unknownOutcome(): bigint {
    return this.#state.money.unknown;
  }

  /** Received, and fulfilled. */
  get received(): bigint {
    return this.#state.received;
  }

  /** The most that this end receives in total. */
  get receiveMax(): bigint {
    return this.#state.receiveMax.value;
  }

  /** The most that the other end receives in total, in its units; undefined as long as it has not said. */
  get remoteReceiveMax(): bigint | undefined {
    return this.#state.money.receiveMax;
  }

  /** The receipt for the largest total that the other end has given (RFC 0039). */
  get receipt(): Uint8Array | undefined {
    return this.#state.receipts.value;
  }

  /** What the other end sends, in order. What is not read keeps the other end from sending more. */
  get readable(): ReadableStream<Uint8Array> {
    return (this.#readable ??= createReadable(this.#state, this.#dataHost));
  }

  /**
   * To the other end. A write is done when there is room for more, and `close` when the other end has everything; money may
   * still be sent and received after it, unless the other end closes too. `abort` closes the stream with ApplicationError.
   */
  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= createWritable(this.#state, this.#dataHost));
  }

  /**
   * Sends until this stream has sent so much in total. More than before counts for nothing once the other end has closed the
   * stream.
   * @throws {@link StreamConnectionError} `INVALID`
   */
  setSendMax(total: bigint): void {
    this.#order({ sendMax: total, deliver: undefined });
  }

  /**
   * Takes so much money in total. Before the first packet of the stream is answered any limit will do; later ones must be
   * larger, since what was promised cannot be taken back (RFC 0029 4.4.4). Set it when the stream opens.
   * @throws {@link StreamConnectionError} `INVALID`
   */
  setReceiveMax(total: bigint): void {
    if (!this.#state.setReceiveMax(total)) {
      throw new StreamConnectionError(
        'INVALID',
        `the limit is ${this.receiveMax}, was told, and cannot become ${total}`,
      );
    }
    this.#host.pump();
  }

  /**
   * Sends money until this stream has sent `total` units, and resolves when all of it was fulfilled.
   * @throws {@link StreamConnectionError} where that cannot be; `sent` says how much was.
   */
  async sendMoney(total: bigint, options: SendMoneyOptions = {}): Promise<void> {
    if (!this.#order({ sendMax: total, deliver: undefined })) throw this.#closed();
    await this.#settleMoney(() => this.sent >= total, options.signal);
  }

  /**
   * Sends no more than it takes until so much has arrived in total, in units of the other end, and at most `sendMax` units.
   * @throws {@link StreamConnectionError} where that cannot be; `NO_PROGRESS` where sendMax does not suffice.
   */
  async deliverMoney(
    total: bigint,
    options: SendMoneyOptions & { readonly sendMax: bigint },
  ): Promise<void> {
    if (!this.#order({ sendMax: options.sendMax, deliver: total })) throw this.#closed();
    await this.#settleMoney(() => this.delivered >= total, options.signal);
  }

  /**
   * Closes the stream in both directions: after what was written and is to be paid, or at once with an error. Resolves when
   * the other end knows.
   * @param code of RFC 0029 5.4; default NoError.
   */
  async close(code: StreamErrorCode = StreamErrorCode.NoError, message = ''): Promise<void> {
    const { state } = this.#host;
    if (!this.#isClosed) {
      state.closeStream(this.#state, { code, message: writableText(message) }, true);
      this.#host.pump();
    }
    await this.#until(() => (this.#isClosed ? true : undefined));
  }

  /** Called by the connection when anything about the stream has changed. */
  handleChange(): void {
    for (const check of [...this.#waiters]) check();
    const { state } = this.#host;
    const isOver = this.#state.isOver || state.phase === 'closed';
    if (!isOver || this.#isClosed) return;
    this.#isClosed = true;
    for (const check of [...this.#waiters]) check();
    this.emit('close', this.#failure());
  }

  /** Called by the connection when money that was to be sent cannot be. */
  handleMoneyFailed(error: StreamConnectionError): void {
    this.#moneyError = error;
    for (const check of [...this.#waiters]) check();
    this.#moneyError = undefined;
  }

  /** @returns whether the stream still takes orders. */
  #order(order: MoneyOrder): boolean {
    if (order.sendMax < 0n) {
      throw new StreamConnectionError('INVALID', `${order.sendMax} is no amount`);
    }
    const isTaken = this.#state.orderMoney(order);
    this.#host.pump();
    return isTaken;
  }

  #moneyError: StreamConnectionError | undefined;

  #dataHost = {
    until: <T>(check: () => T | undefined): Promise<T> => this.#until(check),
    pump: (): void => this.#host.pump(),
    failure: (): StreamConnectionError | undefined => this.#failure(),
    state: (): ConnectionState => this.#host.state,
    isClosed: (): boolean => this.#isClosed,
  };

  /** Why the stream did not end as it should; undefined where it did, or goes on. */
  #failure(): StreamConnectionError | undefined {
    const { remoteClose } = this.#state;
    if (remoteClose !== undefined && remoteClose.code !== StreamErrorCode.NoError) {
      return new StreamConnectionError(
        'REMOTE_CLOSED',
        `the other end closed the stream (${streamErrorName(remoteClose.code)})`,
        { streamErrorCode: remoteClose.code, cause: remoteClose.message },
      );
    }
    return this.#host.state.error;
  }

  #closed(): StreamConnectionError {
    return this.#failure() ?? streamClosed(this.#state);
  }

  async #settleMoney(isDone: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    const { money } = this.#state;
    const abort = (): void => {
      this.handleMoneyFailed(
        new StreamConnectionError('ABORTED', 'sending was stopped', { cause: signal?.reason }),
      );
      this.#host.pump();
    };
    if (signal?.aborted) queueMicrotask(abort);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const failure = await this.#until(() => {
        if (isDone()) return 'done';
        return this.#moneyError ?? this.#findMoneyEnd();
      });
      if (failure === 'done') return;
      // What the caller was told to have failed must not go on when a late reply comes.
      money.stop();
      throw failure;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Why money that was ordered will not be sent. */
  #findMoneyEnd(): StreamConnectionError | undefined {
    const { money } = this.#state;
    if (money.held > 0n) return undefined;
    if (this.#isClosed) {
      return this.#closed();
    }
    if (money.unknown > 0n && money.wanted(undefined) === 0n) {
      return new StreamConnectionError(
        'OUTCOME_UNKNOWN',
        `nobody told what became of ${money.unknown} units`,
      );
    }
    return undefined;
  }

  /** Waits until a look at the stream gives something else than undefined. */
  #until<T>(check: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = check();
        if (found === undefined) return;
        this.#waiters.delete(look);
        resolve(found);
      };
      this.#waiters.add(look);
      look();
    });
  }
}
