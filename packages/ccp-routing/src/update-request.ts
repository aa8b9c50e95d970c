import { MAX_ADDRESS_LENGTH } from '@pennyswitch/ilp-address';
import {
  OerEncodeError,
  OerReader,
  OerWriter,
  sizeOfVarOctets,
  sizeOfVarUInt,
} from '@pennyswitch/oer-codec';
import {
  PROPERTY_MIN_SIZE,
  readRouteProperty,
  writeRouteProperty,
  type RouteProperty,
} from './route-property.js';
import { readTableId, TABLE_ID_LENGTH, writeTableId, type RoutingTableId } from './table-id.js';

/** The size of a route's authenticator, in bytes. */
export const AUTH_LENGTH = 32;

/**
 * A route as it stands in an update. Prefix and path are texts that need not be addresses: a receiver passes over a
 * route that it cannot use, and applies the others.
 */
export interface AnnouncedRoute {
  /** What the route leads to, without a period at the end; ASCII, at most 1023 characters. */
  readonly prefix: string;
  /** The addresses of the nodes on the way, the speaker first, the origin last. */
  readonly path: readonly string[];
  /** The authenticator, 32 bytes. */
  readonly auth: Uint8Array;
  readonly properties: readonly RouteProperty[];
}

/** Tells a peer what changed in a range of epochs; the data of a Prepare to `peer.route.update`. */
export interface RouteUpdateRequest {
  readonly routingTableId: RoutingTableId;
  /** The number of epochs that the sender's table has, 0 to 2^32 - 1. */
  readonly currentEpochIndex: number;
  /** The first epoch of this update. */
  readonly fromEpochIndex: number;
  /** The epoch behind the last one of this update, where the next one starts. */
  readonly toEpochIndex: number;
  /** How long the routes hold without another update, in milliseconds, 0 to 2^32 - 1. */
  readonly holdDownTimeMs: number;
  /** The sender's address. */
  readonly speaker: string;
  readonly newRoutes: readonly AnnouncedRoute[];
  /** Prefixes that the sender no longer offers a route to. */
  readonly withdrawnRoutes: readonly string[];
}

/** @throws {@link OerEncodeError} for a number out of its range, a text outside ASCII, an `auth` that is not 32 bytes. */
export function encodeRouteUpdateRequest(request: RouteUpdateRequest): Uint8Array {
  const writer = new OerWriter(256);
  writeTableId(writer, request.routingTableId);
  writer.writeUInt32(request.currentEpochIndex);
  writer.writeUInt32(request.fromEpochIndex);
  writer.writeUInt32(request.toEpochIndex);
  writer.writeUInt32(request.holdDownTimeMs);
  writer.writeVarAscii(request.speaker);
  writer.writeCount(request.newRoutes.length);
  for (const route of request.newRoutes) writeRoute(writer, route);
  writer.writeCount(request.withdrawnRoutes.length);
  for (const prefix of request.withdrawnRoutes) writer.writeVarAscii(prefix);
  return writer.finish();
}

function writeRoute(writer: OerWriter, route: AnnouncedRoute): void {
  const { prefix, path, auth, properties } = route;
  if (auth.length !== AUTH_LENGTH) {
    throw new OerEncodeError('BAD_VALUE', `auth has ${auth.length} bytes and must have 32`);
  }
  writer.writeVarAscii(prefix);
  writer.writeCount(path.length);
  for (const hop of path) writer.writeVarAscii(hop);
  writer.writeOctets(auth);
  writer.writeCount(properties.length);
  for (const property of properties) writeRouteProperty(writer, property);
}

/** The bytes that an update takes before its routes: everything of fixed size, the speaker, and two counts of up to 65535. */
export function sizeOfUpdateHead(speaker: string): number {
  return TABLE_ID_LENGTH + 16 + sizeOfVarOctets(speaker.length) + 6;
}

/** The bytes that a route without properties takes in an update. */
export function sizeOfRoute(prefix: string, path: readonly string[]): number {
  let size = sizeOfVarOctets(prefix.length) + sizeOfVarUInt(path.length) + AUTH_LENGTH + 2;
  for (const hop of path) size += sizeOfVarOctets(hop.length);
  return size;
}

/** The fewest bytes of a route: an empty prefix, an empty path, the authenticator and no properties. */
const ROUTE_MIN_SIZE = 1 + 2 + AUTH_LENGTH + 2;

/**
 * Reads an update; bytes behind it are ignored. Nothing is allocated for a count that the input has no bytes for.
 * @throws {@link OerDecodeError} for anything malformed, and for epochs that do not follow each other.
 */
export function decodeRouteUpdateRequest(data: Uint8Array): RouteUpdateRequest {
  const reader = new OerReader(data);
  const routingTableId = readTableId(reader);
  const epochsAt = reader.offset;
  const currentEpochIndex = reader.readUInt32();
  const fromEpochIndex = reader.readUInt32();
  const toEpochIndex = reader.readUInt32();
  if (!(fromEpochIndex <= toEpochIndex && toEpochIndex <= currentEpochIndex)) {
    throw reader.error(
      'BAD_VALUE',
      `epochs run from ${fromEpochIndex} to ${toEpochIndex} of ${currentEpochIndex}`,
      epochsAt,
    );
  }
  return {
    routingTableId,
    currentEpochIndex,
    fromEpochIndex,
    toEpochIndex,
    holdDownTimeMs: reader.readUInt32(),
    speaker: readText(reader),
    newRoutes: readList(reader, ROUTE_MIN_SIZE, readRoute),
    withdrawnRoutes: readList(reader, 1, readText),
  };
}

function readRoute(reader: OerReader): AnnouncedRoute {
  return {
    prefix: readText(reader),
    path: readList(reader, 1, readText),
    auth: reader.readOctets(AUTH_LENGTH),
    properties: readList(reader, PROPERTY_MIN_SIZE, readRouteProperty),
  };
}

function readText(reader: OerReader): string {
  return reader.readVarAscii(MAX_ADDRESS_LENGTH);
}

function readList<T>(reader: OerReader, minimumSize: number, read: (reader: OerReader) => T): T[] {
  const list: T[] = [];
  for (let left = reader.readCount(minimumSize); left > 0; left--) list.push(read(reader));
  return list;
}
