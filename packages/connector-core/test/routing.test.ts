import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  decodeReply,
  encodeFulfill,
  PacketType,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { AccountRoutingSettings, Connector } from '../src/index.js';
import { accountRoutingSchema, routingPolicySchema } from '../src/schema/index.js';
import { fulfillAll, preparePacket, rejectWith, USD, World } from './fixture.js';

const prefixesOf = (node: Connector): string[] =>
  node.routes().map(({ prefix, nextHop }) => `${prefix} > ${nextHop ?? 'here'}`);

/** Three connectors in a row that are peers, `a`, `b` and `c`. */
async function row(
  bToA: AccountRoutingSettings = {},
  bToC: AccountRoutingSettings = {},
): Promise<{ world: World; a: Connector; b: Connector; c: Connector }> {
  const world = new World();
  const [a, b, c] = ['a', 'b', 'c'].map((name) =>
    world.connector({ address: parseIlpAddress(`test.${name}`) }),
  ) as [Connector, Connector, Connector];
  const peer = { relation: 'peer', asset: USD } as const;
  await world.join(a, { id: 'b', ...peer }, b, { id: 'a', ...peer, routing: bToA });
  await world.join(b, { id: 'c', ...peer, routing: bToC }, c, { id: 'b', ...peer });
  for (const node of [a, b, c]) await node.start();
  await world.clock.advance(2_000);
  return { world, a, b, c };
}

describe('the exchange of routes over an account', () => {
  it('goes both ways by default', async () => {
    const { a, b, c } = await row();
    expect(prefixesOf(a)).toEqual(['test.a > here', 'test.b > b', 'test.c > b']);
    expect(prefixesOf(c)).toEqual(['test.a > b', 'test.b > b', 'test.c > here']);
    expect(b.routes().find(({ prefix }) => prefix === 'test.c')).toMatchObject({
      toldTo: ['a'],
      keptFrom: { c: 'split-horizon' },
    });
  });

  it('takes what the account’s settings accept, and says what it did not take and why', async () => {
    const { b } = await row({ refuse: ['test.a'] }, { maxRoutes: 0 });
    expect(prefixesOf(b)).toEqual(['test.b > here']);
    expect(b.routeExchanges()).toMatchObject([
      { id: 'a', routes: 0, filtered: [{ prefix: 'test.a', rule: 'not-accepted' }] },
      { id: 'c', routes: 0, filtered: [{ prefix: 'test.c', rule: 'too-many' }] },
    ]);
  });

  it('tells what they allow', async () => {
    const { a, b, c } = await row({ withhold: ['test.c'] }, { peerTransit: false });
    expect(prefixesOf(a)).toEqual(['test.a > here', 'test.b > b']);
    expect(prefixesOf(c)).toEqual(['test.b > b', 'test.c > here']);
    expect(b.routePage({ startingWith: 'test.c' }).routes[0]?.keptFrom).toEqual({
      a: 'withheld',
      c: 'split-horizon',
    });
  });

  it('follows settings that change while the node runs', async () => {
    const { world, a, b } = await row();
    const change = (routing: AccountRoutingSettings): Promise<void> =>
      b.changeAccount({ id: 'a', relation: 'peer', asset: USD, routing });
    await change({ tell: ['test.b'] });
    await world.clock.advance(2_000);
    expect(prefixesOf(a)).toEqual(['test.a > here', 'test.b > b']);
    await change({});
    await world.clock.advance(2_000);
    expect(prefixesOf(a)).toContain('test.c > b');
  });

  it('is refused with settings that cannot be', async () => {
    const world = new World();
    const node = world.connector({ address: parseIlpAddress('test.a') });
    const add = (routing: AccountRoutingSettings): Promise<unknown> =>
      world.peer(node, { id: 'x', relation: 'peer', asset: USD, routing });
    await expect(add({ accept: ['test..x'] })).rejects.toThrow(
      'routing.accept: "test..x" is no ILP address prefix',
    );
    await expect(add({ maxRoutes: -1 })).rejects.toThrow(
      'routing.maxRoutes is -1, allowed are whole numbers from 0',
    );
    await expect(add({ maxPathLength: 0.5 })).rejects.toThrow('routing.maxPathLength is 0.5');
  });
});

