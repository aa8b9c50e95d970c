import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  decodeReply,
  encodePrepare,
  isFulfillmentOf,
  PacketType,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  secureRandomBytes,
  StreamKeys,
  unfulfillableCondition,
  type StreamCredentials,
  type StreamFrame,
  type StreamPacket,
} from '../src/index.js';

/** What a test says about a packet; the rest is as an honest sender would have it. */
export interface TestPacket {
  readonly amount?: bigint;
  readonly minimum?: bigint;
  readonly frames?: readonly StreamFrame[];
  readonly fulfillable?: boolean;
  readonly sequence?: number;
  readonly ilpPacketType?: StreamPacket['ilpPacketType'];
  readonly expiresAt?: number;
  readonly destination?: string;
  /** Changes the data after the condition was made. */
  readonly tamper?: (data: Uint8Array) => Uint8Array;
}

/** The reply as its sender sees it. */
export interface TestReply {
  /** `fulfilled`, or the code of the Reject. */
  readonly outcome: string;
  readonly message?: string;
  readonly triggeredBy?: string;
  /** How many bytes of data came back. */
  readonly dataLength: number;
  /** What the receiver said, encrypted; undefined where it said nothing that can be authenticated. */
  readonly stream: StreamPacket | undefined;
  readonly frames: readonly StreamFrame[];
}

export const money = (streamId = 1, shares = 1n): StreamFrame => ({
  type: 'StreamMoney',
  streamId,
  shares,
});

/** Makes one packet at a time, and looks at the reply as closely as a sender can. */
export class TestSender {
  readonly keys: StreamKeys;
  readonly #handle: IlpPacketHandler;
  readonly #credentials: StreamCredentials;
  readonly #now: () => number;
  #sequence = 0;

  constructor(handle: IlpPacketHandler, credentials: StreamCredentials, now: () => number) {
    this.#handle = handle;
    this.#credentials = credentials;
    this.#now = now;
    this.keys = new StreamKeys(credentials.sharedSecret);
  }

  /** The bytes of a Prepare. */
  prepare(packet: TestPacket): Uint8Array {
    const sequence = packet.sequence ?? this.#sequence++;
    const sealed = this.keys.seal(
      {
        ilpPacketType: packet.ilpPacketType ?? PacketType.prepare,
        sequence,
        prepareAmount: packet.minimum ?? 0n,
        frames: packet.frames ?? [],
      },
      secureRandomBytes,
    );
    const condition =
      packet.fulfillable === false
        ? unfulfillableCondition(secureRandomBytes)
        : this.keys.condition(sealed);
    return encodePrepare({
      amount: packet.amount ?? 0n,
      expiresAt: new Date(packet.expiresAt ?? this.#now() + 30_000),
      executionCondition: condition,
      destination: parseIlpAddress(packet.destination ?? this.#credentials.destination),
      data: packet.tamper?.(sealed) ?? sealed,
    });
  }

  /** Sends a packet and reads the reply. */
  async send(packet: TestPacket): Promise<TestReply> {
    const prepare = this.prepare(packet);
    const reply = decodeReply(await this.#handle(prepare));
    const stream = this.keys.open(reply.data);
    const facts = { dataLength: reply.data.length, stream, frames: stream?.frames ?? [] };
    if (reply.type === PacketType.reject) {
      const { code, message, triggeredBy } = reply;
      return { ...facts, outcome: code, message, triggeredBy };
    }
    const { executionCondition } = decodePrepare(prepare);
    const fulfils = isFulfillmentOf(reply.fulfillment, executionCondition);
    return { ...facts, outcome: fulfils ? 'fulfilled' : 'wrong fulfillment' };
  }

  /** The frame of one type in a reply; undefined where there is none. */
  static frame<T extends StreamFrame['type']>(
    reply: TestReply,
    type: T,
  ): Extract<StreamFrame, { type: T }> | undefined {
    return reply.frames.find(
      (frame): frame is Extract<StreamFrame, { type: T }> => frame.type === type,
    );
  }
}
