/**
 * Routing: look-ups per second by size beside a `Map` of whole addresses and beside npm ilp-connector's prefix map, the memory
 * of a route, and updates applied per second.
 *
 * Addresses are looked up in four ways. A packet's address is a new text each time, of which nothing is known, not even its hash;
 * in a benchmark it often is a text that was used before, whose hash is known. And packets go to few addresses again and
 * again, or each to one that was not seen lately.
 */
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  CcpRouter,
  encodeCcpPrepare,
  encodeRouteUpdateRequest,
  RoutingTable,
  CCP_UPDATE_DESTINATION,
} from '@pennyswitch/ccp-routing';
import { parseIlpAddress, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import { asciiSlice } from '@pennyswitch/oer-codec';
import prefixMap from 'ilp-connector/dist/routing/prefix-map.js';
import { measure } from '../measure.js';
import { network } from './addresses.js';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** The most routes that npm ilp-connector's map is filled with. */
const MAX_PEER = 100_000;
/** How many different addresses are looked up in turns, where they are the same again. */
const FEW = 8_192;
/** The same where they are others: more than the table remembers. */
const MANY = 262_144;
const ROUTES_PER_UPDATE = 50;

/** Measures and prints. */
export function run(): void {
  console.log('look-ups, nanoseconds each; ratio: Map of whole addresses / table');
  for (const size of SIZES) lookUps(size);
  // Once for nothing: what is compiled and set up the first time is no route's.
  learning(20_000);
  for (const size of [10_000, 100_000, 1_000_000]) console.log(learning(size));
}

function lookUps(size: number): void {
  const { prefixes, destinations } = network(size);
  const table = new RoutingTable<number>();
  for (const [i, prefix] of prefixes.entries()) table.set(prefix, i);
  const result = { few: 0 };
  for (const count of [FEW, MANY]) {
    const sample = Array.from({ length: count }, (_, i) => {
      const route = Math.floor((i * size) / count);
      return count > size
        ? `${destinations[route] as string}${i}`
        : (destinations[route] as string);
    }) as IlpAddressPrefix[];
    const costs = compare(table, sample);
    if (count === FEW) result.few = costs.tableNs;
    const kind = count === FEW ? 'addresses seen before' : 'addresses not seen lately';
    console.log(`${size.toLocaleString('en').padStart(9)} routes, ${kind}: ${costs.text}`);
  }
  if (size > MAX_PEER) return;
  const ns = peer(prefixes, destinations);
  const times = (ns / result.few).toFixed(0);
  console.log(`${' '.repeat(17)}npm ilp-connector: ${ns.toFixed(0)} ns, ${times} times as long`);
}

/** Looks up addresses as new texts and as texts that were used before, in a Map that has them all and in the table. */
function compare(
  table: RoutingTable<number>,
  sample: readonly IlpAddressPrefix[],
): { readonly text: string; readonly tableNs: number } {
  const map = new Map<string, number>(sample.map((address, i) => [address, i]));
  const octets = sample.map((address) => Uint8Array.from(Buffer.from(address)));
  const mask = sample.length - 1;
  let i = 0;
  const read = (): IlpAddressPrefix => {
    const bytes = octets[i++ & mask] as Uint8Array;
    return asciiSlice(bytes, 0, bytes.length) as IlpAddressPrefix;
  };
  const again = (): IlpAddressPrefix => sample[i++ & mask] as IlpAddressPrefix;
  // So that what can be remembered is.
  for (let round = 0; round < 2; round++) for (const address of sample) table.resolve(address);
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
  const line = (what: string, mapNs: number, ns: number): string =>
    `${what}: Map ${mapNs.toFixed(0)}, table ${ns.toFixed(0)}, ratio ${(mapNs / ns).toFixed(2)}`;
  const tableNs = cost('table', 'read');
  const text = `${line('new texts', cost('Map', 'read'), tableNs)}; ${line(
    'known texts',
    cost('Map again', 'again'),
    cost('table again', 'again'),
  )}`;
  return { text, tableNs };
}

/** One look-up in npm ilp-connector's map, in nanoseconds. */
function peer(
  prefixes: readonly IlpAddressPrefix[],
  destinations: readonly IlpAddressPrefix[],
): number {
  const map = new prefixMap.default<number>();
  // The one that it puts first comes last: it looks from the first one on where to insert.
  const last = prefixes.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const [i, prefix] of last.entries()) map.insert(prefix, i);
  const count = Math.max(100, Math.min(5_000, Math.floor(2e7 / prefixes.length)));
  let found = 0;
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const address = destinations[Math.floor((i * prefixes.length) / count)] as string;
    if (map.resolve(address) !== undefined) found += 1;
  }
  const { user, system } = process.cpuUsage(start);
  if (found !== count) throw new Error('npm ilp-connector found no route');
  return ((user + system) / count) * 1000;
}

/** A router that is told of everything by one peer: time, and heap for each route. */
function learning(size: number): string {
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
  return (
    `${(router.size - 1).toLocaleString('en').padStart(9)} routes  ` +
    `${perSecond.toLocaleString('en')} learned per second, ${bytes.toFixed(0)} bytes each`
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
        path: ['g.peer', `g.transit${(from / ROUTES_PER_UPDATE + i) % 200}`, prefix],
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
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
