import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { encodeIldcpResponse, fetchIldcp } from '@pennyswitch/ildcp';
import {
  decodeReply,
  encodeFulfill,
  encodePrepare,
  PacketType,
  PEER_PROTOCOL_CONDITION,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { AccountSettings } from '../src/index.js';
import {
  between,
  EUR,
  fulfillAll,
  never,
  preparePacket,
  USD,
  World,
  type Peer,
} from './fixture.js';

const TO_BOB = { destination: 'test.bob.1' };

function configure(peer: Peer, clientAddress: string, assetCode = 'USD', assetScale = 6): void {
  peer.answer = () =>
    Promise.resolve(
      encodeFulfill({
        fulfillment: PEER_PROTOCOL_FULFILLMENT,
        data: encodeIldcpResponse({
          clientAddress: parseIlpAddress(clientAddress),
          assetCode,
          assetScale,
        }),
      }),
    );
}

describe('a connector that stops', () => {
  it('takes no new packets (T03) but lets those under way end, then closes its links', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(5000);
      return fulfillAll(bytes);
    };
    const underWay = alice.send({ amount: 1000n, ...TO_BOB });
    await world.clock.advance(1);
    const stopping = connector.stop();
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'T03' });
    expect(await world.until(underWay)).toMatchObject({ type: PacketType.fulfill });
    await world.until(stopping);
    expect(alice.link.isConnected).toBe(false);
    expect(await connector.balance('alice')).toMatchObject({ receivable: 1000n });
  });

  it('does not wait longer than it is told', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    void alice.send(TO_BOB).catch(() => undefined);
    await world.clock.advance(1);
    const start = world.clock.now();
    await world.until(connector.stop({ drainMs: 500 }));
    expect(world.clock.now() - start).toBe(501); // the link closes in 1 ms
  });

  it('takes no packets before it is started', async () => {
    const world = new World();
    const connector = world.connector({ address: parseIlpAddress('test.b') });
    const alice = await world.peer(connector, { id: 'alice', relation: 'child', asset: USD });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'T03' });
  });
});

describe('accounts', () => {
  it('come and go while packets flow', async () => {
    const { world, connector, alice } = await between();
    const carol = await world.peer(connector, {
      id: 'carol',
      relation: 'child',
      asset: USD,
      segment: 'c-1',
    });
    const reply = await world.until(alice.send({ destination: 'test.b.c-1.x' }));
    expect(reply).toMatchObject({ type: PacketType.fulfill });
    await world.until(connector.removeAccount('carol'));
    expect(await world.until(alice.send({ destination: 'test.b.c-1.x' }))).toMatchObject({
      code: 'F02',
    });
    expect(carol.link.isConnected).toBe(false);
  });

  it('that are removed let their packets end first, and keep their book', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(3000);
      return fulfillAll(bytes);
    };
    const reply = alice.send({ amount: 1000n, ...TO_BOB });
    await world.clock.advance(1);
    const removed = connector.removeAccount('bob');
    expect(await world.until(reply)).toMatchObject({ type: PacketType.fulfill });
    await world.until(removed);
    await world.peer(connector, { id: 'bob', relation: 'peer', asset: EUR });
    expect(await connector.balance('bob')).toMatchObject({ payable: 920n });
  });

  it('that are removed for good lose their book', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    await world.until(connector.removeAccount('bob', { forget: true }));
    await world.peer(connector, { id: 'bob', relation: 'peer', asset: USD });
    expect(await connector.balance('bob')).toMatchObject({ payable: 0n });
  });

  it.each<[string, AccountSettings, string]>([
    ['an id that is taken', { id: 'alice', relation: 'peer', asset: USD }, 'DUPLICATE_ACCOUNT'],
    [
      'a segment that is taken',
      { id: 'eve', segment: 'alice', relation: 'child', asset: USD },
      'DUPLICATE_ACCOUNT',
    ],
    ['an id that is no segment', { id: 'a.b', relation: 'peer', asset: USD }, 'BAD_SETTING'],
    ['no asset', { id: 'eve', relation: 'peer' }, 'BAD_SETTING'],
    [
      'a scale above 255',
      { id: 'eve', relation: 'peer', asset: { code: 'X', scale: 256 } },
      'BAD_SETTING',
    ],
    [
      'a bad static route',
      { id: 'eve', relation: 'peer', asset: USD, staticRoutes: ['g..a'] },
      'BAD_SETTING',
    ],
    [
      'limits that exclude each other',
      {
        id: 'eve',
        relation: 'peer',
        asset: USD,
        limits: { minimumBalance: 1n, maximumBalance: 0n },
      },
      'BAD_SETTING',
    ],
  ])('are refused with %s', async (_what, settings, code) => {
    const { world, connector } = await between();
    await expect(world.peer(connector, settings)).rejects.toMatchObject({ code });
    expect(connector.accounts()).toHaveLength(2);
  });

  it('that nobody knows cannot be asked for', async () => {
    const { connector } = await between();
    await expect(connector.balance('eve')).rejects.toMatchObject({ code: 'UNKNOWN_ACCOUNT' });
    await expect(connector.removeAccount('eve')).rejects.toMatchObject({ code: 'UNKNOWN_ACCOUNT' });
  });
});

