import { EventEmitter } from 'eventemitter3';
import type { BtpConnection } from './connection.js';
import type { ConnectionEnd } from './connection-owner.js';
import { newCounters, type BtpCounters } from './counters.js';
import type { BtpCloseOptions, BtpEndpoint, BtpEndpointEvents, BtpGauges } from './endpoint.js';
import { BtpRequestError } from './errors.js';
import { Handlers, type BtpMessageHandler, type BtpTransferHandler } from './exchange.js';
import { BtpType, type BtpMessage, type BtpTransfer, type ProtocolData } from './packet.js';
import type { BtpPolicy } from './policy.js';
import { findData, octetsData } from './protocol-data.js';
import type { RequestContent } from './session.js';
import type { BtpRequestOptions } from './waiting.js';

const NOTHING = new Uint8Array(0);

/**
 * One peer of a `BtpServer`. It is there before the peer connects and after it has gone; only authenticated
 * connections get here. A new connection takes the place of the old one, which finishes what is in flight on it, both
 * ways, and is closed then.
 */
export class BtpAccount extends EventEmitter<BtpEndpointEvents> implements BtpEndpoint {
  /** What `authenticate` named it. */
  readonly id: string;
  readonly counters: BtpCounters = newCounters();
  readonly #policy: BtpPolicy;
  readonly #maxConnections: number;
  readonly #handlers = new Handlers();
  /** Oldest first: replaced ones that finish their requests, then the current one. */
  #connections: readonly BtpConnection[] = [];
  #current: BtpConnection | undefined;
  /** Whether `connect` was the last event. */
  #isAnnounced = false;

  /** Made by `BtpServer.account()`. */
  constructor(id: string, policy: BtpPolicy, maxConnections: number) {
    super();
    this.id = id;
    this.#policy = policy;
    this.#maxConnections = maxConnections;
  }

  get isConnected(): boolean {
    return this.#current?.isOpen ?? false;
  }

  get gauges(): BtpGauges {
    const all = this.#connections;
    const sum = (of: (connection: BtpConnection) => number): number =>
      all.reduce((total, connection) => total + of(connection), 0);
    return {
      connections: all.length,
      outgoing: sum(({ outgoing }) => outgoing),
      incoming: sum(({ incoming }) => incoming),
      bufferedBytes: sum(({ bufferedBytes }) => bufferedBytes),
    };
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

  /** Closes the account's connections. The peer may connect again; the application decides in `authenticate`. */
  async close(options: BtpCloseOptions = {}): Promise<void> {
    const timeoutMs = options.drainTimeoutMs ?? this.#policy.drainTimeoutMs;
    const connections = this.#connections;
    for (const connection of connections) connection.drain('closed', timeoutMs, false);
    await Promise.all(connections.map((connection) => connection.whenClosed()));
  }

  /** The server's: an authenticated connection of this account. Call before its authentication is answered. */
  adopt(connection: BtpConnection): void {
    const replaced = this.#current;
    const all = [...this.#connections, connection];
    this.#current = connection;
    this.#connections = all.slice(-this.#maxConnections);
    for (const oldest of all.slice(0, -this.#maxConnections)) {
      oldest.terminate('the account has too many connections');
    }
    replaced?.drain('replaced by a new connection', this.#policy.drainTimeoutMs, true);
  }

  /** The server's: the answer to the authentication has gone. */
  announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.emit('connect');
  }

  /** The server's: answers a request of the peer. */
  answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]> {
    return this.#handlers.answer(packet);
  }

  /** The server's: a connection of this account has ended. */
  release(connection: BtpConnection, end: ConnectionEnd): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
    if (this.#current !== connection) return;
    this.#current = undefined;
    if (!this.#isAnnounced) return;
    this.#isAnnounced = false;
    this.emit('disconnect', { reason: end.reason });
  }

  #request(content: RequestContent, options: BtpRequestOptions): Promise<readonly ProtocolData[]> {
    if (this.#current !== undefined) return this.#current.request(content, options);
    this.counters.requestsNotSent += 1;
    const message = 'the account is not connected';
    return Promise.reject(new BtpRequestError('NOT_CONNECTED', 'no', message));
  }
}
