/** The examples of RFC 0032 "Peering, Clearing and Settling", step by step. */
import { decodeReply, isFulfillmentOf, PacketType, type IlpReply } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import type { AccountSettings, Connector } from '../src/index.js';
import { fulfillAll, preparePacket, rejectWith, World } from './fixture.js';
import type { TestLinkFaults } from './test-link.js';

const BTC = { code: 'BTC', scale: 8 };

interface Pair {
  readonly world: World;
  readonly alice: Connector;
  readonly bob: Connector;
  /** Sends a packet from one to the other. */
  readonly send: (from: 'alice' | 'bob', amount: bigint) => Promise<IlpReply>;
  /** Both balances, as the RFC counts them: Alice's, Bob's. */
  readonly balances: () => Promise<[bigint, bigint]>;
}

/** Alice and Bob, whose engines move money at once: what one settles, the other is credited. */
async function pair(
  ofAlice: Partial<AccountSettings> = {},
  ofBob: Partial<AccountSettings> = {},
  faults?: () => TestLinkFaults,
): Promise<Pair> {
  const world = new World();
  const nodes: Record<string, Connector> = {};
  const engine =
    (other: string, account: string) =>
    async (url: string, init: RequestInit): Promise<Response> => {
      const key = new Headers(init.headers).get('idempotency-key');
      if (key !== null && url.endsWith('/settlements')) {
        const { amount, scale } = JSON.parse(init.body as string) as {
          amount: string;
          scale: number;
        };
        const quantity = { amount: BigInt(amount), scale };
        await nodes[other]?.settlement.credit(account, key, quantity);
      }
      return new Response(null, { status: 201 });
    };
  const alice = world.connector({
    address: parseIlpAddress('test.alice'),
    fetch: engine('bob', 'alice'),
  });
  const bob = world.connector({
    address: parseIlpAddress('test.bob'),
    fetch: engine('alice', 'bob'),
  });
  Object.assign(nodes, { alice, bob });
  const settings = { relation: 'peer', asset: BTC } as const;
  const bobs = { id: 'alice', ...settings, ...ofBob };
  await world.join(alice, { id: 'bob', ...settings, ...ofAlice }, bob, bobs, faults);
  for (const node of [alice, bob]) {
    node.setLocalHandler(fulfillAll);
    await node.start();
  }
  await world.clock.advance(1000);
  let lastId = 0;
  return {
    world,
    alice,
    bob,
    send: async (from, amount) => {
      const fulfillment = new Uint8Array(32).fill(++lastId);
      const destination = from === 'alice' ? 'test.bob.x' : 'test.alice.x';
      const bytes = preparePacket(world.clock.now(), { amount, destination, fulfillment });
      const reply = decodeReply(
        await world.until((from === 'alice' ? alice : bob).sendLocal(bytes)),
      );
      await world.clock.advance(1);
      return reply;
    },
    balances: async () => [(await alice.balance('bob')).net, (await bob.balance('alice')).net],
  };
}

const FULFILLED = { type: PacketType.fulfill };
const settlement = (threshold: bigint): Partial<AccountSettings> => ({
  settlement: { engineUrl: 'http://engine.example', threshold },
});

describe('RFC 0032', () => {
  it("'Understanding Alice and Bob's accounts'", async () => {
    const { alice, send, balances } = await pair();
    expect(await send('alice', 6n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([-6n, 6n]);
    alice.setLocalHandler(rejectWith('F02'));
    expect(await send('bob', 2n)).toMatchObject({ code: 'F02' });
    expect(await balances()).toEqual([-6n, 6n]);
    alice.setLocalHandler(fulfillAll);
    expect(await send('bob', 20n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([14n, -14n]);
  });

  it("'Alice and Bob settle their account'", async () => {
    const { send, balances } = await pair(
      { ...settlement(10n), limits: { maximumBalance: 20n } },
      { ...settlement(15n), limits: { maximumBalance: 5n } },
    );
    expect(await send('bob', 12n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([12n, -12n]);
    expect(await send('bob', 9n)).toMatchObject({ code: 'T04' });
    // 19 owed is past Bob's threshold of 15: he pays it, Alice is credited.
    expect(await send('bob', 7n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([0n, 0n]);
    expect(await send('alice', 2n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([-2n, 2n]);
    expect(await send('alice', 5n)).toMatchObject({ code: 'T04' });
    expect(await balances()).toEqual([-2n, 2n]);
  });

  it("'Alice and Bob reconcile': the one who called it expired has the proof of the other", async () => {
    const delays: { delayMs?: number } = {};
    const { world, alice, bob, send, balances } = await pair({}, {}, () => delays);
    // Alice answers in time as she sees it; her Fulfill is on its way when the packet expires.
    alice.setLocalHandler(async (bytes) => {
      await world.clock.sleep(17_500);
      return fulfillAll(bytes);
    });
    delays.delayMs = 1300;
    expect(await send('bob', 20n)).toMatchObject({ code: 'R00' });
    delays.delayMs = 0;
    await world.clock.advance(5000);
    expect(await balances()).toEqual([20n, 0n]);
    const [late, ...others] = await bob.lateFulfillments();
    expect(late).toMatchObject({ account: 'alice', amount: 20n });
    expect(late && isFulfillmentOf(late.fulfillment, late.condition)).toBe(true);
    expect(others).toEqual([]);
  });

  it("'Settlement Models and Mechanisms': a packet passes links that settle in different ways", async () => {
    const world = new World();
    const engine = { engineUrl: 'http://engine.example' };
    const told: string[] = [];
    const connector = world.connector({
      address: parseIlpAddress('test.b'),
      fetch: (url) => {
        if (url.endsWith('/settlements')) told.push(url);
        return Promise.resolve(new Response(null, { status: 201 }));
      },
    });
    // Carol pays ahead, Dave is paid behind.
    const carol = await world.peer(connector, {
      id: 'carol',
      relation: 'child',
      asset: BTC,
      limits: { maximumBalance: 0n },
      settlement: engine,
    });
    await world.peer(connector, {
      id: 'dave',
      relation: 'child',
      asset: BTC,
      settlement: { ...engine, threshold: 10n },
    });
    await connector.start();
    await connector.settlement.credit('carol', 'paid ahead', { amount: 10n, scale: 8 });
    const packet = { amount: 10n, destination: 'test.b.dave' };
    expect(await world.until(carol.send(packet))).toMatchObject(FULFILLED);
    expect(await world.until(carol.send(packet))).toMatchObject({ code: 'T04' });
    expect(told).toEqual(['http://engine.example/accounts/dave/settlements']);
    expect(await connector.balance('carol')).toMatchObject({ net: 0n });
    expect(await connector.balance('dave')).toMatchObject({ net: 0n, settledOutgoing: 10n });
  });

  it("'Settlement Models and Mechanisms': with a maximum balance of 0 the peer pays ahead", async () => {
    const { world, alice, send, balances } = await pair(
      { settlement: { engineUrl: 'http://engine.example' } },
      { limits: { maximumBalance: 0n }, settlement: { engineUrl: 'http://engine.example' } },
    );
    expect(await send('alice', 1n)).toMatchObject({ code: 'T04' });
    await alice.settlement.settle('bob', 10n);
    await world.clock.advance(1);
    expect(await send('alice', 10n)).toMatchObject(FULFILLED);
    expect(await balances()).toEqual([0n, 0n]);
    expect(await send('alice', 1n)).toMatchObject({ code: 'T04' });
  });
});
