import { EventEmitter } from 'eventemitter3';
import { makeAcceptor } from '#websocket-server';
import type { Acceptor } from './acceptor.js';
import { BtpAccount } from './account.js';
import type { AuthenticationData } from './authentication.js';
import { BtpConnection, type ConnectionOptions } from './connection.js';
import type { ConnectionEnd, ConnectionOwner } from './connection-owner.js';
import { newCounters, type BtpCounters } from './counters.js';
import type { BtpCloseOptions } from './endpoint.js';
import {
  environmentOf,
  type Clock,
  type Environment,
  type Logger,
  type RandomBytes,
} from './environment.js';
import type { BtpMessage, BtpTransfer, ProtocolData } from './packet.js';
import { policyOf, type BtpPolicy } from './policy.js';
import type { BtpPeer, BtpServerTls, BtpTlsPair, UpgradeServer } from './server-socket.js';
import type { BtpSocket, SocketListener } from './socket.js';

/** What `authenticate` decides by. */
export interface BtpCredentials extends AuthenticationData, BtpPeer {}

/** How many connections a server takes. */
export interface BtpServerLimits {
  /** All together. */
  readonly maxConnections: number;
  /** Connections that have not authenticated yet. */
  readonly maxUnauthenticated: number;
  /** From one address. Behind a proxy all have the proxy's. */
  readonly maxConnectionsPerAddress: number;
  /** Of one account: the current one and replaced ones that finish their requests. */
  readonly maxConnectionsPerAccount: number;
}

const DEFAULT_LIMITS: BtpServerLimits = {
  maxConnections: 20_000,
  maxUnauthenticated: 1000,
  maxConnectionsPerAddress: 256,
  maxConnectionsPerAccount: 4,
};

/** What a server is made of. */
export interface BtpServerOptions {
  /**
   * Finds the account of a client: its id, or undefined to refuse. Compare tokens with `equalSecrets`. If it rejects,
   * the client is told to try again later (T00).
   */
  readonly authenticate: (credentials: BtpCredentials) => Promise<string | undefined>;
  /**
   * Which web pages may connect from browsers, by `Origin` (`https://example.com`). Default none: a page that somebody
   * visits could otherwise speak to a server on that person's machine. Clients that are no browsers send no `Origin`.
   */
  readonly allowedOrigins?: '*' | readonly string[];
  /** The path that belongs to BTP on a server that is attached to; default every path. */
  readonly path?: string;
  /** TLS for `listen()`. A server that is attached to brings its own. */
  readonly tls?: BtpServerTls;
  /** Understand the swapped packet types of interledger-rs; looks at the first octet of `ilp` data. Default false. */
  readonly swappedTypes?: boolean;
  readonly limits?: Partial<BtpServerLimits>;
  readonly policy?: Partial<BtpPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** What a server tells. */
export interface BtpServerEvents {
  /** An account authenticated that `account()` was not called for yet: register its handlers here. */
  account: [account: BtpAccount];
  /** A client was refused; says why, never with its token. */
  refused: [info: { readonly address: string; readonly reason: string }];
  /** The files of the certificate changed and were read. */
  'tls-reloaded': [];
  /** They changed but cannot be used; the old certificate stays, and the next change is tried. */
  'tls-failed': [error: Error];
}

/** What a server does about its connections. */
interface ConnectionKeeper {
  authenticate(accepted: Accepted, data: AuthenticationData): Promise<void>;
  closed(accepted: Accepted, end: ConnectionEnd): void;
}

/** A connection, where it came from, and whose it is once that is known. */
class Accepted implements ConnectionOwner {
  readonly peer: BtpPeer;
  readonly connection: BtpConnection;
  account: BtpAccount | undefined;
  readonly #keeper: ConnectionKeeper;

  constructor(
    peer: BtpPeer,
    options: ConnectionOptions,
    counters: BtpCounters,
    keeper: ConnectionKeeper,
  ) {
    this.peer = peer;
    this.#keeper = keeper;
    this.connection = new BtpConnection(options, counters, this);
  }

