import type { GeneralizedTime } from '@pennyswitch/oer-codec';

/** The type ids of RFC 0023 ("BTP Type IDs"); 3 to 5 are those of BTP 1.0, which old peers may still send. */
export const BtpType = {
  response: 1,
  error: 2,
  prepare: 3,
  fulfill: 4,
  reject: 5,
  message: 6,
  transfer: 7,
} as const;

/** One of the type ids of {@link BtpType}. */
export type BtpTypeId = (typeof BtpType)[keyof typeof BtpType];

/** Tells debug tools how to show an entry's data (RFC 0023 "Sub-Protocol Data Format"). */
export const ContentType = {
  octetStream: 0,
  textPlainUtf8: 1,
  json: 2,
} as const;

/** One entry of a packet's sub-protocol data. The first entry decides what the packet asks for. */
export interface ProtocolData {
  /** ASCII, at most 255 characters, unique within the packet. */
  readonly protocolName: string;
  /** One of {@link ContentType}; others (0 to 255) are carried as they are. */
  readonly contentType: number;
  readonly data: Uint8Array;
}

/** What every packet has (RFC 0023 "Overview"). */
export interface BtpPacketBase {
  /** 0 to 2^32 - 1: relates a response to its request. */
  readonly requestId: number;
  readonly protocolData: readonly ProtocolData[];
}

/** A request: carries information to the peer. */
export interface BtpMessage extends BtpPacketBase {
  readonly type: typeof BtpType.message;
}

/** A request: settlement information, with the value that it adds. */
export interface BtpTransfer extends BtpPacketBase {
  readonly type: typeof BtpType.transfer;
  /** 0 to 2^64 - 1, in a unit that the peers agreed on. */
  readonly amount: bigint;
}

/** The peer acknowledged the request. */
export interface BtpResponse extends BtpPacketBase {
  readonly type: typeof BtpType.response;
}

/** The peer did not process the request. */
export interface BtpError extends BtpPacketBase {
  readonly type: typeof BtpType.error;
  /** Three characters; those that the RFC lists are in `BTP_ERROR_NAMES`. */
  readonly code: string;
  /** The code's name, ASCII. */
  readonly name: string;
  readonly triggeredAt: GeneralizedTime;
  /** At most 8192 bytes. Often a sentence, or JSON with a `message`. */
  readonly data: Uint8Array;
}

/** BTP 1.0's conditional transfer. Only read, never written. */
export interface BtpPrepare extends BtpPacketBase {
  readonly type: typeof BtpType.prepare;
  /** 16 bytes. */
  readonly transferId: Uint8Array;
  readonly amount: bigint;
  /** 32 bytes. */
  readonly executionCondition: Uint8Array;
  readonly expiresAt: GeneralizedTime;
}

/** BTP 1.0's fulfillment. Only read, never written. */
export interface BtpFulfill extends BtpPacketBase {
  readonly type: typeof BtpType.fulfill;
  /** 16 bytes. */
  readonly transferId: Uint8Array;
  /** 32 bytes. */
  readonly fulfillment: Uint8Array;
}

/** BTP 1.0's rejection. Only read, never written. */
export interface BtpReject extends BtpPacketBase {
  readonly type: typeof BtpType.reject;
  /** 16 bytes. */
  readonly transferId: Uint8Array;
}

/** What BTP 2.0 sends. */
export type BtpWritablePacket = BtpMessage | BtpTransfer | BtpResponse | BtpError;

/** Whatever may arrive. */
export type BtpPacket = BtpWritablePacket | BtpPrepare | BtpFulfill | BtpReject;
