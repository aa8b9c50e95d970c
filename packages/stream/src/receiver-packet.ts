import type { IlpAddress } from '@pennyswitch/ilp-address';
import {
  encodeFulfill,
  encodeReject,
  PacketType,
  type IlpErrorCode,
  type IlpPrepare,
} from '@pennyswitch/ilp-packet';
import type { RandomBytes } from './environment.js';
import type { StreamErrorCode } from './error-codes.js';
import type { StreamFrame } from './frames.js';
import { MAX_STREAM_PACKET_LENGTH, type StreamPacket } from './packet.js';
import type { ReceiverConnection } from './receiver-connections.js';

/** A Prepare whose data the sender of a connection made, and the reply to it as it grows. */
export class ReceivedPacket {
  readonly prepare: IlpPrepare;
  readonly connection: ReceiverConnection;
  readonly request: StreamPacket;
  /** What the reply will say beside the amount that arrived. */
  readonly replyFrames: StreamFrame[] = [];
  readonly #self: IlpAddress;
  readonly #randomBytes: RandomBytes;
  readonly #padded: boolean;

  constructor(
    facts: Pick<ReceivedPacket, 'prepare' | 'connection' | 'request'>,
    options: { self: IlpAddress; randomBytes: RandomBytes; padded: boolean },
  ) {
    this.prepare = facts.prepare;
    this.connection = facts.connection;
    this.request = facts.request;
    this.#self = options.self;
    this.#randomBytes = options.randomBytes;
    this.#padded = options.padded;
  }

  /** Answers with the fulfillment, which the caller has checked against the condition. */
  fulfill(fulfillment: Uint8Array): Uint8Array {
    return encodeFulfill({ fulfillment, data: this.#seal(PacketType.fulfill) });
  }

  /** Answers that the packet arrived but is not accepted. The message is empty: what there is to say is encrypted. */
  reject(code: IlpErrorCode): Uint8Array {
    return encodeReject({
      code,
      triggeredBy: this.#self,
      message: '',
      data: this.#seal(PacketType.reject),
    });
  }

  /** Answers that the connection is over, and why. */
  close(errorCode: StreamErrorCode, errorMessage: string): Uint8Array {
    this.replyFrames.push({ type: 'ConnectionClose', errorCode, errorMessage });
    return this.reject('F99');
  }

  #seal(ilpPacketType: StreamPacket['ilpPacketType']): Uint8Array {
    const reply = {
      ilpPacketType,
      sequence: this.request.sequence,
      prepareAmount: this.prepare.amount,
      frames: this.replyFrames,
    };
    const options = this.#padded ? { padTo: MAX_STREAM_PACKET_LENGTH } : undefined;
    return this.connection.keys.seal(reply, this.#randomBytes, options);
  }
}