  authenticate(data: AuthenticationData): void {
    void this.#keeper.authenticate(this, data);
  }

  opened(): void {
    // A client's.
  }

  refused(): void {
    // A client's.
  }

  answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]> {
    if (this.account === undefined) throw new Error('a request before authentication');
    return this.account.answer(packet);
  }

  closed(end: ConnectionEnd): void {
    this.#keeper.closed(this, end);
  }
}

/**
 * The end of links that listens: many accounts on one port. Node only.
 *
 * A connection touches an account after `authenticate` has named it, never before; so a client with a wrong token
 * disturbs nobody.
 */
export class BtpServer extends EventEmitter<BtpServerEvents> {
  /** What connections did before they authenticated; afterwards their accounts count. */
  readonly counters: BtpCounters = newCounters();
  readonly #options: BtpServerOptions;
  readonly #policy: BtpPolicy;
  readonly #limits: BtpServerLimits;
  readonly #environment: Environment;
  readonly #connectionOptions: ConnectionOptions;
  readonly #keeper: ConnectionKeeper;
  readonly #acceptor: Acceptor;
  readonly #accounts = new Map<string, BtpAccount>();
  readonly #accepted = new Set<Accepted>();
  readonly #perAddress = new Map<string, number>();
  #total = 0;
  #unauthenticated = 0;
  #closing = false;

