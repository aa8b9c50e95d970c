/**
 * Routing: look-ups per second by size beside a `Map` of whole addresses and beside a scan over prefixes, the memory of a
 * route, and updates applied per second.
 */
import { randomBytes } from 'node:crypto';
import {
  CcpRouter,
  encodeCcpPrepare,
  encodeRouteUpdateRequest,
  RoutingTable,
  CCP_UPDATE_DESTINATION,
} from '@pennyswitch/ccp-routing';
import { isPrefixOf, parseIlpAddress, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import { asciiSlice } from '@pennyswitch/oer-codec';
import { measure } from '../measure.js';
import { network } from './addresses.js';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** The longest list that is scanned: beyond, one look-up takes longer than a round. */
const MAX_SCAN = 10_000;
/** How many different addresses are looked up in turns. */
const LOOKED_UP = 8_192;
const ROUTES_PER_UPDATE = 50;

/** Measures and prints. */
export function run(): void {
  console.log('look-ups, nanoseconds each; ratio: Map of whole addresses / table');
  for (const size of SIZES) lookUps(size);
  for (const size of [100_000, 1_000_000]) learning(size);
}

function lookUps(size: number): void {
  const { prefixes, destinations } = network(size);
  const table = new RoutingTable<number>();
  const map = new Map<string, number>();
  for (const [i, prefix] of prefixes.entries()) {
    table.set(prefix, i);
    map.set(destinations[i] as string, i);
  }
  const sample = Array.from(
    { length: LOOKED_UP },
    (_, i) => destinations[Math.floor((i * size) / LOOKED_UP)] as IlpAddressPrefix,
  );
  const octets = sample.map((address) => Uint8Array.from(Buffer.from(address)));
  let i = 0;
  // A packet's address is a new text each time, of which nothing is known yet, not even its hash.
  const read = (): IlpAddressPrefix => {
    const bytes = octets[i++ & (LOOKED_UP - 1)] as Uint8Array;
    return asciiSlice(bytes, 0, bytes.length) as IlpAddressPrefix;
  };
  const again = (): IlpAddressPrefix => sample[i++ & (LOOKED_UP - 1)] as IlpAddressPrefix;
  const result = measure([
    // Reading one character makes the text whole, which both look-ups need.
    { name: 'read', job: () => read().charCodeAt(30) },
    { name: 'Map', job: () => map.get(read()) },
    { name: 'table', job: () => table.resolve(read()) },
    { name: 'again', job: () => again() },
    { name: 'Map again', job: () => map.get(again()) },
    { name: 'table again', job: () => table.resolve(again()) },
  ]);
  const cost = (name: string, without: string): number =>
    (result.get(name) as number) - (result.get(without) as number);
  const tableNs = cost('table', 'read');
  const line = (what: string, mapNs: number, ns: number): string =>
    `${what}: Map ${mapNs.toFixed(0)}, table ${ns.toFixed(0)}, ratio ${(mapNs / ns).toFixed(2)}`;
  const beside =
    size > MAX_SCAN
      ? ''
      : `; a scan is ${(scan(prefixes, sample) / tableNs).toFixed(0)} times as long`;
  console.log(
    `${size.toLocaleString('en').padStart(9)} routes  ` +
      `${line('new texts', cost('Map', 'read'), tableNs)}; ` +
      `${line('same texts', cost('Map again', 'again'), cost('table again', 'again'))}${beside}`,
  );
}

/** Looks at the prefixes one after the other, the longest first, as ilp-connector does. */
function scan(prefixes: readonly IlpAddressPrefix[], sample: readonly IlpAddressPrefix[]): number {
  const sorted = prefixes.toSorted((a, b) => b.length - a.length);
  const start = process.cpuUsage();
  const count = 1_000;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const address = sample[(i * 7) & (LOOKED_UP - 1)] as IlpAddressPrefix;
    if (sorted.some((prefix) => isPrefixOf(prefix, address))) found += 1;
  }
  const { user, system } = process.cpuUsage(start);
  if (found !== count) throw new Error('the scan found no route');
  return ((user + system) / count) * 1000;
}

/** A router that is told of everything by one peer: time, and heap for each route. */
function learning(size: number): void {
  const { prefixes } = network(size);
  const router = new CcpRouter({
    address: parseIlpAddress('g.bench'),
    routingSecret: randomBytes(32),
    randomBytes,
    policy: { maxRoutesPerAccount: size, aggregate: false },
  });
  router.addAccount('peer', { relation: 'peer' }, 0);
  router.handleConnected('peer', 0);
  const before = bytesInUse();
  let spent = 0;
  for (let from = 0; from < size; from += ROUTES_PER_UPDATE * 1_000) {
    const packets = updatesOf(prefixes, from, Math.min(size, from + ROUTES_PER_UPDATE * 1_000));
    const start = process.cpuUsage();
    for (const packet of packets) router.handlePrepare('peer', packet, 0);
    const { user, system } = process.cpuUsage(start);
    spent += user + system;
  }
  const bytes = (bytesInUse() - before) / size;
  const perSecond = Math.round((size / spent) * 1e6);
  console.log(
    `${(router.size - 1).toLocaleString('en').padStart(9)} routes  ` +
      `${perSecond.toLocaleString('en')} learned per second` +
      ('gc' in globalThis ? `, ${bytes.toFixed(0)} bytes each` : ' (bytes: with --expose-gc)'),
  );
}

/** What a peer sends that announces the prefixes from one to another, fifty to a packet. */
function updatesOf(
  prefixes: readonly IlpAddressPrefix[],
  start: number,
  end: number,
): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let from = start; from < end; from += ROUTES_PER_UPDATE) {
    const chunk = prefixes.slice(from, Math.min(end, from + ROUTES_PER_UPDATE));
    const data = encodeRouteUpdateRequest({
      routingTableId: '70d1a134-a0df-4f47-964f-6e19e2ab3790',
      currentEpochIndex: prefixes.length,
      fromEpochIndex: from,
      toEpochIndex: from + chunk.length,
      holdDownTimeMs: 45_000,
      speaker: 'g.peer',
      newRoutes: chunk.map((prefix, i) => ({
        prefix,
        path: ['g.peer', `g.transit${(from / ROUTES_PER_UPDATE + i) % 200}`],
        auth: randomBytes(32),
        properties: [],
      })),
      withdrawnRoutes: [],
    });
    packets.push(encodeCcpPrepare(CCP_UPDATE_DESTINATION, data, 0));
  }
  return packets;
}

/** Bytes in use after a collection, typed arrays included. */
function bytesInUse(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