describe('ILDCP', () => {
  const request = (now: number): Uint8Array =>
    encodePrepare({
      amount: 0n,
      expiresAt: new Date(now + 5000),
      executionCondition: PEER_PROTOCOL_CONDITION,
      destination: parseIlpAddress('peer.config'),
      data: new Uint8Array(0),
    });

  it('tells children their address and asset', async () => {
    const { world, alice } = await between();
    const answer = fetchIldcp((bytes) => alice.sendBytes(bytes), { now: () => world.clock.now() });
    expect(await world.until(answer)).toEqual({
      clientAddress: 'test.b.alice',
      assetCode: 'USD',
      assetScale: 6,
    });
  });

  it('refuses everybody else (RFC 0031: parent to child)', async () => {
    const { world, bob } = await between();
    const reply = decodeReply(await world.until(bob.sendBytes(request(world.clock.now()))));
    expect(reply).toMatchObject({ code: 'F00', triggeredBy: 'test.b' });
  });

  it('refuses a condition that is not that of bilateral protocols', async () => {
    const { world, alice } = await between();
    const bytes = preparePacket(world.clock.now(), { destination: 'peer.config' });
    expect(decodeReply(await world.until(alice.sendBytes(bytes)))).toMatchObject({
      code: 'F01',
      message: 'condition must be peer protocol condition.',
    });
  });

  it('is T00 as long as the node has no address itself', async () => {
    const world = new World();
    const connector = world.connector();
    const alice = await world.peer(connector, { id: 'alice', relation: 'child', asset: USD });
    await connector.start();
    const reply = decodeReply(await world.until(alice.sendBytes(request(world.clock.now()))));
    expect(reply).toMatchObject({ code: 'T00', triggeredBy: '' });
  });

  it('is retried in the background while the parent is away; the node runs all the same', async () => {
    const world = new World();
    const wallet = world.connector();
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent' });
    parent.answer = never;
    parent.link.cut();
    await wallet.start();
    expect(wallet.isRunning).toBe(true);
    expect(wallet.address).toBeUndefined();
    const reply = wallet.sendLocal(preparePacket(world.clock.now(), TO_BOB));
    expect(decodeReply(await world.until(reply))).toMatchObject({ code: 'T01' });
    configure(parent, 'test.up.me');
    parent.link.mend();
    expect(await world.until(wallet.whenAddressed())).toBe('test.up.me');
    expect(wallet.account('up')).toMatchObject({ asset: USD, problem: undefined });
  });

  it('says after a while that there is no address', async () => {
    const world = new World();
    const wallet = world.connector();
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent' });
    parent.answer = never;
    await wallet.start();
    await expect(world.until(wallet.whenAddressed({ timeoutMs: 3000 }))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('is not waited for any longer by whoever gives up', async () => {
    const wallet = new World().connector();
    const giveUp = new AbortController();
    const address = wallet.whenAddressed({ signal: giveUp.signal });
    giveUp.abort();
    await expect(address).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('follows a parent that gets another address, and renumbers children with it', async () => {
    const world = new World();
    const middle = world.connector({ addressRefreshMs: 60_000 });
    const parent = await world.peer(middle, { id: 'up', relation: 'parent' });
    await world.peer(middle, { id: 'kid', relation: 'child', asset: USD });
    configure(parent, 'test.one.m');
    await middle.start();
    expect(await world.until(middle.whenAddressed())).toBe('test.one.m');
    expect(middle.account('kid').address).toBe('test.one.m.kid');
    configure(parent, 'test.two.m');
    await world.clock.advance(60_000);
    expect(middle.address).toBe('test.two.m');
    expect(middle.account('kid').address).toBe('test.two.m.kid');
  });

  it('asks again when the link comes back', async () => {
    const world = new World();
    const wallet = world.connector();
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent' });
    configure(parent, 'test.one.m');
    await wallet.start();
    await world.until(wallet.whenAddressed());
    configure(parent, 'test.two.m');
    parent.link.cut();
    parent.link.mend();
    await world.clock.advance(1);
    expect(wallet.address).toBe('test.two.m');
  });

  it('asks at once when the link comes back while a question is open', async () => {
    const world = new World();
    const wallet = world.connector();
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent' });
    parent.answer = never;
    await wallet.start();
    await world.clock.advance(1000);
    parent.link.cut();
    parent.link.mend();
    configure(parent, 'test.up.me');
    await world.clock.advance(5);
    expect(wallet.address).toBe('test.up.me');
  });

  it('that contradicts the configured asset stops the account, and says why', async () => {
    const world = new World();
    const wallet = world.connector();
    const problems: string[] = [];
    wallet.on('accountProblem', (account, error) => problems.push(`${account}: ${error.message}`));
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent', asset: EUR });
    configure(parent, 'test.up.me');
    await wallet.start();
    await world.clock.advance(10);
    expect(problems).toEqual([
      'up: account up counts EUR (scale 6) here, but the parent says USD (scale 6): no packet is forwarded over it until both agree',
    ]);
    expect(wallet.account('up').problem).toBe('ASSET_MISMATCH');
    expect(wallet.address).toBeUndefined();
  });

  it('lets one parent only give the address (RFC 0034 "Link Relations")', async () => {
    const world = new World();
    const node = world.connector();
    await world.peer(node, { id: 'one', relation: 'parent' });
    await expect(world.peer(node, { id: 'two', relation: 'parent' })).rejects.toMatchObject({
      code: 'BAD_SETTING',
    });
    await world.peer(node, { id: 'two', relation: 'parent', inheritAddress: false, asset: USD });
  });

  it('with an address of the other network is refused (RFC 0034: never on both)', async () => {
    const world = new World();
    const wallet = world.connector({ network: 'live' });
    const parent = await world.peer(wallet, { id: 'up', relation: 'parent' });
    configure(parent, 'test.up.me');
    await wallet.start();
    await world.clock.advance(1000);
    expect(wallet.address).toBeUndefined();
  });
});

describe('a wallet', () => {
  const wallet = async (
    limits: AccountSettings['limits'] = {},
  ): Promise<{ world: World; node: ReturnType<World['connector']>; parent: Peer }> => {
    const world = new World();
    const node = world.connector();
    const parent = await world.peer(node, { id: 'up', relation: 'parent', limits });
    configure(parent, 'test.up.me');
    await node.start();
    await world.until(node.whenAddressed());
    parent.answer = fulfillAll;
    parent.received.length = 0;
    return { world, node, parent };
  };

  it('sends over its parent with the expiry as it was set, and owes what was fulfilled', async () => {
    const { world, node, parent } = await wallet();
    const bytes = preparePacket(world.clock.now(), { amount: 500n, ...TO_BOB });
    const before = bytes.slice();
    const reply = await world.until(node.sendLocal(bytes));
    expect(decodeReply(reply)).toMatchObject({ type: PacketType.fulfill });
    expect(bytes).toEqual(before);
    expect(parent.receivedBytes.at(-1)).toEqual(before);
    expect(await node.balance('up')).toMatchObject({ payable: 500n, net: -500n });
  });

  it('sends what expires soon all the same: the wait is its own', async () => {
    const { world, node } = await wallet();
    const bytes = preparePacket(world.clock.now(), { expiresInMs: 300, ...TO_BOB });
    expect(decodeReply(await world.until(node.sendLocal(bytes)))).toMatchObject({
      type: PacketType.fulfill,
    });
  });

  it('receives at its own address and below it', async () => {
    const { world, node, parent } = await wallet();
    node.setLocalHandler(fulfillAll);
    for (const destination of ['test.up.me', 'test.up.me.token~1']) {
      expect(await world.until(parent.send({ amount: 5n, destination }))).toMatchObject({
        type: PacketType.fulfill,
      });
    }
    expect(await node.balance('up')).toMatchObject({ receivable: 10n });
  });

  it('checks what its own receiver answers', async () => {
    const { world, node, parent } = await wallet();
    node.setLocalHandler(() =>
      Promise.resolve(encodeFulfill({ fulfillment: new Uint8Array(32), data: new Uint8Array(0) })),
    );
    expect(await world.until(parent.send({ destination: 'test.up.me' }))).toMatchObject({
      code: 'F05',
    });
    expect(await node.balance('up')).toMatchObject({ receivable: 0n, heldIncoming: 0n });
  });

  it('checks the fulfillment of what it sends (RFC 0027 "ILP Packet Lifecycle", 11)', async () => {
    const { world, node, parent } = await wallet();
    parent.answer = () =>
      Promise.resolve(encodeFulfill({ fulfillment: new Uint8Array(32), data: new Uint8Array(0) }));
    const bytes = preparePacket(world.clock.now(), TO_BOB);
    expect(decodeReply(await world.until(node.sendLocal(bytes)))).toMatchObject({ code: 'F05' });
    expect(await node.balance('up')).toMatchObject({ payable: 0n, heldOutgoing: 0n });
  });

  it('rejects a packet that its receiver does not answer in time', async () => {
    const { world, node, parent } = await wallet();
    node.setLocalHandler(never);
    const start = world.clock.now();
    const reply = await world.until(parent.send({ destination: 'test.up.me', expiresInMs: 5000 }));
    expect(reply).toMatchObject({ code: 'R00' });
    expect(world.clock.now()).toBe(start + 4000);
  });

  it('without a receiver is F02', async () => {
    const { world, parent } = await wallet();
    expect(await world.until(parent.send({ destination: 'test.up.me.x' }))).toMatchObject({
      code: 'F02',
      message: 'no such receiver.',
    });
  });

  it('never sends a packet for its own address back to its parent', async () => {
    const { world, node, parent } = await wallet();
    const bytes = preparePacket(world.clock.now(), { destination: 'test.up.me.x' });
    expect(decodeReply(await world.until(node.sendLocal(bytes)))).toMatchObject({ code: 'F02' });
    expect(parent.received).toEqual([]);
  });

  it('keeps to the limits of its account in both directions', async () => {
    const { world, node, parent } = await wallet({ minimumBalance: -100n, maximumBalance: 50n });
    node.setLocalHandler(fulfillAll);
    const out = preparePacket(world.clock.now(), { amount: 101n, ...TO_BOB });
    expect(decodeReply(await world.until(node.sendLocal(out)))).toMatchObject({ code: 'T04' });
    const reply = await world.until(parent.send({ amount: 51n, destination: 'test.up.me' }));
    expect(reply).toMatchObject({ code: 'T04', message: 'exceeded maximum balance.' });
  });
});
