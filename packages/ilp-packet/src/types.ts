import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpErrorCode } from './error-codes.js';

/** The type ids of RFC 0027: the first byte of every packet. */
export const PacketType = { prepare: 12, fulfill: 13, reject: 14 } as const;

/** Asks the next node to forward or accept `amount` until `expiresAt` (RFC 0027 "ILP Prepare"). */
export interface IlpPrepare {
  /** 0 to 2^64 - 1, in the smallest unit of the asset of the account that it travels over. */
  readonly amount: bigint;
  /** When the offer ends; milliseconds are kept, years 0000 to 9999. */
  readonly expiresAt: Date;
  /** SHA-256 of the fulfillment, 32 bytes. */
  readonly executionCondition: Uint8Array;
  readonly destination: IlpAddress;
  /** End-to-end data, at most 32767 bytes. */
  readonly data: Uint8Array;
}

/** Proof that the receiver accepted (RFC 0027 "ILP Fulfill"). */
export interface IlpFulfill {
  /** The preimage of the condition, 32 bytes. */
  readonly fulfillment: Uint8Array;
  /** End-to-end data, at most 32767 bytes. */
  readonly data: Uint8Array;
}

/** Says why a Prepare was not accepted (RFC 0027 "ILP Reject"). */
export interface IlpReject {
  readonly code: IlpErrorCode;
  /** The node that made the error; empty where that node did not say, as deployed receivers do. */
  readonly triggeredBy: IlpAddress | '';
  /** For people who debug; at most 8191 bytes of UTF-8. Comes from others: escape it before printing. */
  readonly message: string;
  /** At most 32767 bytes; what it holds depends on the code. */
  readonly data: Uint8Array;
}

/** Any packet, told apart by its type id. */
export type IlpPacket =
  | ({ readonly type: typeof PacketType.prepare } & IlpPrepare)
  | ({ readonly type: typeof PacketType.fulfill } & IlpFulfill)
  | ({ readonly type: typeof PacketType.reject } & IlpReject);

/** What answers a Prepare. */
export type IlpReply = Exclude<IlpPacket, { type: typeof PacketType.prepare }>;

/**
 * The one interface of the stack: an ILP Prepare in, the Fulfill or Reject out. A link, a connector, a receiver and a
 * test double all are, or take, this shape. It does not reject its promise for what happens to a packet: what fails
 * becomes a Reject.
 */
export type IlpPacketHandler = (prepare: Uint8Array) => Promise<Uint8Array>;
