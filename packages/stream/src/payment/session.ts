import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { SendingDriver } from '../connection/sending-driver.js';
import { SendingConnection } from '../connection/sending-connection.js';
import { DEFAULT_SENDER_POLICY, type SenderPolicy } from '../connection/sender-policy.js';
import type { StreamCredentials } from '../credentials.js';
import {
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
  type RandomBytes,
} from '../environment.js';
import { StreamErrorCode } from '../error-codes.js';
import { secureRandomBytes } from '../random.js';
import { CloseTask } from './close-task.js';
import type { PaymentError } from './payment-error.js';

/** What a sender is made of, beside what it pays. */
export interface SenderOptions {
  /** Sends a Prepare and returns the Fulfill or Reject; it is not to throw. */
  readonly send: IlpPacketHandler;
  /** From the receiver, by SPSP for example. One connection per credentials: use them for one quote only. */
  readonly credentials: StreamCredentials;
  /** Numbers to work by other than {@link DEFAULT_SENDER_POLICY}. */
  readonly policy?: Partial<SenderPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** The connection of one quote and its payment. */
export class PaymentSession {
  readonly connection: SendingConnection;
  readonly driver: SendingDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly randomBytes: RandomBytes;
  readonly credentials: StreamCredentials;

  /** @param lastSequence the last number that may have been used on this connection; default none. */
  constructor(options: SenderOptions, lastSequence = 0) {
    this.credentials = options.credentials;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    this.randomBytes = options.randomBytes ?? secureRandomBytes;
    this.connection = new SendingConnection({
      credentials: options.credentials,
      randomBytes: this.randomBytes,
      policy: { ...DEFAULT_SENDER_POLICY, ...options.policy },
      lastSequence,
    });
    this.driver = new SendingDriver(this.connection, { send: options.send, clock: this.clock });
  }

  /**
   * Ends the connection, and tells the receiver unless it cannot be told or knows already.
   * @returns whether the connection cannot be used any more.
   */
  async close(error?: PaymentError): Promise<boolean> {
    if (this.connection.remote.close?.scope === 'connection') return true;
    const isPointless =
      error?.code === 'NO_ROUTE' ||
      error?.code === 'NO_ANSWER' ||
      error?.code === 'RECEIVER_UNREACHABLE' ||
      this.connection.path.refusals.isHopeless(0n, this.clock.now());
    if (isPointless) return false;
    const code = error === undefined ? StreamErrorCode.NoError : StreamErrorCode.ApplicationError;
    await this.driver.run(new CloseTask(this.connection, code));
    return true;
  }
}
