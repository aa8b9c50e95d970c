import type { IlpAddress } from '@pennyswitch/ilp-address';

/**
 * Every frame of RFC 0029 5.3, and StreamReceipt of RFC 0039, told apart by `type`.
 *
 * Amounts and shares are `bigint`, 0 to 2^64 - 1. Stream ids, offsets and limits are `number`: those above 2^53 - 1 are
 * read as `Infinity`, which no receiver can have room for and no sender can exhaust, and `Infinity` is written as 2^64 - 1,
 * which is how deployed peers say "without limit".
 */
export type StreamFrame =
  | ConnectionCloseFrame
  | ConnectionNewAddressFrame
  | ConnectionMaxDataFrame
  | ConnectionDataBlockedFrame
  | ConnectionMaxStreamIdFrame
  | ConnectionStreamIdBlockedFrame
  | ConnectionAssetDetailsFrame
  | StreamCloseFrame
  | StreamMoneyFrame
  | StreamMaxMoneyFrame
  | StreamMoneyBlockedFrame
  | StreamDataFrame
  | StreamMaxDataFrame
  | StreamDataBlockedFrame
  | StreamReceiptFrame;

/** The name of a frame type. */
export type StreamFrameType = StreamFrame['type'];

/** The connection ends (5.3.1). */
export interface ConnectionCloseFrame {
  readonly type: 'ConnectionClose';
  /** A {@link StreamErrorCode}, or any other number from 0 to 255. */
  readonly errorCode: number;
  /** For people who debug. Comes from the other endpoint: escape it before printing. */
  readonly errorMessage: string;
}

/** Where the endpoint that sends this can be reached from now on (5.3.2). */
export interface ConnectionNewAddressFrame {
  readonly type: 'ConnectionNewAddress';
  /** Empty where a deployed client cannot receive and only asks for the asset details. */
  readonly sourceAddress: IlpAddress | '';
}

/** How many bytes of data may be sent on all streams together (5.3.3). */
export interface ConnectionMaxDataFrame {
  readonly type: 'ConnectionMaxData';
  readonly maxOffset: number;
}

/** How many bytes the endpoint would like to send on all streams together (5.3.4). */
export interface ConnectionDataBlockedFrame {
  readonly type: 'ConnectionDataBlocked';
  readonly maxOffset: number;
}

/** The highest stream id that the endpoint accepts (5.3.5). */
export interface ConnectionMaxStreamIdFrame {
  readonly type: 'ConnectionMaxStreamId';
  readonly maxStreamId: number;
}

/** The stream id that the endpoint would like to open (5.3.6). */
export interface ConnectionStreamIdBlockedFrame {
  readonly type: 'ConnectionStreamIdBlocked';
  readonly maxStreamId: number;
}

/** What the units are in which the endpoint that sends this counts (5.3.14). */
export interface ConnectionAssetDetailsFrame {
  readonly type: 'ConnectionAssetDetails';
  readonly assetCode: string;
  /** Decimal places of the smallest unit, 0 to 255. */
  readonly assetScale: number;
}

/** The stream ends (5.3.7). */
export interface StreamCloseFrame {
  readonly type: 'StreamClose';
  readonly streamId: number;
  /** A {@link StreamErrorCode}, or any other number from 0 to 255. */
  readonly errorCode: number;
  /** For people who debug. Comes from the other endpoint: escape it before printing. */
  readonly errorMessage: string;
}

/** Which part of the packet's amount goes to the stream: `shares` of the sum of all shares in the packet (5.3.8). */
export interface StreamMoneyFrame {
  readonly type: 'StreamMoney';
  readonly streamId: number;
  readonly shares: bigint;
}

/** How much the stream takes, and has taken, in the units of the endpoint that sends this (5.3.9). */
export interface StreamMaxMoneyFrame {
  readonly type: 'StreamMaxMoney';
  readonly streamId: number;
  /** A larger one on the wire is read as 2^64 - 1 (5.1.4). */
  readonly receiveMax: bigint;
  readonly totalReceived: bigint;
}

/** How much the endpoint would like to send, and has sent, in its own units (5.3.10). */
export interface StreamMoneyBlockedFrame {
  readonly type: 'StreamMoneyBlocked';
  readonly streamId: number;
  /** A larger one on the wire is read as 2^64 - 1 (5.1.4). */
  readonly sendMax: bigint;
  readonly totalSent: bigint;
}

/** Bytes of the stream, from `offset` on (5.3.11). */
export interface StreamDataFrame {
  readonly type: 'StreamData';
  readonly streamId: number;
  readonly offset: number;
  /** When read: a view into the packet; copy what is to be kept. */
  readonly data: Uint8Array;
}

/** How many bytes of data may be sent on the stream (5.3.12). */
export interface StreamMaxDataFrame {
  readonly type: 'StreamMaxData';
  readonly streamId: number;
  readonly maxOffset: number;
}

/** How many bytes the endpoint would like to send on the stream (5.3.13). */
export interface StreamDataBlockedFrame {
  readonly type: 'StreamDataBlocked';
  readonly streamId: number;
  readonly maxOffset: number;
}

/** Proof for a third party of what the stream has received (RFC 0039). */
export interface StreamReceiptFrame {
  readonly type: 'StreamReceipt';
  readonly streamId: number;
  /** As it was made; a sender passes it on without reading it. When read: a view into the packet. */
  readonly receipt: Uint8Array;
}
