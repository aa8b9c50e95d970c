/** A node that is configured by its parent (RFC 0031): what it keeps, when it asks again, and what it does not believe. */
import { encodeIldcpResponse, ILDCP_DESTINATION } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeReply,
  encodeFulfill,
  encodeReject,
  PacketType,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { Connector } from '../src/index.js';
import { fulfillAll, never, preparePacket, USD, World, type Peer } from './fixture.js';

const REFRESH_MS = 60_000;
const CONFIGURATION = {
  clientAddress: parseIlpAddress('test.up.me'),
  assetCode: USD.code,
  assetScale: USD.scale,
};

const always = (bytes: Uint8Array) => (): Promise<Uint8Array> => Promise.resolve(bytes);

function fulfillWith(data: Uint8Array, fulfillment = PEER_PROTOCOL_FULFILLMENT): Uint8Array {
  return encodeFulfill({ fulfillment, data });
}

function telling(fields: { clientAddress?: string; assetCode?: string; assetScale?: number } = {}) {
  const { clientAddress = CONFIGURATION.clientAddress, ...rest } = fields;
  const data = encodeIldcpResponse({
    ...CONFIGURATION,
    ...rest,
    clientAddress: parseIlpAddress(clientAddress),
  });
  return always(fulfillWith(data));
}

/** A node with one parent, running; the parent says nothing yet. */
async function nodeBelow(): Promise<{
  world: World;
  node: Connector;
  parent: Peer;
  asked: () => number;
  addresses: string[];
  problems: string[];
}> {
  const world = new World();
  const node = world.connector({ addressRefreshMs: REFRESH_MS });
  const addresses: string[] = [];
  const problems: string[] = [];
  node.on('address', (address) => addresses.push(address));
  node.on('accountProblem', (account, { code }) => problems.push(`${account}: ${code}`));
  const parent = await world.peer(node, { id: 'up', relation: 'parent' });
  parent.answer = never;
  const asked = (): number =>
    parent.received.filter(({ destination }) => destination === ILDCP_DESTINATION).length;
  return { world, node, parent, asked, addresses, problems };
}

/** The same with its first configuration. */
async function configured(): ReturnType<typeof nodeBelow> {
  const below = await nodeBelow();
  below.parent.answer = telling();
  await below.node.start();
  await below.world.until(below.node.whenAddressed());
  return below;
}

