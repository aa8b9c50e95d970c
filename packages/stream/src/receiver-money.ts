import type { Asset } from './asset.js';
import type { StreamDataFrame } from './frames.js';
import type { ReceiverConnection } from './receiver-connections.js';
import type { StreamAmount } from './receiver-shares.js';

/**
 * What the application says to money that has arrived:
 * - `accept`: the packet is fulfilled and the money is the receiver's;
 * - `final`: it is rejected and the connection closed; the sender is told the reason;
 * - `temporary`: it is rejected, and the sender may try again later.
 */
export type MoneyDecision =
  | 'accept'
  | { readonly decline: 'final'; readonly reason?: string }
  | { readonly decline: 'temporary' };

/** A packet of money: everything that its sender and the receiver's own credentials say about it. */
export class IncomingMoney {
  /** In units of the receiver's asset; above 0 and at least what the sender demands. */
  readonly amount: bigint;
  /** How the amount is divided among streams; the parts add up to it. */
  readonly streams: readonly StreamAmount[];
  /** The same for every packet of one connection: 32 hexadecimal digits. */
  readonly connectionId: string;
  /** The tag that the credentials were made with. */
  readonly tag: string | undefined;
  /** The asset that the credentials were made with. */
  readonly asset: Asset | undefined;
  /** The number that the sender gave to the packet. */
  readonly sequence: number;
  /** After this the packet is worth nothing: a later decision rejects it. */
  readonly expiresAt: Date;
  /** Application data that came with the money, in views that the caller may change later; copy what is to be kept. */
  readonly data: readonly StreamDataFrame[];
  readonly #connection: ReceiverConnection;

  /** Made by the receiver. */
  constructor(
    connection: ReceiverConnection,
    facts: Pick<IncomingMoney, 'amount' | 'streams' | 'sequence' | 'expiresAt' | 'data'>,
  ) {
    this.#connection = connection;
    this.connectionId = connection.id;
    this.tag = connection.credentials.tag;
    this.asset = connection.credentials.asset;
    this.amount = facts.amount;
    this.streams = facts.streams;
    this.sequence = facts.sequence;
    this.expiresAt = facts.expiresAt;
    this.data = facts.data;
  }

  /**
   * The name of this packet, and of no other: 64 hexadecimal digits. Book money under it, and a packet that the network
   * repeats is booked once.
   */
  get packetId(): string {
    return this.#connection.packetId(this.sequence);
  }
}