describe('routing in documents', () => {
  it('takes what the code takes, and names what it does not', () => {
    expect(accountRoutingSchema.safeParse({ accept: ['g.a'], peerTransit: false }).success).toBe(
      true,
    );
    expect(accountRoutingSchema.safeParse({ accept: ['not a prefix'] }).success).toBe(false);
    expect(accountRoutingSchema.safeParse({ acept: [] }).success).toBe(false);
  });

  it('reads owners and secrets of origins, and checks numbers as the router does', () => {
    const policy = routingPolicySchema.parse({
      peerTransit: false,
      ownership: [{ prefix: 'g.bank', accounts: ['bank'] }],
      knownOrigins: [{ prefix: 'g.bank', secret: 'AAEC' }],
    });
    expect(policy.knownOrigins).toEqual([{ prefix: 'g.bank', secret: Uint8Array.of(0, 1, 2) }]);
    expect(routingPolicySchema.safeParse({ heartbeatMs: 1 }).error?.issues[0]?.message).toBe(
      'routing policy: heartbeatMs is 1, allowed is 100 to 86400000',
    );
  });
});

describe('a node whose parent gives it another address', () => {
  it('renumbers its child, tells its peer, and is reached at the new address only', async () => {
    const world = new World();
    const middle = world.connector({ addressRefreshMs: 60_000 });
    const kid = world.connector({ addressRefreshMs: 60_000 });
    const friend = world.connector({ address: parseIlpAddress('test.friend') });
    const peer = { relation: 'peer', asset: USD } as const;
    const parent = await world.peer(middle, { id: 'up', relation: 'parent' });
    const tell = (address: string): void => {
      const data = encodeIldcpResponse({
        clientAddress: parseIlpAddress(address),
        assetCode: USD.code,
        assetScale: USD.scale,
      });
      const reply = encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data });
      parent.answer = () => Promise.resolve(reply);
    };
    tell('test.one.m');
    await world.join(middle, { id: 'kid', relation: 'child', asset: USD }, kid, {
      id: 'up',
      relation: 'parent',
    });
    await world.join(middle, { id: 'friend', ...peer }, friend, { id: 'middle', ...peer });
    for (const node of [middle, kid, friend]) await node.start();
    kid.setLocalHandler(fulfillAll);
    await world.clock.advance(5_000);
    expect([middle.address, kid.address]).toEqual(['test.one.m', 'test.one.m.kid']);
    expect(prefixesOf(friend)).toContain('test.one.m > middle');

    tell('test.two.m');
    await world.clock.advance(125_000);
    expect([middle.address, kid.address]).toEqual(['test.two.m', 'test.two.m.kid']);
    expect(prefixesOf(friend)).toEqual(['test.friend > here', 'test.two.m > middle']);
    const send = async (destination: string): Promise<unknown> => {
      const bytes = preparePacket(world.clock.now(), { destination });
      return decodeReply(await world.until(friend.sendLocal(bytes)));
    };
    expect(await send('test.two.m.kid.x')).toMatchObject({ type: PacketType.fulfill });
    expect(await send('test.one.m.kid.x')).toMatchObject({ code: 'F02' });
  });

  it('asks one of two parents only', async () => {
    const world = new World();
    const node = world.connector();
    const asked: string[] = [];
    for (const id of ['one', 'two']) {
      const parent = await world.peer(node, {
        id,
        relation: 'parent',
        ...(id === 'two' && { inheritAddress: false, asset: USD }),
      });
      parent.answer = (bytes) => {
        asked.push(`${id} ${decodePrepare(bytes).destination}`);
        return rejectWith('T00')();
      };
    }
    await node.start();
    await world.clock.advance(600_000);
    expect(new Set(asked)).toEqual(new Set(['one peer.config']));
  });
});
