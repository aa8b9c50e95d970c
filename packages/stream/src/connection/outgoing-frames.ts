import type { StreamFrame } from '../frames.js';
import { sizeOfFrame } from '../frames-codec.js';
import { ENVELOPE_OVERHEAD, MAX_STREAM_PACKET_LENGTH } from '../packet.js';
import { WELL_CUT_PACKETS } from './connection-policy.js';
import type { ConnectionState } from './connection-state.js';
import type { PacketDraft } from './packet-draft.js';
import type { StreamState } from './stream-state.js';

/** The room that frames other than data leave to data, so that a lost frame of data fits into any later packet. */
const MIN_DATA_ROOM = 30_600;
/** How much data a frame has at most. */
export const MAX_FRAME_DATA = 30_500;
/** What a frame of data takes beside the data, at most. */
const DATA_FRAME_OVERHEAD = 32;
/** What a packet of data leaves free, so that the other end sees that its sender knows the limit ({@link WELL_CUT_PACKETS}). */
const UNUSED_ROOM = MAX_STREAM_PACKET_LENGTH + ENVELOPE_OVERHEAD - WELL_CUT_PACKETS.max;

/** Adds what the other end should hear of the connection and its streams. */
export function addControlFrames(state: ConnectionState, draft: PacketDraft): void {
  addConnectionFrames(state, draft);
  for (const stream of state.streams.values()) {
    if (draft.room < MIN_DATA_ROOM + 1000) return;
    addStreamFrames(state, stream, draft);
  }
}

function addConnectionFrames(state: ConnectionState, draft: PacketDraft): void {
  const { addressVersion, assetVersion, ids, maxData, facts } = state;
  if (addressVersion.isPending) {
    draft.announce(addressVersion, () => ({
      type: 'ConnectionNewAddress',
      sourceAddress: state.address ?? '',
    }));
  }
  const { asset } = facts;
  if (asset !== undefined && assetVersion.isPending) {
    draft.announce(assetVersion, () => ({
      type: 'ConnectionAssetDetails',
      assetCode: asset.code,
      assetScale: asset.scale,
    }));
  }
  if (ids.limit.isPending) {
    draft.announce(ids.limit, (maxStreamId) => ({ type: 'ConnectionMaxStreamId', maxStreamId }));
  }
  if (isDue(maxData.value, maxData.told, facts.policy.connectionWindow)) {
    draft.announce(maxData, (maxOffset) => ({ type: 'ConnectionMaxData', maxOffset }));
  }
}

function addStreamFrames(state: ConnectionState, stream: StreamState, draft: PacketDraft): void {
  const { id } = stream;
  stream.advanceClose();
  if (stream.closePhase === 'telling' && !stream.isCloseInFlight) {
    addClose(state, stream, draft);
    return;
  }
  if (stream.closePhase !== 'open' && stream.isFullClose) return;
  if (stream.receiveMax.isPending) {
    draft.announce(stream.receiveMax, (receiveMax) => ({
      type: 'StreamMaxMoney',
      streamId: id,
      receiveMax,
      totalReceived: stream.received,
    }));
  }
  const { value, told } = stream.maxData;
  if (stream.remoteClose === undefined && isDue(value, told, state.streamWindow)) {
    draft.announce(stream.maxData, (maxOffset) => ({
      type: 'StreamMaxData',
      streamId: id,
      maxOffset,
    }));
  }
}

function addClose(state: ConnectionState, stream: StreamState, draft: PacketDraft): void {
  stream.isCloseInFlight = true;
  draft.add(stream.tellClose(), {
    handleAcknowledged: () => {
      stream.closePhase = 'done';
      state.settleStream(stream);
    },
    handleLost: () => {
      stream.isCloseInFlight = false;
    },
  });
}

/** Adds data, what was lost first, then new bytes as far as the other end lets them come. */
export function addData(
  state: ConnectionState,
  draft: PacketDraft,
  streams: readonly StreamState[],
): void {
  // A frame that was lost has to fit into any packet; what is added to it leaves the packet well cut.
  let lostRoom = draft.room;
  let hasData = false;
  for (const stream of streams) {
    for (;;) {
      const frame =
        stream.output.takeLost(lostRoom - DATA_FRAME_OVERHEAD) ?? takeNew(state, stream, draft);
      if (frame === undefined) break;
      hasData = true;
      lostRoom = draft.room - sizeOfFrame(frame) - UNUSED_ROOM;
      draft.add(frame, {
        handleAcknowledged: () => {
          stream.output.handleAcknowledged(frame);
          state.tell({ type: 'change', stream });
        },
        handleLost: () => stream.output.handleLost(frame),
      });
    }
  }
  if (hasData && state.wellCut.isPending && streams.some(({ output }) => output.hasUnsent)) {
    draft.pad(WELL_CUT_PACKETS.max - ENVELOPE_OVERHEAD, state.wellCut);
  }
}

function takeNew(
  state: ConnectionState,
  stream: StreamState,
  draft: PacketDraft,
): ReturnType<StreamState['output']['take']> {
  const { output } = stream;
  const granted = Math.min(stream.dataRoom, state.dataRoom);
  const room = Math.min(draft.room - DATA_FRAME_OVERHEAD - UNUSED_ROOM, MAX_FRAME_DATA);
  // What would fill only a part of a packet waits while more room may come with a reply: else all packets would be small.
  if (granted < Math.min(room, output.unsent) && output.hasUnacknowledged) return undefined;
  const frame = output.take(Math.min(granted, room));
  if (frame !== undefined) state.dataSent += frame.data.length;
  return frame;
}

/** What the limits of the other end keep from being sent (RFC 0029 4.4.4); empty where they do not. */
export function blockedFrames(
  state: ConnectionState,
  isMoneyBlocked: (stream: StreamState) => boolean,
): StreamFrame[] {
  const frames: StreamFrame[] = [];
  let unsent = 0;
  for (const stream of state.streams.values()) {
    const { id, output, money } = stream;
    if (output.hasUnsent && stream.dataRoom <= 0) {
      frames.push({ type: 'StreamDataBlocked', streamId: id, maxOffset: output.written });
    }
    unsent += output.written - output.sent;
    if (isMoneyBlocked(stream)) {
      const { sendMax } = money.order;
      frames.push({ type: 'StreamMoneyBlocked', streamId: id, sendMax, totalSent: money.sent });
    }
  }
  if (unsent > 0 && state.dataRoom <= 0) {
    frames.push({ type: 'ConnectionDataBlocked', maxOffset: state.dataSent + unsent });
  }
  if (state.wantsStream && state.ids.nextLocal > state.ids.remoteLimit) {
    frames.push({ type: 'ConnectionStreamIdBlocked', maxStreamId: state.ids.nextLocal });
  }
  return frames;
}

/** A limit is told anew when half of it is used up, so that nobody has to wait and not every byte makes a packet. */
function isDue(value: number, told: number, window: number): boolean {
  return value - told >= window / 2;
}
