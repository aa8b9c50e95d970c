import { EventEmitter } from 'eventemitter3';
import { openSocket } from '#websocket';
import { authenticationData } from './authentication.js';
import { BtpConnection } from './connection.js';
import type { ConnectionEnd } from './connection-owner.js';
import { newCounters, type BtpCounters } from './counters.js';
import type { BtpCloseOptions, BtpEndpoint, BtpEndpointEvents, BtpGauges } from './endpoint.js';
import {
  environmentOf,
  randomUInt32,
  type Clock,
  type Environment,
  type Logger,
  type RandomBytes,
} from './environment.js';
import { isTemporary } from './error-codes.js';
import { BtpConnectError, BtpRequestError, BtpUrlError, describeBtpError } from './errors.js';
import { Handlers, type BtpMessageHandler, type BtpTransferHandler } from './exchange.js';
import { BtpType, type BtpError, type ProtocolData } from './packet.js';
import { policyOf, type BtpPolicy } from './policy.js';
import { findData, octetsData } from './protocol-data.js';
import type { RequestContent } from './session.js';
import type { BtpClientTls, OpenSocket } from './socket.js';
import { parseBtpUrl, type BtpUrl } from './url.js';
import type { BtpRequestOptions } from './waiting.js';

/** What a client is made of. */
export interface BtpClientOptions {
  /** `btp+ws://user:token@host:port/path`, or `btp+wss://`. Credentials may be given apart instead, not both. */
  readonly url: string | URL;
  readonly username?: string;
  readonly token?: string;
  /** Further entries for the authentication, which some servers understand. */
  readonly authenticationData?: readonly ProtocolData[];
  readonly tls?: BtpClientTls;
  /** Understand the swapped packet types of interledger-rs; looks at the first octet of `ilp` data. Default false. */
  readonly swappedTypes?: boolean;
  readonly policy?: Partial<BtpPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
  /** Another way to open WebSockets than the platform's. */
  readonly openSocket?: OpenSocket;
}

/** What a client tells beside what every endpoint does. */
export interface BtpClientEvents extends BtpEndpointEvents {
  /** The connection or an attempt failed; the next attempt comes after `delayMs`. */
  reconnecting: [info: { readonly delayMs: number; readonly reason: string }];
  /** The server refused the credentials for good; the client does not try again by itself. */
  refused: [error: BtpConnectError];
}

/** When to give up connecting. */
export interface BtpConnectOptions {
  readonly signal?: AbortSignal;
  /** Default 30,000; Infinity tries on until `close()`. */
  readonly timeoutMs?: number;
}

/** A caller of `connect()`. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: BtpConnectError) => void;
}

const CONNECT_TIMEOUT_MS = 30_000;

/**
 * The end of a link that dials. After `connect()` it stays connected: when the connection drops it dials again, with
 * growing, randomly shortened waits, until `close()` or until the server refuses the credentials.
 */
export class BtpClient extends EventEmitter<BtpClientEvents> implements BtpEndpoint {
  readonly counters: BtpCounters = newCounters();
  readonly #options: BtpClientOptions;
  readonly #url: BtpUrl;
  readonly #policy: BtpPolicy;
  readonly #environment: Environment;
  readonly #handlers = new Handlers();
  readonly #waiters = new Set<Waiter>();
  #connection: BtpConnection | undefined;
  #reconnectTimer: unknown;
  /** Failures in a row, since a connection lasted. */
  #failures = 0;
  #connectedAt: number | undefined;
  #lastFailure: Error | undefined;
  #state: 'idle' | 'active' | 'closed' = 'idle';

  /** @throws {@link BtpUrlError} for a URL that cannot be used, or credentials that are given twice. */
  constructor(options: BtpClientOptions) {
    super();
    this.#options = options;
    this.#policy = policyOf(options.policy);
    this.#environment = environmentOf(options);
    const url = parseBtpUrl(options.url);
    const inUrl = url.username !== '' || url.token !== '';
    if (inUrl && (options.username !== undefined || options.token !== undefined)) {
      throw new BtpUrlError('credentials are given in the BTP URL and beside it');
    }
    this.#url = {
      webSocketUrl: url.webSocketUrl,
      username: options.username ?? url.username,
      token: options.token ?? url.token,
    };
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  get gauges(): BtpGauges {
    const connection = this.#connection;
    return {
      connections: connection !== undefined && this.#connectedAt !== undefined ? 1 : 0,
      outgoing: connection?.outgoing ?? 0,
      incoming: connection?.incoming ?? 0,
      bufferedBytes: connection?.bufferedBytes ?? 0,
    };
  }

