import { OerReader, OerWriter } from '@pennyswitch/oer-codec';
import { readTableId, writeTableId, type RoutingTableId } from './table-id.js';

/** Whether the peer wants updates: `idle` none, `sync` all from an epoch on. */
export type RouteControlMode = 'idle' | 'sync';

const MODES: readonly RouteControlMode[] = ['idle', 'sync'];

/** Asks a peer to start or stop sending its routes; the data of a Prepare to `peer.route.control`. */
export interface RouteControlRequest {
  readonly mode: RouteControlMode;
  /** The table that was being received, all zeros for none. */
  readonly lastKnownRoutingTableId: RoutingTableId;
  /** The first epoch of that table that is missing, 0 to 2^32 - 1. */
  readonly lastKnownEpoch: number;
  /** Names of extensions that the asker understands; none are defined. */
  readonly features: readonly string[];
}

/** @throws {@link OerEncodeError} for an id that is no UUID or an epoch outside 0 to 2^32 - 1. */
export function encodeRouteControlRequest(request: RouteControlRequest): Uint8Array {
  const writer = new OerWriter();
  writer.writeUInt8(MODES.indexOf(request.mode));
  writeTableId(writer, request.lastKnownRoutingTableId);
  writer.writeUInt32(request.lastKnownEpoch);
  writer.writeCount(request.features.length);
  for (const feature of request.features) writer.writeVarUtf8(feature);
  return writer.finish();
}

/**
 * Reads a control request; bytes behind it are ignored.
 * @throws {@link OerDecodeError} for anything malformed and for a mode other than 0 and 1.
 */
export function decodeRouteControlRequest(data: Uint8Array): RouteControlRequest {
  const reader = new OerReader(data);
  const mode = MODES[reader.peekUInt8()];
  if (mode === undefined) {
    throw reader.error('BAD_VALUE', `the mode is ${reader.peekUInt8()}, expected 0 or 1`);
  }
  reader.skip(1);
  const lastKnownRoutingTableId = readTableId(reader);
  const lastKnownEpoch = reader.readUInt32();
  const features = Array.from({ length: reader.readCount() }, () => reader.readVarUtf8());
  return { mode, lastKnownRoutingTableId, lastKnownEpoch, features };
}
