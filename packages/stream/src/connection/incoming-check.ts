import { StreamErrorCode } from '../error-codes.js';
import type { StreamDataFrame, StreamFrame } from '../frames.js';
import type { ConnectionState } from './connection-state.js';
import type { StreamState } from './stream-state.js';
import { violation, type Violation } from './violation.js';

/** What the frames of an incoming packet mean for streams, before anything of it is done. */
export type StreamVerdict =
  /** It can be accepted, once these streams are opened. */
  | { readonly type: 'fine'; readonly opens: readonly number[] }
  /** It cannot, because of streams that are closed; each is answered with a close. */
  | { readonly type: 'closed'; readonly streamIds: readonly number[] }
  /** It cannot now, and may be sent again. */
  | { readonly type: 'refused' }
  | { readonly type: 'violation'; readonly violation: Violation };

/** Checks everything in a packet that concerns streams. Nothing is changed. */
export function checkStreamFrames(
  state: ConnectionState,
  frames: readonly StreamFrame[],
): StreamVerdict {
  const opens = new Set<number>();
  const closed = new Set<number>();
  for (const frame of frames) {
    if (!('streamId' in frame)) continue;
    const { streamId } = frame;
    if (opens.has(streamId)) continue;
    const stream = state.streams.get(streamId);
    const carriesValue = frame.type === 'StreamMoney' || frame.type === 'StreamData';
    if (stream !== undefined) {
      if (carriesValue && isRefusedBy(stream, frame)) closed.add(streamId);
      continue;
    }
    const kind = state.ids.classify(streamId);
    if (kind === 'new') opens.add(streamId);
    else if (carriesValue && kind === 'closed') closed.add(streamId);
    else if (carriesValue && kind !== 'closed') return { type: 'violation', violation: kind };
  }
  if (closed.size > 0) return { type: 'closed', streamIds: [...closed] };
  return checkData(state, frames) ?? { type: 'fine', opens: [...opens] };
}

/** Whether a stream that is known takes nothing more. What it has already is let pass: a packet may be repeated. */
function isRefusedBy(stream: StreamState, frame: StreamFrame): boolean {
  if (stream.closePhase === 'done' && stream.isFullClose) return true;
  if (stream.remoteClose === undefined) return false;
  return frame.type !== 'StreamData' || frame.offset + frame.data.length > stream.input.highest;
}

/** Flow control (RFC 0029 4.4.4, 4.5), and whether data fits to what came before. */
function checkData(
  state: ConnectionState,
  frames: readonly StreamFrame[],
): StreamVerdict | undefined {
  const ends = new Map<number, number>();
  let added = 0;
  for (const frame of frames) {
    if (frame.type !== 'StreamData') continue;
    const stream = state.streams.get(frame.streamId);
    const fault = checkStreamLimit(state, stream, frame) ?? checkBytes(stream, frame);
    if (fault !== undefined) return fault;
    const end = frame.offset + frame.data.length;
    const before = ends.get(frame.streamId) ?? stream?.input.highest ?? 0;
    added += Math.max(0, end - before);
    ends.set(frame.streamId, Math.max(before, end));
  }
  const total = state.dataReceived + added;
  if (total <= state.maxData.value) return undefined;
  return flowControl(`${total} bytes of data, ${state.maxData.value} are allowed`);
}

function checkStreamLimit(
  state: ConnectionState,
  stream: StreamState | undefined,
  { streamId, offset, data }: StreamDataFrame,
): StreamVerdict | undefined {
  const limit = stream?.maxData.value ?? state.streamWindow;
  if (offset + data.length <= limit) return undefined;
  return flowControl(`data beyond offset ${limit} of stream ${streamId}`);
}

function checkBytes(
  stream: StreamState | undefined,
  { streamId, offset, data }: StreamDataFrame,
): StreamVerdict | undefined {
  switch (stream?.input.check(offset, data)) {
    case 'contradicts':
      return {
        type: 'violation',
        violation: violation(
          StreamErrorCode.ProtocolViolation,
          `data of stream ${streamId} differs from what came before at the same offset`,
        ),
      };
    case 'too-scattered':
      return { type: 'refused' };
    case undefined:
      return undefined;
  }
}

function flowControl(message: string): StreamVerdict {
  return { type: 'violation', violation: violation(StreamErrorCode.FlowControlError, message) };
}
