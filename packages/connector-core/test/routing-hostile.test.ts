/**
 * A peer that breaks the rules of CCP over a real BTP connection, and what becomes of the connector and of its other peer.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BtpClient, BtpServer } from '@pennyswitch/btp';
import {
  CCP_CONTROL_DESTINATION,
  CCP_UPDATE_DESTINATION,
  decodeRouteUpdateRequest,
  encodeCcpPrepare,
  encodeCcpResponse,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
  NO_TABLE,
  type AnnouncedRoute,
  type CcpAccountListing,
  type RouteUpdateRequest,
} from '@pennyswitch/ccp-routing';
import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { decodePrepare, decodeReply, PacketType } from '@pennyswitch/ilp-packet';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { btpLink, Connector, type ConnectorOptions } from '../src/index.js';
import { fulfillAll, preparePacket, USD } from './fixture.js';

const TABLE = '70d1a134-a0df-4f47-964f-6e19e2ab3790';
const OTHER_TABLE = '21e55f8e-abcd-4e97-9ab9-bf0ff00a224c';
const UNTIL = { timeout: 50_000, interval: 10 };
const DEADLINE_MS = 50_000;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The far end of a link that speaks CCP as it likes. */
class Attacker {
  readonly client: BtpClient;
  /** What it was told. */
  readonly updates: RouteUpdateRequest[] = [];
  /** How often it was asked for its routes. */
  asked = 0;
  readonly #link: ReturnType<typeof btpLink>;

  constructor(url: string) {
    this.client = new BtpClient({ url });
    this.#link = btpLink(this.client);
    this.#link.setHandler((bytes) => {
      const { destination, data } = decodePrepare(bytes.slice());
      if (destination === CCP_UPDATE_DESTINATION) this.updates.push(decodeRouteUpdateRequest(data));
      if (destination === CCP_CONTROL_DESTINATION) this.asked += 1;
      return Promise.resolve(encodeCcpResponse());
    });
  }

  /** Sends a Prepare; a Reject's code, or `ok`. */
  async send(prepare: Uint8Array): Promise<string> {
    const reply = decodeReply(
      await this.#link.send(prepare, { deadline: Date.now() + DEADLINE_MS }),
    );
    return reply.type === PacketType.reject ? reply.code : 'ok';
  }

  update(fields: Partial<RouteUpdateRequest>): Promise<string> {
    return this.send(ccp(CCP_UPDATE_DESTINATION, updateData(fields)));
  }
}

function ccp(destination: IlpAddress, data: Uint8Array, now: number = Date.now()): Uint8Array {
  return encodeCcpPrepare(destination, data, now);
}

function updateData(fields: Partial<RouteUpdateRequest> = {}): Uint8Array {
  const { fromEpochIndex = 0, toEpochIndex = fromEpochIndex + 1 } = fields;
  return encodeRouteUpdateRequest({
    routingTableId: TABLE,
    currentEpochIndex: toEpochIndex,
    fromEpochIndex,
    toEpochIndex,
    holdDownTimeMs: 45_000,
    speaker: 'test.evil',
    newRoutes: [],
    withdrawnRoutes: [],
    ...fields,
  });
}

function controlData(): Uint8Array {
  return encodeRouteControlRequest({
    mode: 'sync',
    lastKnownRoutingTableId: NO_TABLE,
    lastKnownEpoch: 0,
    features: [],
  });
}

function route(prefix: string, path: readonly string[] = ['test.evil']): AnnouncedRoute {
  return { prefix, path, auth: new Uint8Array(32).fill(1), properties: [] };
}