  /**
   * Resolves when the link is authenticated. Failures of the network are tried again until the time-out or the signal;
   * either ends the attempts. A final refusal by the server rejects at once.
   * @throws {@link BtpConnectError}
   */
  async connect(options: BtpConnectOptions = {}): Promise<void> {
    const { signal, timeoutMs = CONNECT_TIMEOUT_MS } = options;
    if (this.isConnected) return;
    if (this.#state === 'closed') throw new BtpConnectError('CLOSED', 'the client was closed');
    if (signal?.aborted === true) throw abortError(signal);
    const { clock } = this.#environment;
    let timer: unknown;
    let stop: (() => void) | undefined;
    let waiter: Waiter | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting = { resolve, reject };
        waiter = waiting;
        this.#waiters.add(waiting);
        stop = () => this.#giveUp(waiting, abortError(signal));
        signal?.addEventListener('abort', stop, { once: true });
        if (timeoutMs !== Infinity) {
          timer = clock.setTimeout(() => {
            const message = `no connection after ${timeoutMs} ms: ${this.#lastFailure?.message ?? 'no answer yet'}`;
            const cause = this.#lastFailure;
            this.#giveUp(waiting, new BtpConnectError('TIMEOUT', message, { cause }));
          }, timeoutMs);
        }
        if (this.#state === 'idle') this.#start();
      });
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
      if (timer !== undefined) clock.clearTimeout(timer);
      if (stop !== undefined) signal?.removeEventListener('abort', stop);
    }
  }

  async send(octets: Uint8Array, options: BtpRequestOptions): Promise<Uint8Array> {
    const reply = await this.request([octetsData('ilp', octets)], options);
    return findData(reply, 'ilp') ?? NOTHING;
  }

  request(
    protocolData: readonly ProtocolData[],
    options: BtpRequestOptions,
  ): Promise<readonly ProtocolData[]> {
    return this.#request({ type: BtpType.message, protocolData }, options);
  }

  transfer(
    amount: bigint,
    protocolData: readonly ProtocolData[],
    options: BtpRequestOptions,
  ): Promise<readonly ProtocolData[]> {
    return this.#request({ type: BtpType.transfer, amount, protocolData }, options);
  }

  handle(protocolName: string, handler: BtpMessageHandler): void {
    this.#handlers.handle(protocolName, handler);
  }

  handleTransfer(handler: BtpTransferHandler): void {
    this.#handlers.handleTransfer(handler);
  }

  close(options: BtpCloseOptions = {}): Promise<void> {
    return this.#end('closed', 'the client was closed', options);
  }

  /**
   * Ends the connection as {@link close} does, and the attempts to make one; {@link connect} may be called again afterwards.
   */
  disconnect(options: BtpCloseOptions = {}): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    return this.#end('idle', 'the client was disconnected', options);
  }

  async #end(
    state: 'closed' | 'idle',
    message: string,
    { drainTimeoutMs = this.#policy.drainTimeoutMs }: BtpCloseOptions,
  ): Promise<void> {
    this.#state = state;
    this.#clearReconnect();
    this.#rejectWaiters(new BtpConnectError('CLOSED', message));
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.drain('closed', drainTimeoutMs, false);
    await connection.whenClosed();
  }

  #request(content: RequestContent, options: BtpRequestOptions): Promise<readonly ProtocolData[]> {
    if (this.#connection !== undefined) return this.#connection.request(content, options);
    this.counters.requestsNotSent += 1;
    const closed = this.#state === 'closed';
    const error = closed
      ? new BtpRequestError('CLOSING', 'no', 'the client was closed')
      : new BtpRequestError('NOT_CONNECTED', 'no', 'there is no connection', {
          cause: this.#lastFailure,
        });
    return Promise.reject(error);
  }

  #start(): void {
    this.#state = 'active';
    this.#failures = 0;
    this.#dial();
  }

  #dial(): void {
    const connection: BtpConnection = new BtpConnection(
      {
        role: 'client',
        policy: this.#policy,
        environment: this.#environment,
        swappedTypes: this.#options.swappedTypes ?? false,
      },
      this.counters,
      {
        authenticate: () => undefined,
        opened: () => this.#handleOpened(),
        refused: (error) => this.#handleRefused(error),
        answer: (packet) => this.#handlers.answer(packet),
        closed: (end) => this.#handleClosed(connection, end),
      },
    );
    this.#connection = connection;
    const { webSocketUrl, username, token } = this.#url;
    const open = this.#options.openSocket ?? openSocket;
    const { maxMessageBytes } = this.#policy;
    const listener = {
      onOpen: (): void => {
        connection.onOpen();
        const extra = this.#options.authenticationData;
        connection.authenticate(authenticationData(username, token, extra));
      },
      onMessage: (octets: Uint8Array) => connection.onMessage(octets),
      onText: () => connection.onText(),
      onAlive: () => connection.onAlive(),
      onClose: (end: { code: number; reason: string; error?: Error | undefined }) =>
        connection.onClose(end),
    };
    try {
      connection.attach(open(webSocketUrl, { maxMessageBytes, tls: this.#options.tls }, listener));
    } catch (error) {
      // What the platform refuses at once, an option that it does not have say, it will always refuse.
      this.#connection = undefined;
      this.#state = 'idle';
      throw error;
    }
  }

  #handleOpened(): void {
    this.#connectedAt = this.#environment.clock.now();
    this.#lastFailure = undefined;
    this.#environment.logger.info('BTP link is connected');
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    this.emit('connect');
    for (const { resolve } of waiters) resolve();
  }

  #handleRefused(btpError: BtpError): void {
    const message = `the server refused the authentication: ${describeBtpError(btpError)}`;
    const error = new BtpConnectError('REFUSED', message, { btpError });
    this.#lastFailure = error;
    if (isTemporary(btpError.code)) return; // The end of the connection makes the next attempt.
    this.#environment.logger.error('BTP link is refused', { error });
    if (this.#state === 'active') this.#state = 'idle';
    this.#rejectWaiters(error);
    this.emit('refused', error);
  }

  #handleClosed(connection: BtpConnection, end: ConnectionEnd): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    const { clock, logger } = this.#environment;
    const connectedAt = this.#connectedAt;
    this.#connectedAt = undefined;
    if (connectedAt !== undefined) {
      if (clock.now() - connectedAt >= this.#policy.reconnectResetMs) this.#failures = 0;
      logger.info('BTP link is disconnected', { reason: end.reason });
      this.emit('disconnect', { reason: end.reason });
    }
    if (this.#state !== 'active') return;
    if (!(this.#lastFailure instanceof BtpConnectError)) {
      this.#lastFailure = end.error ?? new Error(end.reason);
    }
    this.#dialLater(end.reason);
  }

  #dialLater(reason: string): void {
    const { reconnectInitialMs, reconnectMaxMs } = this.#policy;
    const longest = Math.min(reconnectInitialMs * 2 ** this.#failures, reconnectMaxMs);
    const share = randomUInt32(this.#environment.randomBytes) / 2 ** 32;
    const delayMs = Math.ceil(longest * (0.5 + share / 2));
    this.#failures += 1;
    this.#environment.logger.debug('BTP link will reconnect', { delayMs, reason });
    this.#reconnectTimer = this.#environment.clock.setTimeout(() => {
      this.#reconnectTimer = undefined;
      this.#dial();
    }, delayMs);
    this.emit('reconnecting', { delayMs, reason });
  }

  /** The caller of `connect()` does not wait any longer. When nobody does, the attempts end. */
  #giveUp(waiter: Waiter, error: BtpConnectError): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.reject(error);
    if (this.#waiters.size > 0 || this.#state !== 'active') return;
    this.#state = 'idle';
    this.#clearReconnect();
    this.#connection?.terminate('the attempt to connect was given up');
  }

  #rejectWaiters(error: BtpConnectError): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { reject } of waiters) reject(error);
  }

  #clearReconnect(): void {
    const timer = this.#reconnectTimer;
    if (timer !== undefined) this.#environment.clock.clearTimeout(timer);
    this.#reconnectTimer = undefined;
  }
}

const NOTHING = new Uint8Array(0);

function abortError(signal: AbortSignal | undefined): BtpConnectError {
  return new BtpConnectError('ABORTED', 'aborted by the caller', {
    cause: signal?.reason as unknown,
  });
}
