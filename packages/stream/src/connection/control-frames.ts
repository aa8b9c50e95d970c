import { StreamErrorCode } from '../error-codes.js';
import type { StreamFrame } from '../frames.js';
import type { ConnectionState } from './connection-state.js';
import type { Violation } from './violation.js';

/** Where frames came from: a packet of the other end, or its reply to one of ours, and the number of it. */
export interface FrameSource {
  readonly in: 'prepare' | 'reply';
  readonly sequence: number;
}

/**
 * Takes in what the other end says of itself and its limits. Frames that open, fill or close streams are not among it: they
 * are accepted with their packet or not at all.
 * @returns how it broke the protocol; what stands behind that is not taken in.
 */
export function handleControlFrames(
  state: ConnectionState,
  frames: readonly StreamFrame[],
  source: FrameSource,
): Violation | undefined {
  for (const frame of frames) {
    const violation = handleFrame(state, frame, source);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function handleFrame(
  state: ConnectionState,
  frame: StreamFrame,
  source: FrameSource,
): Violation | undefined {
  switch (frame.type) {
    case 'ConnectionMaxData':
      state.raiseRemoteMaxData(frame.maxOffset);
      return undefined;
    case 'ConnectionMaxStreamId': {
      const before = state.ids.remoteLimit;
      state.ids.raiseRemoteLimit(frame.maxStreamId);
      if (state.ids.remoteLimit > before) state.tell({ type: 'stream-ids' });
      return undefined;
    }
    case 'ConnectionNewAddress':
      // Peers that cannot be reached send an empty address: they ask for the asset, which they are told in any case.
      state.assetVersion.forget();
      if (frame.sourceAddress !== '') {
        state.remoteAddress.handleTold(frame.sourceAddress, source.in, source.sequence);
      }
      return undefined;
    case 'ConnectionAssetDetails':
      return state.handleRemoteAsset({ code: frame.assetCode, scale: frame.assetScale });
    case 'ConnectionDataBlocked':
      state.maxData.forget();
      return undefined;
    case 'ConnectionStreamIdBlocked':
      state.ids.limit.forget();
      return undefined;
    case 'StreamMaxMoney':
      state.streams
        .get(frame.streamId)
        ?.money.handleMaxMoney(frame.receiveMax, frame.totalReceived);
      return undefined;
    case 'StreamMaxData':
      state.streams.get(frame.streamId)?.raiseRemoteMaxData(frame.maxOffset);
      return undefined;
    case 'StreamMoneyBlocked':
      state.streams.get(frame.streamId)?.receiveMax.forget();
      return undefined;
    case 'StreamDataBlocked':
      state.streams.get(frame.streamId)?.maxData.forget();
      return undefined;
    default:
      return undefined;
  }
}

/** Whether a stream close is an error: nothing more is to be sent or expected on it. */
export function isErrorClose(code: number): boolean {
  return code !== StreamErrorCode.NoError;
}