describe('the configuration that a parent gave (RFC 0031)', () => {
  it('is kept between questions, and asked for again each time that the timer says', async () => {
    const { world, node, asked, addresses } = await configured();
    expect(asked()).toBe(1);
    await world.clock.advance(REFRESH_MS / 2);
    expect(asked()).toBe(1);
    await world.clock.advance(10 * REFRESH_MS);
    expect(asked()).toBeGreaterThanOrEqual(10);
    expect(asked()).toBeLessThanOrEqual(11);
    // The same again is no news.
    expect([addresses, node.address]).toEqual([['test.up.me'], 'test.up.me']);
  });

  it.each<[string, Peer['answer']]>([
    ['says nothing', never],
    ['refuses', always(reject('F00'))],
    ['has no address itself for a while', always(reject('T00'))],
    ['answers nonsense', always(new Uint8Array(50).fill(0xff))],
    ['gives an address that others cannot reach', telling({ clientAddress: 'peer.config.x' })],
  ])('stays in force while the parent %s, and is asked for with growing pauses', async (_, bad) => {
    const { world, node, parent, asked, addresses } = await configured();
    parent.answer = bad;
    await world.clock.advance(REFRESH_MS);
    const before = asked();
    await world.clock.advance(600_000);
    expect([node.address, node.account('up').asset]).toEqual(['test.up.me', USD]);
    // Pauses up to a minute and a wait of 10 s at most: some ten to forty questions in ten minutes.
    expect(asked() - before).toBeGreaterThan(8);
    expect(asked() - before).toBeLessThan(40);
    parent.answer = telling({ clientAddress: 'test.new.me' });
    await world.clock.advance(120_000);
    expect(addresses).toEqual(['test.up.me', 'test.new.me']);
  });

  it('moves the node, its children and what it sends from when the address changes', async () => {
    const { world, node, parent, addresses } = await configured();
    const kid = await world.peer(node, { id: 'kid', relation: 'child', asset: USD });
    parent.answer = telling({ clientAddress: 'test.elsewhere' });
    await world.clock.advance(REFRESH_MS);
    expect(addresses).toEqual(['test.up.me', 'test.elsewhere']);
    expect(node.account('kid').address).toBe('test.elsewhere.kid');
    kid.answer = fulfillAll;
    const send = async (destination: string): Promise<unknown> => {
      const bytes = preparePacket(world.clock.now(), { destination });
      return decodeReply(await world.until(parent.sendBytes(bytes)));
    };
    expect(await send('test.elsewhere.kid.x')).toMatchObject({ type: PacketType.fulfill });
    expect(await send('test.up.me.kid.x')).toMatchObject({ code: 'F02' });
  });

  it('stops the account when it names another asset than before, until it names that one again', async () => {
    const { world, node, parent, problems } = await configured();
    const toParent = (): Promise<Uint8Array> =>
      world.until(
        node.sendLocal(preparePacket(world.clock.now(), { destination: 'test.far.away' })),
      );
    for (const other of [{ assetCode: 'EUR' }, { assetScale: 9 }]) {
      problems.length = 0;
      parent.answer = telling({ ...other, clientAddress: 'test.other' });
      await world.clock.advance(REFRESH_MS);
      expect(problems).toContain('up: ASSET_MISMATCH');
      expect(node.account('up').problem).toBe('ASSET_MISMATCH');
      // Its address is not taken either: the two belong together.
      expect(node.address).toBe('test.up.me');
      const before = parent.received.length;
      expect(decodeReply(await toParent()).type).toBe(PacketType.reject);
      expect(parent.received.length).toBe(before);

      parent.answer = telling();
      await world.clock.advance(120_000);
      expect(node.account('up')).toMatchObject({ asset: USD, problem: undefined });
      parent.answer = fulfillAll;
      expect(decodeReply(await toParent()).type).toBe(PacketType.fulfill);
    }
  });

  it('is not believed where the address leaves no room for the children that are there', async () => {
    const { world, node, parent, problems } = await configured();
    await world.peer(node, { id: 'kid', relation: 'child', asset: USD });
    parent.answer = telling({ clientAddress: `test.${'x'.repeat(1023 - 5)}` });
    await world.clock.advance(REFRESH_MS);
    expect(problems).toContain('up: BAD_SETTING');
    expect([node.address, node.account('kid').address]).toEqual(['test.up.me', 'test.up.me.kid']);
    expect(node.routes().map(({ prefix }) => prefix)).toContain('test.up.me.kid');
  });
});

function reject(code: 'F00' | 'T00'): Uint8Array {
  return encodeReject({ code, triggeredBy: '', message: 'no', data: new Uint8Array(0) });
}

describe('an answer that is none', () => {
  const data = encodeIldcpResponse(CONFIGURATION);
  const emptyAddress = Uint8Array.from([0, 6, 3, 0x55, 0x53, 0x44]);

  it.each<[string, Uint8Array]>([
    ['no packet', new Uint8Array(0)],
    ['a packet cut off', fulfillWith(data).subarray(0, 20)],
    ['a Prepare', preparePacket(Date.now(), { destination: 'peer.config' })],
    ['a Fulfill without data', fulfillWith(new Uint8Array(0))],
    ['data cut off', fulfillWith(data.subarray(0, -1))],
    ['an address that is empty', fulfillWith(emptyAddress)],
    ['an address that is none', fulfillWith(Buffer.from(data).fill('!', 3, 6))],
    ['another fulfillment', fulfillWith(data, new Uint8Array(32).fill(1))],
    ['an asset code that is no UTF-8', fulfillWith(Buffer.from(data).fill(0xff, data.length - 2))],
    ['a Reject', reject('F00')],
  ])('%s: the node goes on asking, and takes the first good one', async (_, bad) => {
    const { world, node, parent, asked } = await nodeBelow();
    parent.answer = always(bad);
    await node.start();
    await world.clock.advance(30_000);
    expect(node.address).toBeUndefined();
    expect(asked()).toBeGreaterThan(2);
    parent.answer = telling();
    expect(await world.until(node.whenAddressed())).toBe('test.up.me');
    expect(node.account('up').asset).toEqual(USD);
  });

  it('may have more fields than we know: a later version (RFC 0031 "Overview")', async () => {
    const { world, node, parent } = await nodeBelow();
    parent.answer = always(fulfillWith(Buffer.concat([data, Buffer.from([1, 2, 3])])));
    await node.start();
    expect(await world.until(node.whenAddressed())).toBe('test.up.me');
  });
});
