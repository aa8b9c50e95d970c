import type { StreamFrame } from '../frames.js';
import type { ConnectionState } from './connection-state.js';
import type { StreamState } from './stream-state.js';

/** A reply speaks of no more streams than this, so that it fits into a packet whatever was asked. */
const MAX_STREAMS = 128;
/** A close that cannot be sent in a packet of its own stands in so many replies. */
const CLOSE_REPLIES = 3;

/**
 * What every reply says: how much may be sent on the connection and on the streams that the packet spoke of, and whatever else
 * the other end should hear. Nobody acknowledges a reply; what must arrive is told again in a packet where that is possible.
 * @param touched the streams that the packet spoke of.
 */
export function replyFrames(state: ConnectionState, touched: ReadonlySet<number>): StreamFrame[] {
  if (state.phase === 'telling' || state.phase === 'closed') return [state.closeFrame()];
  const frames: StreamFrame[] = [
    { type: 'ConnectionMaxData', maxOffset: state.maxData.tell() },
    ...tellLimits(state),
  ];
  for (const stream of state.streams.values()) stream.advanceClose();
  const told = [...state.streams.values()].filter(
    (stream) => touched.has(stream.id) || hasNews(stream),
  );
  for (const stream of told.slice(0, MAX_STREAMS)) frames.push(...tellStream(state, stream));
  return frames;
}

/** What concerns the connection as a whole and has not been told. */
function tellLimits(state: ConnectionState): StreamFrame[] {
  const frames: StreamFrame[] = [];
  const { limit } = state.ids;
  if (limit.isPending) frames.push({ type: 'ConnectionMaxStreamId', maxStreamId: limit.tell() });
  const { asset } = state.facts;
  if (asset !== undefined && state.assetVersion.isPending) {
    state.assetVersion.tell();
    frames.push({ type: 'ConnectionAssetDetails', assetCode: asset.code, assetScale: asset.scale });
  }
  return frames;
}

function tellStream(state: ConnectionState, stream: StreamState): StreamFrame[] {
  if (stream.closePhase === 'telling') {
    if (state.remoteAddress.current === undefined && ++stream.closeReplies >= CLOSE_REPLIES) {
      stream.closePhase = 'done';
      state.settleStream(stream);
    }
    return [stream.tellClose()];
  }
  return [stream.tellMoney(), stream.tellData()];
}

function hasNews(stream: StreamState): boolean {
  return stream.receiveMax.isPending || stream.maxData.isPending || stream.closePhase === 'telling';
}
