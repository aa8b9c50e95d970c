/**
 * Our connector and npm ilp-connector, each as the other's peer, parent and child: live, in a process of its own, over BTP on
 * loopback.
 */
import type { AccountSettings, Connector } from '@pennyswitch/connector-core';
import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, encodePrepare, PacketType } from '@pennyswitch/ilp-packet';
import { payQuote, quotePayment } from '@pennyswitch/stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OurNode, startWalletServer, type Wallet } from './ilp-connector-nodes.js';
import { PeerConnector, quietPort, type PeerSettings } from './ilp-connector-process.js';

const ADDRESS = parseIlpAddress('test.ours');
/** It asks again half a minute after a request for routes that was not answered as it likes. */
const SOON = { timeout: 100_000, interval: 50 };
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function startPeer(settings: PeerSettings): Promise<PeerConnector> {
  const peer = new PeerConnector(settings);
  ending.push(() => peer.stop());
  await peer.start();
  return peer;
}

async function startNode(node: OurNode, ...accounts: Partial<AccountSettings>[]): Promise<OurNode> {
  ending.push(() => node.stop());
  return node.start(...accounts);
}

async function startBob(): ReturnType<typeof startWalletServer> {
  const bob = await startWalletServer();
  ending.push(() => bob.stop());
  return bob;
}

const prefixes = (node: OurNode): string[] =>
  node.connector.routes().map(({ prefix, nextHop }) => `${prefix} > ${nextHop ?? 'here'}`);

/** Pays by STREAM, and compares both ends. */
async function pay(from: Wallet, to: Wallet, amount: bigint): Promise<void> {
  const credentials = to.receiver.createCredentials({});
  const quote = await quotePayment({
    send: from.connector.sendLocal,
    credentials,
    source: { asset: { code: 'USD', scale: 6 } },
    amount: { type: 'fixed-source', amount },
  });
  const before = (await to.connector.balance('up')).receivable;
  const outcome = await payQuote(quote);
  const arrived = (await to.connector.balance('up')).receivable - before;
  expect(outcome).toMatchObject({ sent: amount, delivered: amount });
  expect(arrived).toBe(amount);
}

/** Sends one packet that nobody can fulfil; what says no, and where it came from. */
async function probe(from: Connector, destination: string): Promise<string> {
  const prepare = encodePrepare({
    amount: 5n,
    destination: parseIlpAddress(destination),
    expiresAt: new Date(Date.now() + 6_000),
    executionCondition: new Uint8Array(32).fill(1),
    data: new Uint8Array(0),
  });
  const reply = decodeReply(await from.sendLocal(prepare));
  return reply.type === PacketType.reject ? `${reply.code} ${reply.triggeredBy}` : 'fulfilled';
}

/** Waits until packets find their way from one wallet below another. */
async function whenReached(from: Wallet, to: Wallet): Promise<void> {
  await vi.waitFor(async () => {
    const address = to.connector.address ?? 'test.none';
    expect(await probe(from.connector, `${address}.nobody`)).toBe(`F06 ${address}`);
  }, SOON);
}

/** Both ways, once both are there. */
async function payBothWays(alice: Wallet, bob: Wallet): Promise<void> {
  await whenReached(alice, bob);
  await whenReached(bob, alice);
  await pay(alice, bob, 1_000_000n);
  await pay(bob, alice, 700_000n);
}

