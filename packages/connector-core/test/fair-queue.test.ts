import { PacketType, type IlpReply } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { Connector, ForwardingPolicy } from '../src/index.js';
import { between, fulfillAll, never, USD, type Peer, type World } from './fixture.js';

const SERVICE_MS = 100;
let lastId = 0;

/** Each packet is another one, and says in its data whose it is. */
function send(from: Peer, whose = 0, expiresInMs = 20_000): Promise<IlpReply> {
  lastId += 1;
  const fulfillment = new Uint8Array(32).fill(whose);
  new DataView(fulfillment.buffer).setUint32(1, lastId);
  return from.send({ amount: 100n, destination: 'test.bob.1', fulfillment, expiresInMs });
}

/** A connector with places for ten packets; Bob takes a tenth of a second for each. */
async function crowded(policy: Partial<ForwardingPolicy> = {}): Promise<{
  world: World;
  connector: Connector;
  alice: Peer;
  carol: Peer;
  dave: Peer;
  bob: Peer;
}> {
  const all = await between({ policy: { maxPacketsInFlight: 10, ...policy } });
  const { world, connector, bob } = all;
  const carol = await world.peer(connector, { id: 'carol', relation: 'child', asset: USD });
  const dave = await world.peer(connector, { id: 'dave', relation: 'peer', asset: USD });
  bob.answer = async (bytes) => {
    await world.clock.sleep(SERVICE_MS);
    return fulfillAll(bytes);
  };
  return { ...all, carol, dave };
}

const codes = (replies: readonly IlpReply[]): (string | undefined)[] =>
  replies.map((reply) => (reply.type === PacketType.reject ? reply.code : undefined));

describe('an overloaded connector', () => {
  it('lets packets wait for their turn instead of rejecting them', async () => {
    const { world, connector, alice } = await crowded();
    const replies = await world.until(Promise.all(Array.from({ length: 40 }, () => send(alice))));
    expect(codes(replies).every((code) => code === undefined)).toBe(true);
    expect(connector.packetsInFlight()).toEqual([]);
  });

  it('never cares for more packets than it has places', async () => {
    const { world, alice, carol, bob } = await crowded();
    let now = 0;
    let most = 0;
    const { answer } = bob;
    bob.answer = async (bytes) => {
      most = Math.max(most, ++now);
      const reply = await answer(bytes);
      now -= 1;
      return reply;
    };
    const flood = [alice, carol].flatMap((peer) => Array.from({ length: 20 }, () => send(peer)));
    await world.until(Promise.all(flood));
    expect(most).toBe(10);
  });

  it('has a place at once for an account that does not flood', async () => {
    const { world, alice, carol } = await crowded();
    const flood = Array.from({ length: 60 }, () => send(alice));
    await world.clock.advance(SERVICE_MS / 2);
    const start = world.clock.now();
    expect(await world.until(send(carol))).toMatchObject({ type: PacketType.fulfill });
    expect(world.clock.now() - start).toBeLessThanOrEqual(2 * SERVICE_MS);
    await world.until(Promise.all(flood));
  });

  it('serves the lines of accounts in turn, however long each is', async () => {
    const { world, alice, carol, bob } = await crowded();
    const packets = [
      ...Array.from({ length: 30 }, () => send(alice, 1)),
      ...Array.from({ length: 10 }, () => send(carol, 2)),
    ];
    await world.until(Promise.all(packets));
    // Ten went in at once. Of the next twenty, Carol's line has what it needs although Alice's is three times as long.
    const served = bob.received.slice(10, 25).map(({ data }) => data[0]);
    expect(served.filter((whose) => whose === 2).length).toBeGreaterThanOrEqual(7);
  });

  it('tells a child T03 and a connector T02, which may try another way (RFC 0027), when the line is full', async () => {
    const { world, alice, dave } = await crowded({ maxPacketsQueued: 4 });
    const ofAlice = Array.from({ length: 20 }, () => send(alice));
    const ofDave = Array.from({ length: 20 }, () => send(dave));
    const alices = codes(await world.until(Promise.all(ofAlice)));
    const daves = codes(await world.until(Promise.all(ofDave)));
    expect(new Set(alices)).toEqual(new Set([undefined, 'T03']));
    expect(new Set(daves)).toEqual(new Set([undefined, 'T02']));
  });

  it('lets nobody wait longer than configured', async () => {
    const { world, alice, bob, connector } = await crowded({ maxQueueMs: 300 });
    bob.answer = never;
    const flood = Array.from({ length: 11 }, () => send(alice));
    const start = world.clock.now();
    expect(codes([await world.until(flood.at(-1) ?? Promise.reject(new Error()))])).toEqual([
      'T03',
    ]);
    expect(world.clock.now() - start).toBe(300);
    await world.until(Promise.all(flood));
    expect(connector.account('alice').inFlight).toBe(0);
  });

  it('sends no packet that has waited too long to come back in time', async () => {
    const { world, alice, bob } = await crowded();
    const flood = Array.from({ length: 10 }, () => send(alice));
    const late = send(alice, 0, 2050);
    expect(codes([await world.until(late)])).toEqual(['R02']);
    expect(bob.received).toHaveLength(10);
    await world.until(Promise.all(flood));
  });

  it('keeps no place for a packet that expired in the line', async () => {
    const { world, connector, alice, bob } = await crowded({ maxQueueMs: 60_000 });
    bob.answer = never;
    const first = Array.from({ length: 10 }, () => send(alice, 0, 5000));
    const start = world.clock.now();
    expect(codes([await world.until(send(alice, 0, 1500))])).toEqual(['R00']);
    expect(world.clock.now() - start).toBe(500);
    await world.until(Promise.all(first));
    expect(connector.packetsInFlight()).toEqual([]);
    const next = Array.from({ length: 10 }, () => send(alice, 0, 5000));
    await world.clock.advance(0);
    expect(bob.received).toHaveLength(20);
    await world.until(Promise.all(next));
  });

  it('counts a flood against the rate of its account before it takes a place', async () => {
    const { world, connector, alice } = await crowded();
    await connector.changeAccount({
      id: 'alice',
      relation: 'child',
      asset: USD,
      limits: { packets: { limit: 5 } },
    });
    const replies = await world.until(Promise.all(Array.from({ length: 20 }, () => send(alice))));
    expect(codes(replies).filter((code) => code === 'T05')).toHaveLength(15);
  });

  it('passes fulfillments back at once while new packets wait (RFC 0018 "Prioritizing Fulfillments")', async () => {
    const { world, alice, bob } = await crowded();
    const answers: (() => void)[] = [];
    bob.answer = (bytes) =>
      new Promise((resolve) => answers.push(() => void fulfillAll(bytes).then(resolve)));
    const flood = Array.from({ length: 30 }, () => send(alice));
    await world.clock.advance(1);
    const start = world.clock.now();
    answers[0]?.();
    expect(await world.until(flood[0] ?? Promise.reject(new Error()))).toMatchObject({
      type: PacketType.fulfill,
    });
    expect(world.clock.now()).toBe(start);
    await world.clock.advance(0);
    expect(bob.received).toHaveLength(11); // and its place is the next packet's
    await world.until(Promise.all(flood));
  });
});
