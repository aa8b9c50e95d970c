import { childAddress, isPrefixOf, type IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler, IlpPrepare } from '@pennyswitch/ilp-packet';
import { EventEmitter } from 'eventemitter3';
import type { Asset } from '../asset.js';
import { ConnectionMachine } from '../connection/connection-machine.js';
import {
  connectionFacts,
  environmentOf,
  type ConnectionOptions,
} from '../connection/connection-options.js';
import { openRequest, readPrepare, refuse } from '../connection/incoming-router.js';
import { StreamConnection } from '../connection/stream-connection.js';
import { CredentialsError } from '../credentials-error.js';
import type { CredentialDetails } from '../credentials-token.js';
import { StreamServerSecrets, type StreamCredentials } from '../credentials.js';
import { systemClock, type Clock } from '../environment.js';
import type { StreamPacket } from '../packet.js';
import { secureRandomBytes } from '../random.js';
import { ReceiverConnection } from '../receiver-connections.js';
import { ClosedConnections } from './closed-connections.js';

/** What a {@link StreamServer} tells. */
export interface StreamServerEvents {
  /** A client's first packet has come. Listeners of the connection that are added here miss nothing. */
  connection: (connection: StreamConnection) => void;
}

/** How a {@link StreamServer} works. */
export interface StreamServerOptions extends Omit<ConnectionOptions, 'asset' | 'remoteAsset'> {
  /**
   * 32 random bytes that whoever makes credentials and whoever accepts connections must share. Several, to rotate: the first
   * makes credentials, all of them open.
   */
  readonly secret: Uint8Array | readonly Uint8Array[];
  /** The address that packets come in at; undefined as long as it is not known, when everything is answered with T00. */
  readonly address: () => IlpAddress | undefined;
  /** What this end counts in; told to clients. A function where it is learned later (ILDCP). */
  readonly asset?: Asset | (() => Asset | undefined);
  /** The most connections at a time; further clients are told to try later. Default 10,000. */
  readonly maxConnections?: number;
}

/** How long a connection that is over is remembered, and how many of them: their packets open no new one. */
const CLOSED_MEMORY = { maxCount: 10_000, retentionMs: 600_000 };

/**
 * Accepts STREAM connections, and keeps each for as long as it lasts. Its credentials are those of `StreamReceiver`: whoever
 * shares the secret can make them, an SPSP server for example.
 */
export class StreamServer extends EventEmitter<StreamServerEvents> {
  /** Answers a Prepare: give it to the connector or link that packets come in from. */
  readonly handle: IlpPacketHandler;
  readonly #options: StreamServerOptions;
  readonly #secrets: StreamServerSecrets;
  readonly #clock: Clock;
  readonly #connections = new Map<string, Accepted>();
  readonly #closed: ClosedConnections;
  #isClosing = false;

  /** @throws {@link CredentialsError} `BAD_SECRET` */
  constructor(options: StreamServerOptions) {
    super();
    this.#options = options;
    this.#secrets = new StreamServerSecrets(options.secret);
    this.#clock = options.clock ?? systemClock;
    this.#closed = new ClosedConnections(CLOSED_MEMORY);
    this.handle = (bytes) => this.#handle(bytes);
  }

  /** The connections that are open. */
  get connections(): readonly StreamConnection[] {
    return Array.from(this.#connections.values(), ({ connection }) => connection);
  }

  /**
   * Makes credentials for one connection. They name the server's asset unless `details` names one.
   * @throws {@link CredentialsError} `NO_ADDRESS` as long as the server has none; otherwise as
   * {@link StreamServerSecrets.create} does.
   */
  createCredentials(details: CredentialDetails = {}): StreamCredentials {
    const address = this.#options.address();
    if (address === undefined) {
      throw new CredentialsError('NO_ADDRESS', 'the server has no ILP address yet');
    }
    const asset = details.asset ?? this.#asset;
    return this.#secrets.create(
      address,
      asset === undefined ? details : { ...details, asset },
      this.#options.randomBytes ?? secureRandomBytes,
    );
  }

  /** Accepts nothing new, and closes every connection: resolves when all are over. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.connections.map((connection) => connection.close()));
  }

  get #asset(): Asset | undefined {
    const { asset } = this.#options;
    return typeof asset === 'function' ? asset() : asset;
  }

  #handle(bytes: Uint8Array): Promise<Uint8Array> {
    const self = this.#options.address();
    const prepare = readPrepare(bytes);
    if (prepare === undefined) return refuse('F01', self, 'invalid packet');
    if (self === undefined) return refuse('T00', self, 'the server has no address yet');
    const token = tokenBelow(self, prepare);
    if (token === undefined) return refuse('F02', self, 'no such destination');
    const known = this.#connections.get(token);
    const identity = known?.identity ?? this.#identify(token);
    const request = identity && openRequest(identity.keys, prepare);
    if (identity === undefined || request === undefined) {
      return refuse('F06', self, 'unexpected payment');
    }
    if (known !== undefined) return known.connection.handle(prepare, request);
    return this.#accept(token, identity, childAddress(self, token), { prepare, request });
  }

  #identify(token: string): ReceiverConnection | undefined {
    const credentials = this.#secrets.open(token);
    return credentials === undefined ? undefined : new ReceiverConnection(credentials);
  }

  /** Opens a connection for the first packet of a client that knows its secret. */
  #accept(
    token: string,
    identity: ReceiverConnection,
    address: IlpAddress,
    first: { readonly prepare: IlpPrepare; readonly request: StreamPacket },
  ): Promise<Uint8Array> {
    const now = this.#clock.now();
    const { maxConnections = 10_000 } = this.#options;
    const { expiresAt } = identity.credentials;
    if (this.#closed.has(identity.id, now) || (expiresAt !== undefined && expiresAt <= now)) {
      return refuse('F99', address, '');
    }
    if (this.#isClosing || this.#connections.size >= maxConnections) {
      return refuse('T99', address, '');
    }
    const connection = this.#create(identity, address);
    this.#connections.set(token, { identity, connection });
    connection.once('close', () => {
      this.#connections.delete(token);
      this.#closed.add(identity.id, this.#clock.now());
    });
    this.emit('connection', connection);
    return connection.handle(first.prepare, first.request);
  }

  #create(identity: ReceiverConnection, address: IlpAddress): StreamConnection {
    const { asset: _asset, ...options } = this.#options;
    const asset = identity.credentials.asset ?? this.#asset;
    const all: ConnectionOptions = asset === undefined ? options : { ...options, asset };
    const environment = environmentOf(all);
    const machine = new ConnectionMachine({
      facts: connectionFacts(all, { role: 'server', address, remoteAddress: undefined }),
      connection: identity,
      fallbackAddress: address,
      rate: environment.rate,
      randomBytes: environment.randomBytes,
    });
    const names = { id: identity.id, tag: identity.credentials.tag };
    return new StreamConnection(machine, names, environment);
  }
}

interface Accepted {
  readonly identity: ReceiverConnection;
  readonly connection: StreamConnection;
}

/** The segment behind the server's own address; what a sender may append to it is ignored. */
function tokenBelow(self: IlpAddress, { destination }: IlpPrepare): string | undefined {
  if (!isPrefixOf(self, destination) || destination.length === self.length) return undefined;
  const start = self.length + 1;
  const end = destination.indexOf('.', start);
  return destination.slice(start, end < 0 ? undefined : end);
}