describe('npm ilp-connector as our peer', () => {
  async function network(): Promise<{
    node: OurNode;
    peer: PeerConnector;
    alice: Wallet;
    bob: Wallet;
  }> {
    const { wallet: bob, url } = await startBob();
    const node = await startNode(new OurNode({ address: ADDRESS }, await quietPort()), {
      id: 'theirs',
    });
    const alice = await node.addWallet('alice');
    const peer = await startPeer({
      ilpAddress: 'test.theirs',
      accounts: {
        ours: { relation: 'peer', server: node.urlFor('theirs') },
        bob: { relation: 'child', server: url },
      },
    });
    await vi.waitFor(() => expect(prefixes(node)).toContain('test.theirs > theirs'), SOON);
    await vi.waitFor(async () => expect(await peer.routes()).toHaveProperty(['test.ours']), SOON);
    await bob.connector.whenAddressed();
    return { node, peer, alice, bob };
  }

  it('exchanges routes both ways, gives a child of its own an address, and carries payments both ways', async () => {
    const { node, peer, alice, bob } = await network();
    expect(bob.connector.address).toBe('test.theirs.bob');
    expect(await peer.routes()).toMatchObject({
      'test.ours': { nextHop: 'ours', path: 'test.ours' },
    });
    expect(node.connector.routes().find(({ prefix }) => prefix === 'test.theirs')).toMatchObject({
      path: ['test.theirs'],
    });
    await payBothWays(alice, bob);
  });

  it('is lost and found again: routes go with the link, and come back', async () => {
    const { node, peer, alice, bob } = await network();
    await peer.stop('SIGKILL');
    await vi.waitFor(() => expect(prefixes(node)).not.toContain('test.theirs > theirs'), SOON);
    expect(await probe(alice.connector, 'test.theirs.bob')).toBe('F02 test.ours');
    await peer.start();
    await vi.waitFor(() => expect(prefixes(node)).toContain('test.theirs > theirs'), SOON);
    await vi.waitFor(async () => expect(await peer.routes()).toHaveProperty(['test.ours']), SOON);
    await payBothWays(alice, bob);
  });

  it('finds us again after we were away: it has our new table', async () => {
    const { node, peer, bob } = await network();
    await node.stop();
    await vi.waitFor(
      async () => expect(await peer.routes()).not.toHaveProperty(['test.ours']),
      SOON,
    );
    const again = await startNode(new OurNode({ address: ADDRESS }, node.port), { id: 'theirs' });
    const carol = await again.addWallet('carol');
    await vi.waitFor(() => expect(prefixes(again)).toContain('test.theirs > theirs'), SOON);
    await vi.waitFor(async () => expect(await peer.routes()).toHaveProperty(['test.ours']), SOON);
    await payBothWays(carol, bob);
  });
});

describe('npm ilp-connector as our parent', () => {
  const THEIRS = { id: 'theirs', relation: 'parent' } as const;

  it('gives us an address, which our children and our routes follow; payments go both ways', async () => {
    const { wallet: bob, url } = await startBob();
    const node = await startNode(new OurNode({}, await quietPort()), THEIRS);
    const alice = await node.addWallet('alice');
    const peer = await startPeer({
      ilpAddress: 'test.theirs',
      accounts: {
        ours: {
          relation: 'child',
          server: node.urlFor('theirs'),
          sendRoutes: true,
          receiveRoutes: true,
        },
        bob: { relation: 'child', server: url },
      },
    });
    const address: IlpAddress = await node.connector.whenAddressed();
    expect(address).toBe('test.theirs.ours');
    await vi.waitFor(() => expect(alice.connector.address).toBe('test.theirs.ours.alice'), SOON);
    await vi.waitFor(() => expect(prefixes(node)).toContain('test.theirs > theirs'), SOON);
    await payBothWays(alice, bob);

    await peer.stop('SIGINT');
    await vi.waitFor(() => expect(prefixes(node)).not.toContain('test.theirs > theirs'), SOON);
    await peer.start();
    await vi.waitFor(() => expect(prefixes(node)).toContain('test.theirs > theirs'), SOON);
    await payBothWays(alice, bob);

    await node.stop();
    const again = await startNode(new OurNode({}, node.port), THEIRS);
    const carol = await again.addWallet('carol');
    expect(await again.connector.whenAddressed()).toBe('test.theirs.ours');
    await vi.waitFor(() => expect(prefixes(again)).toContain('test.theirs > theirs'), SOON);
    await payBothWays(carol, bob);
  });
});

describe('npm ilp-connector as our child', () => {
  const THEIRS = {
    id: 'theirs',
    relation: 'child',
    sendRoutes: true,
    receiveRoutes: true,
  } as const;

  it('takes its address from us, gives its own child one below that; payments go both ways', async () => {
    const { wallet: bob, url } = await startBob();
    const node = await startNode(new OurNode({ address: ADDRESS }, await quietPort()), THEIRS);
    const alice = await node.addWallet('alice');
    const peer = await startPeer({
      accounts: {
        ours: { relation: 'parent', server: node.urlFor('theirs') },
        bob: { relation: 'child', server: url },
      },
    });
    expect(await bob.connector.whenAddressed()).toBe('test.ours.theirs.bob');
    await vi.waitFor(async () => expect(await peer.routes()).toHaveProperty(['test.ours']), SOON);
    await payBothWays(alice, bob);

    await peer.stop('SIGINT');
    await peer.start();
    await payBothWays(alice, bob);

    await node.stop();
    const again = await startNode(new OurNode({ address: ADDRESS }, node.port), THEIRS);
    const carol = await again.addWallet('carol');
    await payBothWays(carol, bob);
    await vi.waitFor(async () => expect(await peer.routes()).toHaveProperty(['test.ours']), SOON);
  });
});
