import { readIlpAddress, readIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { hex, quote, type Dissector } from './dissection.js';

/** The data of a Prepare to `peer.route.control` (docs/protocols/ccp.md). */
export function dissectRouteControl(data: Dissector): string {
  data.field(
    'mode',
    (reader) => reader.readUInt8(),
    (mode) => `${mode} (${mode === 0 ? 'IDLE' : mode === 1 ? 'SYNC' : 'unknown'})`,
  );
  data.field('lastKnownRoutingTableId', (reader) => reader.readOctets(16), hex);
  data.field('lastKnownEpoch', (reader) => reader.readUInt32());
  repeat(data, 'features', (feature, name) => {
    feature.field(name, (reader) => reader.readVarUtf8(), quote);
  });
  return 'CCP route control request';
}

/** The data of a Prepare to `peer.route.update` (docs/protocols/ccp.md). */
export function dissectRouteUpdate(data: Dissector): string {
  data.field('routingTableId', (reader) => reader.readOctets(16), hex);
  data.field('currentEpochIndex', (reader) => reader.readUInt32());
  data.field('fromEpochIndex', (reader) => reader.readUInt32());
  data.field('toEpochIndex', (reader) => reader.readUInt32());
  data.field(
    'holdDownTime',
    (reader) => reader.readUInt32(),
    (ms) => `${ms} ms`,
  );
  data.field('speaker', readIlpAddress);
  repeat(data, 'newRoutes', (routes, name) => {
    routes.group(name, (route) => {
      dissectRoute(route);
      return undefined;
    });
  });
  repeat(data, 'withdrawnRoutes', (routes, name) => {
    routes.field(name, readIlpAddressPrefix, quote);
  });
  return 'CCP route update request';
}

function dissectRoute(route: Dissector): void {
  route.field('prefix', readIlpAddressPrefix, quote);
  repeat(route, 'path', (path, name) => {
    path.field(name, readIlpAddress);
  });
  route.field('auth', (reader) => reader.readOctets(32), hex);
  repeat(route, 'props', (props, name) => {
    props.group(name, (prop) => {
      prop.field('meta', (reader) => reader.readUInt8(), showMeta);
      prop.field('id', (reader) => reader.readUInt16());
      prop.field('value', (reader) => reader.readVarOctets(), hex);
      return undefined;
    });
  });
}

function showMeta(meta: number): string {
  const flags = [
    [0x80, 'optional'],
    [0x40, 'transitive'],
    [0x20, 'partial'],
    [0x10, 'utf8'],
  ] as const;
  const set = flags.filter(([bit]) => (meta & bit) !== 0).map(([, name]) => name);
  return `0x${meta.toString(16).padStart(2, '0')} (${set.join(', ') || 'no flags'})`;
}

/** A SEQUENCE OF, whose elements are named by their index. */
function repeat(
  dissector: Dissector,
  name: string,
  element: (inner: Dissector, name: string) => void,
): void {
  dissector.group(name, (inner) => {
    const count = inner.reader.readCount();
    for (let i = 0; i < count; i++) element(inner, String(i));
    return `${count}`;
  });
}