/** A connector with an honest peer, a connector too, and one that is not; both are connected. */
async function between(routing: ConnectorOptions['routing'] = {}): Promise<{
  connector: Connector;
  honest: Connector;
  evil: Attacker;
  url: (token: string) => string;
}> {
  const server = new BtpServer({
    authenticate: ({ token }) => Promise.resolve(token === 'wrong' ? undefined : token),
  });
  const connector = new Connector({ address: parseIlpAddress('test.b'), routing });
  for (const id of ['honest', 'evil']) {
    await connector.addAccount({ id, relation: 'peer', asset: USD }, btpLink(server.account(id)));
  }
  await connector.start();
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const url = (token: string): string => `btp+ws://:${token}@127.0.0.1:${port}`;
  const toHonest = new BtpClient({ url: url('honest') });
  const honest = new Connector({ address: parseIlpAddress('test.honest') });
  await honest.addAccount({ id: 'b', relation: 'peer', asset: USD }, btpLink(toHonest));
  await honest.start();
  honest.setLocalHandler(fulfillAll);
  const evil = new Attacker(url('evil'));
  closing.push(
    () => server.close(),
    () => connector.stop({ drainMs: 0 }),
    () => honest.stop({ drainMs: 0 }),
    () => evil.client.close({ drainTimeoutMs: 0 }),
  );
  await toHonest.connect();
  await evil.client.connect();
  await vi.waitFor(() => {
    expect(prefixesOf(connector)).toEqual(['test.b', 'test.honest']);
    expect(prefixesOf(honest)).toEqual(['test.b', 'test.honest']);
    expect(connector.account('evil').connected).toBe(true);
  }, UNTIL);
  return { connector, honest, evil, url };
}

const prefixesOf = (node: Connector): string[] => node.routes().map(({ prefix }) => prefix);

function exchange(connector: Connector, id: string): CcpAccountListing {
  const listing = connector.routeExchanges().find((each) => each.id === id);
  if (listing === undefined) throw new Error(`no account ${id}`);
  return listing;
}

/** The way to the honest peer is there, and carries money. */
async function expectUnharmed(connector: Connector): Promise<void> {
  expect(prefixesOf(connector)).toContain('test.honest');
  const packet = preparePacket(Date.now(), { destination: 'test.honest.x', expiresInMs: 30_000 });
  expect(decodeReply(await connector.sendLocal(packet)).type).toBe(PacketType.fulfill);
}

/** Another first byte: the mode of a control request. */
function withFirstByte(data: Uint8Array, first: number): Uint8Array {
  data[0] = first;
  return data;
}

/** The condition of bilateral protocols with one bit changed. */
function withOtherCondition(prepare: Uint8Array): Uint8Array {
  const at = Buffer.from(prepare).indexOf(Buffer.from('66687aad', 'hex'));
  prepare[at] = 0x67;
  return prepare;
}

const FLOOD_UPDATES = 400;

/** An update as large as a packet: new routes and withdrawals of earlier ones, by turns many, long, or of a new table. */
function floodUpdate(name: string, index: number): Partial<RouteUpdateRequest> {
  const epochs = { currentEpochIndex: 0xffff_ffff, toEpochIndex: 0xffff_ffff };
  if (index % 3 === 0) {
    const newRoutes = Array.from({ length: 400 }, (_, i) => route(`test.${name}.${i}`));
    return { ...epochs, newRoutes };
  }
  const long = Array.from({ length: 30 }, (_, i) => `test.${name}.${i}.${'x'.repeat(980)}`);
  if (index % 3 === 1) return { ...epochs, newRoutes: [route(`test.${name}`, long)] };
  const routingTableId = `70d1a134-a0df-4f47-964f-${String(index).padStart(12, '0')}`;
  const newRoutes = long.map((prefix) => route(prefix));
  return { ...epochs, routingTableId, newRoutes, withdrawnRoutes: [`test.${name}`] };
}

