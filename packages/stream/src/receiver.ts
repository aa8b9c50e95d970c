import { isPrefixOf, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  encodeReject,
  isFulfillmentOf,
  PacketType,
  type IlpErrorCode,
  type IlpPacketHandler,
  type IlpPrepare,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { isSameAsset, type Asset } from './asset.js';
import { CredentialsError } from './credentials-error.js';
import type { CredentialDetails } from './credentials-token.js';
import { StreamServerSecrets, type StreamCredentials } from './credentials.js';
import {
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
  type RandomBytes,
} from './environment.js';
import { StreamErrorCode } from './error-codes.js';
import { MAX_SEQUENCE, type StreamPacket } from './packet.js';
import { secureRandomBytes } from './random.js';
import { ReceiverConnections, type ReceiverConnection } from './receiver-connections.js';
import { readControlFrames } from './receiver-control.js';
import type { IncomingMoney, MoneyDecision } from './receiver-money.js';
import { ReceivedPacket } from './receiver-packet.js';
import { isCounted, MoneyTaker } from './receiver-taker.js';
import { MemoryTotalsStore, type TotalsStore } from './receiver-totals.js';

/** How a {@link StreamReceiver} works. */
export interface StreamReceiverOptions {
  /**
   * 32 random bytes that whoever makes credentials and whoever receives must share. Several, to rotate: the first makes
   * credentials, all of them open.
   */
  readonly secret: Uint8Array | readonly Uint8Array[];
  /** The address that packets come in at; undefined as long as it is not known, when everything is answered with T00. */
  readonly address: () => IlpAddress | undefined;
  /** What the amounts are counted in; told to senders that ask. A function where it is learned later (ILDCP). */
  readonly asset?: Asset | (() => Asset | undefined);
  /**
   * Decides about each packet of money before it is fulfilled; without it all money is accepted. It may take its time until
   * the packet expires. Book money here, under its `packetId`, where it must be booked before it is fulfilled; then
   * {@link onUndo} must take it back.
   */
  readonly onMoney?: (money: IncomingMoney) => MoneyDecision | PromiseLike<MoneyDecision>;
  /** Told of each packet of money that was fulfilled, once, after the Fulfill was returned. */
  readonly onReceived?: (money: IncomingMoney) => void;
  /** Told of each packet that `onMoney` accepted but that was not fulfilled: too late, or the totals could not be stored. */
  readonly onUndo?: (money: IncomingMoney) => void;
  /** Where totals of connections with a limit or receipts are kept; default: in memory. */
  readonly totals?: TotalsStore;
  /** Makes all replies equally long, so that their size does not tell what is in them; default false. */
  readonly padReplies?: boolean;
  /** How many connections' keys are kept at most, to save time; default 1000. */
  readonly keptConnections?: number;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/**
 * Receives money over STREAM without keeping connections: all that it must know of one stands, encrypted, in the address
 * that the sender was given. Any number of processes with the same secret can make credentials and receive. Only connections
 * with a limit or receipts have something stored, their totals.
 *
 * It receives money, and data only as far as it comes along with money; it never sends.
 */
export class StreamReceiver {
  /** Answers a Prepare: give it to the connector or link that packets come in from. */
  readonly handle: IlpPacketHandler;
  readonly #address: () => IlpAddress | undefined;
  readonly #asset: () => Asset | undefined;
  readonly #secrets: StreamServerSecrets;
  readonly #connections: ReceiverConnections;
  readonly #taker: MoneyTaker;
  readonly #padded: boolean;
  readonly #clock: Clock;
  readonly #randomBytes: RandomBytes;
  readonly #logger: Logger;

  /** @throws {@link CredentialsError} `BAD_SECRET` */
  constructor(options: StreamReceiverOptions) {
    const { asset } = options;
    this.#address = options.address;
    this.#asset = typeof asset === 'function' ? asset : () => asset;
    this.#secrets = new StreamServerSecrets(options.secret);
    this.#connections = new ReceiverConnections(this.#secrets, options.keptConnections ?? 1000);
    this.#padded = options.padReplies ?? false;
    this.#clock = options.clock ?? systemClock;
    this.#randomBytes = options.randomBytes ?? secureRandomBytes;
    this.#logger = options.logger ?? silentLogger;
    this.#taker = new MoneyTaker({
      onMoney: options.onMoney ?? (() => 'accept'),
      onReceived: options.onReceived,
      onUndo: options.onUndo,
      totals: options.totals ?? new MemoryTotalsStore({ clock: this.#clock }),
      clock: this.#clock,
      logger: this.#logger,
    });
    this.handle = async (prepare) => {
      try {
        return await this.#handle(prepare);
      } catch (error) {
        // Only what the application supplied can throw; a packet handler does not.
        this.#logger.error('could not handle a packet', { error });
        return reject('T00', undefined, 'internal error');
      }
    };
  }

  /**
   * Makes credentials for one connection to this receiver. They name the receiver's asset unless `details` names one.
   * @throws {@link CredentialsError} `NO_ADDRESS` as long as the receiver has none; otherwise as
   * {@link StreamServerSecrets.create} does.
   */
  createCredentials(details: CredentialDetails = {}): StreamCredentials {
    const address = this.#address();
    if (address === undefined) {
      throw new CredentialsError('NO_ADDRESS', 'the receiver has no ILP address yet');
    }
    const asset = details.asset ?? this.#asset();
    return this.#secrets.create(
      address,
      asset === undefined ? details : { ...details, asset },
      this.#randomBytes,
    );
  }

  async #handle(bytes: Uint8Array): Promise<Uint8Array> {
    const packet = this.#identify(bytes);
    if (packet instanceof Uint8Array) return packet;
    const refusal = this.#checkConnection(packet);
    if (refusal !== undefined) return refusal;

    const { request, prepare, connection } = packet;
    const asset = connection.credentials.asset ?? this.#asset();
    const frames = readControlFrames(request.frames, asset, isCounted(connection));
    packet.replyFrames.push(...frames.answers);
    if (frames.violation !== undefined) {
      return packet.close(frames.violation.code, frames.violation.message);
    }
    const fulfillment = connection.keys.fulfillment(prepare.data);
    const isProbe = !isFulfillmentOf(fulfillment, prepare.executionCondition);
    if (isProbe || prepare.amount < request.prepareAmount) {
      return this.#taker.refuse(packet, frames.money);
    }
    // Deployed clients send their control frames again and again until a packet of 0 is fulfilled.
    if (prepare.amount === 0n) {
      if (frames.blocked.length > 0) await this.#taker.tellLimits(packet, frames.blocked);
      return packet.fulfill(fulfillment);
    }
    return this.#taker.take(packet, frames, fulfillment);
  }

  /** Finds out whose packet this is, or answers what nobody who knows a shared secret has made. */
  #identify(bytes: Uint8Array): ReceivedPacket | Uint8Array {
    const self = this.#address();
    const prepare = decodeOrUndefined(() => decodePrepare(bytes));
    if (prepare === undefined) return reject('F01', self, 'invalid packet');
    if (self === undefined) return reject('T00', self, 'the receiver has no address yet');
    const token = tokenBelow(self, prepare);
    if (token === undefined) return reject('F02', self, 'no such destination');
    const connection = this.#connections.find(token);
    const request = connection === undefined ? undefined : openRequest(connection, prepare);
    if (connection === undefined || request === undefined) {
      this.#logger.debug('refused a packet that is not of a connection', {
        destination: prepare.destination,
      });
      return reject('F06', self, 'unexpected payment');
    }
    this.#connections.keep(token, connection);
    return new ReceivedPacket(
      { prepare, connection, request },
      { self, randomBytes: this.#randomBytes, padded: this.#padded },
    );
  }

  /** Answers packets of a connection that is over, or was never to be here; undefined for one that goes on. */
  #checkConnection(packet: ReceivedPacket): Uint8Array | undefined {
    const { request, prepare, connection } = packet;
    const { expiresAt, asset } = connection.credentials;
    const now = this.#clock.now();
    if (request.sequence > MAX_SEQUENCE) {
      return packet.close(StreamErrorCode.ProtocolViolation, 'more than 2^31 packets');
    }
    if (expiresAt !== undefined && expiresAt <= now) {
      return packet.close(StreamErrorCode.ApplicationError, 'the credentials have expired');
    }
    const own = this.#asset();
    if (asset !== undefined && own !== undefined && !isSameAsset(asset, own)) {
      this.#logger.warn('refused a packet whose credentials were made for another asset', {
        asset,
        own,
      });
      return packet.close(StreamErrorCode.ApplicationError, 'the asset of the receiver changed');
    }
    return prepare.expiresAt.getTime() <= now ? packet.reject('R00') : undefined;
  }
}

function reject(code: IlpErrorCode, self: IlpAddress | undefined, message: string): Uint8Array {
  return encodeReject({ code, triggeredBy: self ?? '', message, data: new Uint8Array(0) });
}

/** The segment behind the receiver's own address; what a sender may append to it is ignored. */
function tokenBelow(self: IlpAddress, { destination }: IlpPrepare): string | undefined {
  if (!isPrefixOf(self, destination) || destination.length === self.length) return undefined;
  const start = self.length + 1;
  const end = destination.indexOf('.', start);
  return destination.slice(start, end < 0 ? undefined : end);
}

/** The packet in a Prepare's data; undefined where nobody who knows the secret made it for a Prepare. */
function openRequest(
  connection: ReceiverConnection,
  prepare: IlpPrepare,
): StreamPacket | undefined {
  const request = connection.keys.open(prepare.data);
  return request?.ilpPacketType === PacketType.prepare ? request : undefined;
}

function decodeOrUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}
