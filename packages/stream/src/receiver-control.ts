import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import type { Asset } from './asset.js';
import { StreamErrorCode } from './error-codes.js';
import type {
  StreamDataFrame,
  StreamFrame,
  StreamMoneyBlockedFrame,
  StreamMoneyFrame,
} from './frames.js';

/** Receipts name the stream in one byte (RFC 0039), and totals are kept per stream: there are no more of them. */
export const MAX_COUNTED_STREAM_ID = 255;
/** What is advertised to senders whose streams are not counted. */
const MAX_STREAM_ID = 0xffff_ffff;
/** A reply speaks of no more streams than this, so that it fits into a packet whatever was asked. */
const MAX_ANSWERED_STREAMS = 128;

/** Echoes the client's own close: deployed clients send theirs until they hear of it. */
const CLOSED: StreamFrame = {
  type: 'ConnectionClose',
  errorCode: StreamErrorCode.NoError,
  errorMessage: '',
};

/** Why a connection cannot go on. */
export interface Violation {
  readonly code: StreamErrorCode;
  readonly message: string;
}

/** What a packet's frames ask of a stateless receiver. */
export interface ReceivedFrames {
  readonly money: readonly StreamMoneyFrame[];
  readonly data: readonly StreamDataFrame[];
  /** Streams whose sender asks how much they take (RFC 0029 5.3.10). */
  readonly blocked: readonly StreamMoneyBlockedFrame[];
  /** What is answered to control frames, whether or not the money is accepted. */
  readonly answers: readonly StreamFrame[];
  readonly violation?: Violation;
}

/**
 * Sorts a packet's frames and answers those that are not money. The receiver keeps no state of streams, so what other frames
 * say about the sender's side is heard and forgotten, and it grants no room for data.
 * @param counted whether totals are kept per stream, which limits their ids.
 */
export function readControlFrames(
  frames: readonly StreamFrame[],
  asset: Asset | undefined,
  counted: boolean,
): ReceivedFrames {
  const maxStreamId = counted ? MAX_COUNTED_STREAM_ID : MAX_STREAM_ID;
  const money: StreamMoneyFrame[] = [];
  const data: StreamDataFrame[] = [];
  const blocked: StreamMoneyBlockedFrame[] = [];
  const answers: StreamFrame[] = [];
  let isNewAddress = false;
  let isClose = false;
  for (const frame of frames) {
    switch (frame.type) {
      case 'StreamMoney':
      case 'StreamData': {
        const violation = checkStreamId(frame.streamId, maxStreamId);
        if (violation !== undefined) return { money, data, blocked, answers, violation };
        if (frame.type === 'StreamMoney') money.push(frame);
        else data.push(frame);
        break;
      }
      case 'StreamMoneyBlocked':
        if (checkStreamId(frame.streamId, maxStreamId) === undefined) blocked.push(frame);
        break;
      case 'ConnectionNewAddress':
        isNewAddress = true;
        break;
      case 'ConnectionClose':
        isClose = true;
        break;
      default:
    }
  }
  if (isNewAddress) answers.push(...introduction(asset, maxStreamId));
  if (isClose) answers.push(CLOSED);
  for (const streamId of streamIds(data)) {
    answers.push({ type: 'StreamMaxData', streamId, maxOffset: 0 });
  }
  return { money, data, blocked, answers };
}

/** What a client learns first. Those that cannot receive send ConnectionNewAddress too: it is how they ask for the asset. */
function introduction(asset: Asset | undefined, maxStreamId: number): StreamFrame[] {
  const limits: StreamFrame[] = [
    { type: 'ConnectionMaxData', maxOffset: 0 },
    { type: 'ConnectionMaxStreamId', maxStreamId },
  ];
  if (asset === undefined) return limits;
  const { code, scale } = asset;
  return [...limits, { type: 'ConnectionAssetDetails', assetCode: code, assetScale: scale }];
}

/** Each stream once, as many as a reply has room for. */
export function streamIds(frames: readonly { readonly streamId: number }[]): Set<number> {
  const ids = new Set<number>();
  for (const { streamId } of frames) {
    ids.add(streamId);
    if (ids.size === MAX_ANSWERED_STREAMS) break;
  }
  return ids;
}

/** Tells for each stream with money that it may receive without limit, as receivers do that do not count. */
export function unlimitedMoney(money: readonly { readonly streamId: number }[]): StreamFrame[] {
  return Array.from(streamIds(money), (streamId) => ({
    type: 'StreamMaxMoney',
    streamId,
    receiveMax: MAX_AMOUNT,
    totalReceived: 0n,
  }));
}

/** The client's streams are odd; an even one would be the receiver's, and it opens none (RFC 0029 4.4.1). */
function checkStreamId(streamId: number, max: number): Violation | undefined {
  if (streamId > max) {
    return {
      code: StreamErrorCode.StreamIdError,
      message: `stream ids go up to ${max} here`,
    };
  }
  if (streamId % 2 === 0) {
    return {
      code: StreamErrorCode.ProtocolViolation,
      message: 'a client opens streams with odd ids only',
    };
  }
  return undefined;
}