/** Bytes that are in use on the heap after everything else was collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

describe('a peer that breaks the rules of CCP over BTP', () => {
  it('is answered each time as docs/protocols/ccp.md says, and changes nothing', async () => {
    const { connector, evil } = await between();
    const update = CCP_UPDATE_DESTINATION;
    const control = CCP_CONTROL_DESTINATION;
    // A count of 2^32 - 1 routes that are not there: behind ids, epochs, hold-down and an empty speaker.
    const hugeCount = Buffer.concat([
      updateData({ speaker: '' }).subarray(0, 33),
      Buffer.from('04ffffffff', 'hex'),
    ]);
    const attempts: [string, Uint8Array, string][] = [
      ['no update at all', ccp(update, new Uint8Array(0)), 'F00'],
      ['noise', ccp(update, new Uint8Array(500).fill(0xff)), 'F00'],
      ['an update cut off', ccp(update, updateData().subarray(0, 40)), 'F00'],
      ['a count without routes', ccp(update, hugeCount), 'F00'],
      ['epochs backwards', ccp(update, updateData({ fromEpochIndex: 3, toEpochIndex: 2 })), 'F00'],
      ['more epochs than there are', ccp(update, updateData({ currentEpochIndex: 0 })), 'F00'],
      ['a gap', ccp(update, updateData({ fromEpochIndex: 7 })), 'F00'],
      ['no control request at all', ccp(control, new Uint8Array(0)), 'F00'],
      ['an unknown mode', ccp(control, withFirstByte(controlData(), 2)), 'F00'],
      ['a feature cut off', ccp(control, Buffer.concat([controlData(), Buffer.alloc(1)])), 'ok'],
      ['another condition', withOtherCondition(ccp(update, updateData())), 'F01'],
      ['another request', ccp(parseIlpAddress('peer.route.steal'), updateData()), 'F01'],
      ['another protocol', ccp(parseIlpAddress('peer.routes'), updateData()), 'F01'],
      ['what expired long ago', ccp(update, updateData(), 0), 'R02'],
    ];
    const answers: [string, string][] = [];
    for (const [what, prepare] of attempts) answers.push([what, await evil.send(prepare)]);
    expect(answers).toEqual(attempts.map(([what, , answer]) => [what, answer]));
    expect(prefixesOf(connector)).toEqual(['test.b', 'test.honest']);
    expect(exchange(connector, 'evil')).toMatchObject({ routes: 0, receiver: { epoch: 0 } });
    await expectUnharmed(connector);
  });

  it('gets nowhere with a wrong token', async () => {
    const { connector, url } = await between();
    const stranger = new BtpClient({ url: url('wrong') });
    closing.push(() => stranger.close());
    await expect(stranger.connect({ timeoutMs: 20_000 })).rejects.toThrow();
    await expectUnharmed(connector);
  });

  it('has its good routes taken beside bad ones: duplicates, no addresses, loops, other networks', async () => {
    const { connector, honest, evil } = await between();
    const newRoutes = [
      route('test.x', ['test.evil', 'test.far', 'test.x']),
      route('test.x', ['test.evil', 'test.x']),
      route('test.back'),
      route('test..bad'),
      route('test.bad.'),
      route('test.b a d'),
      route(''),
      route('test'),
      route('test1.x'),
      route('g.x'),
      route('private.x'),
      route('test.b.stolen'),
      route('test.loop', ['test.evil', 'test.b', 'test.loop']),
      route('test.nowhere', ['test.evil', '...']),
      route('test.y'),
    ];
    // Withdrawals come first, also of what never was.
    const withdrawnRoutes = ['test.back', 'test.never', '', '..', 'test.honest', 'test.b'];
    expect(await evil.update({ newRoutes, withdrawnRoutes })).toBe('ok');
    const taken = ['test.b', 'test.back', 'test.honest', 'test.x', 'test.y'];
    expect(prefixesOf(connector)).toEqual(taken);
    expect(connector.routes().find(({ prefix }) => prefix === 'test.x')?.path).toEqual([
      'test.evil',
      'test.x',
    ]);
    expect(exchange(connector, 'evil').filteredCounts).toEqual({
      'invalid-prefix': 3,
      'whole-network': 2,
      'other-network': 3,
      'own-address': 1,
      loop: 1,
      'invalid-path': 1,
    });
    await vi.waitFor(() => {
      expect(prefixesOf(honest)).toEqual(taken);
    }, UNTIL);
    await expectUnharmed(connector);
  });

  it('is believed to be nearer to what another peer announces, but only as long as its link is up', async () => {
    const { connector, evil } = await between();
    await evil.update({ newRoutes: [route('test.honest', [])] });
    // An empty path is shorter: that is what a policy of ownership or known origins is for.
    expect(connector.routes().find(({ prefix }) => prefix === 'test.honest')).toMatchObject({
      nextHop: 'evil',
      candidates: [{ accountId: 'evil' }, { accountId: 'honest' }],
    });
    await evil.client.close({ drainTimeoutMs: 0 });
    await vi.waitFor(() => {
      expect(connector.routes().find(({ prefix }) => prefix === 'test.honest')?.nextHop).toBe(
        'honest',
      );
    }, UNTIL);
    await expectUnharmed(connector);
  });

  it('cannot take it at all where a policy says whose it is', async () => {
    const { connector, evil } = await between({
      policy: { ownership: [{ prefix: parseIlpAddress('test.honest'), accounts: ['honest'] }] },
    });
    await evil.update({ newRoutes: [route('test.honest', []), route('test.honest.x', [])] });
    expect(exchange(connector, 'evil').filteredCounts).toEqual({ 'not-owner': 2 });
    await expectUnharmed(connector);
  });

  it('is followed to another table that begins at 0, and asked for the whole of one that does not', async () => {
    const { connector, evil } = await between();
    await vi.waitFor(() => {
      expect(evil.asked).toBe(1);
    }, UNTIL);
    expect(await evil.update({ newRoutes: [route('test.x'), route('test.y')] })).toBe('ok');
    const middle = { routingTableId: OTHER_TABLE, fromEpochIndex: 1, newRoutes: [route('test.z')] };
    expect(await evil.update(middle)).toBe('F00');
    await vi.waitFor(() => {
      expect(evil.asked).toBe(2);
    }, UNTIL);
    const all = ['test.b', 'test.honest', 'test.x', 'test.y'];
    expect(prefixesOf(connector)).toEqual(all);
    // The old table goes on: what it says is still taken.
    expect(await evil.update({ fromEpochIndex: 1, withdrawnRoutes: ['test.x'] })).toBe('ok');
    expect(await evil.update({ routingTableId: OTHER_TABLE, newRoutes: [route('test.w')] })).toBe(
      'ok',
    );
    expect(prefixesOf(connector)).toEqual(['test.b', 'test.honest', 'test.w']);
    expect(await evil.update(middle)).toBe('ok');
    expect(prefixesOf(connector)).toEqual(['test.b', 'test.honest', 'test.w', 'test.z']);
  });

  it('cannot fill the memory or stop other peers with a flood of updates and requests', async () => {
    const limits = { maxRoutesPerAccount: 410, maxTextPerAccount: 40_000, maxWithdrawals: 300 };
    const { connector, honest, evil } = await between({ policy: limits });
    const flood = async (round: number): Promise<Set<string>> => {
      const answers = new Set<string>();
      let next = 0;
      const sendSome = async (): Promise<void> => {
        for (let i = next++; i < FLOOD_UPDATES; i = next++) {
          answers.add(await evil.update(floodUpdate(`${round}-${i}`, i)));
          if (i % 10 === 0)
            answers.add(await evil.send(ccp(CCP_CONTROL_DESTINATION, controlData())));
        }
      };
      const payments = async (): Promise<void> => {
        while (next < FLOOD_UPDATES) await expectUnharmed(connector);
      };
      await Promise.all([...Array.from({ length: 50 }, sendSome), payments()]);
      return answers;
    };
    expect(await flood(1)).toEqual(new Set(['ok']));
    const before = heapInUse();
    expect(await flood(2)).toEqual(new Set(['ok']));
    const grown = heapInUse() - before;
    // More than ten million came in.
    expect(grown).toBeLessThan(3_000_000);
    const { routes, filtered, filteredCounts } = exchange(connector, 'evil');
    expect(routes).toBeLessThanOrEqual(limits.maxRoutesPerAccount);
    expect(filtered.length).toBeLessThanOrEqual(100);
    expect(Object.keys(filteredCounts).sort()).toEqual(['too-large', 'too-many']);
    await expectUnharmed(connector);
    await evil.client.close({ drainTimeoutMs: 0 });
    await vi.waitFor(() => {
      expect(prefixesOf(connector)).toEqual(['test.b', 'test.honest']);
      expect(prefixesOf(honest)).toEqual(['test.b', 'test.honest']);
    }, UNTIL);
  });
});