  constructor(options: BtpServerOptions) {
    super();
    this.#options = options;
    this.#policy = policyOf(options.policy);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#environment = environmentOf(options);
    this.#connectionOptions = {
      role: 'server',
      policy: this.#policy,
      environment: this.#environment,
      swappedTypes: options.swappedTypes ?? false,
    };
    this.#keeper = {
      authenticate: (accepted, data) => this.#authenticate(accepted, data),
      closed: (accepted, end) => this.#closed(accepted, end),
    };
    this.#acceptor = makeAcceptor({
      maxMessageBytes: this.#policy.maxMessageBytes,
      tls: options.tls,
      isOurs: ({ path }) => options.path === undefined || path.split('?')[0] === options.path,
      admit: (peer) => this.#admit(peer),
      connected: (peer, adopt) => this.#connected(peer, adopt),
      abandoned: (peer) => this.#forget(peer),
      tlsReloaded: () => this.emit('tls-reloaded'),
      tlsFailed: (error) => {
        this.#environment.logger.error('BTP server certificate cannot be used', { error });
        this.emit('tls-failed', error);
      },
      failed: (error) => this.#environment.logger.error('BTP server', { error }),
    });
  }

  /** Listens on a port of its own, 0 for any free one; returns where. Rejects with Node's error if it cannot. */
  listen(where: { port: number; host?: string }): Promise<{ port: number; host: string }> {
    return this.#acceptor.listen(where.port, where.host ?? '127.0.0.1');
  }

  /** Takes the WebSocket upgrades of an HTTP server, which stays its owner's to listen and close. */
  attach(server: UpgradeServer): void {
    this.#acceptor.attach(server);
  }

  /** Uses another certificate for new connections. */
  setTls(pair: BtpTlsPair): void {
    this.#acceptor.setTls(pair);
  }

  /** The account of this id, whether or not it is connected. */
  account(id: string): BtpAccount {
    let account = this.#accounts.get(id);
    if (account === undefined) {
      account = new BtpAccount(id, this.#policy, this.#limits.maxConnectionsPerAccount);
      this.#accounts.set(id, account);
    }
    return account;
  }

  /** All accounts that were asked for or have connected. */
  accounts(): readonly BtpAccount[] {
    return [...this.#accounts.values()];
  }

  /** Closes an account and forgets it. It comes back if `authenticate` names it again. */
  async removeAccount(id: string, options: BtpCloseOptions = {}): Promise<void> {
    const account = this.#accounts.get(id);
    this.#accounts.delete(id);
    await account?.close(options);
  }

  /** Open connections, and how many of them have not authenticated. */
  get gauges(): { readonly connections: number; readonly unauthenticated: number } {
    return { connections: this.#total, unauthenticated: this.#unauthenticated };
  }

  /** Accepts no more, waits for requests in flight on every account, then closes all connections. */
  async close(options: BtpCloseOptions = {}): Promise<void> {
    this.#closing = true;
    const closed = this.#acceptor.close();
    const ended = [...this.#accepted].map(({ connection }) => connection.whenClosed());
    for (const { connection, account } of this.#accepted) {
      if (account === undefined) connection.terminate('the server is closing');
    }
    await Promise.all(this.accounts().map((account) => account.close(options)));
    await Promise.all(ended);
    await closed;
  }

  #admit(peer: BtpPeer): number | undefined {
    const status = this.#admission(peer);
    if (status !== undefined) {
      this.#refused(peer, status === 403 ? 'its origin is not allowed' : 'too many connections');
      return status;
    }
    this.#total += 1;
    this.#unauthenticated += 1;
    this.#perAddress.set(peer.address, (this.#perAddress.get(peer.address) ?? 0) + 1);
    return undefined;
  }

  #admission({ origin, address }: BtpPeer): number | undefined {
    const { allowedOrigins = [] } = this.#options;
    if (origin !== undefined && allowedOrigins !== '*' && !allowedOrigins.includes(origin)) {
      return 403;
    }
    const { maxConnections, maxUnauthenticated, maxConnectionsPerAddress } = this.#limits;
    if (this.#closing || this.#total >= maxConnections) return 503;
    if (this.#unauthenticated >= maxUnauthenticated) return 503;
    if ((this.#perAddress.get(address) ?? 0) >= maxConnectionsPerAddress) return 429;
    return undefined;
  }

  /** A connection of this peer is gone, or was never made. */
  #forget(peer: BtpPeer, authenticated = false): void {
    this.#total -= 1;
    if (!authenticated) this.#unauthenticated -= 1;
    const left = (this.#perAddress.get(peer.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(peer.address);
    else this.#perAddress.set(peer.address, left);
  }

  #connected(peer: BtpPeer, adopt: (listener: SocketListener) => BtpSocket): void {
    const accepted = new Accepted(peer, this.#connectionOptions, this.counters, this.#keeper);
    this.#accepted.add(accepted);
    accepted.connection.attach(adopt(accepted.connection));
    accepted.connection.awaitAuthentication();
  }

  #closed(accepted: Accepted, end: ConnectionEnd): void {
    const { account, peer, connection } = accepted;
    this.#accepted.delete(accepted);
    this.#forget(peer, account !== undefined);
    if (account === undefined) this.#refused(peer, end.reason);
    else account.release(connection, end);
  }

  async #authenticate(accepted: Accepted, data: AuthenticationData): Promise<void> {
    const { connection, peer } = accepted;
    let id: string | undefined;
    try {
      id = await this.#options.authenticate({ ...data, ...peer });
    } catch (error) {
      this.#environment.logger.error('BTP authentication failed to run', { error });
      connection.refuse('T00', 'try again later');
      return;
    }
    if (id === undefined) {
      connection.refuse('F00', 'user name or token is wrong');
      return;
    }
    // The client may have gone, or its time been over, while the application was looking.
    if (!connection.isAuthenticating) return;
    if (this.#closing) {
      connection.refuse('T00', 'the server is closing');
      return;
    }
    const known = this.#accounts.has(id);
    const account = this.account(id);
    accepted.account = account;
    this.#unauthenticated -= 1;
    if (!known) this.emit('account', account);
    connection.counters = account.counters;
    account.adopt(connection);
    connection.accept(() => account.announce());
  }

  #refused({ address }: BtpPeer, reason: string): void {
    this.#environment.logger.info('BTP client is refused', { address, reason });
    this.emit('refused', { address, reason });
  }
}
