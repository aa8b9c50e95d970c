import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { PacketType } from '@pennyswitch/ilp-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incoming } from '../src/pipeline/context.js';
import { Duplicates } from '../src/pipeline/duplicates.js';
import { REJECTIONS } from '../src/pipeline/rejections.js';
import { between, fulfillAll, preparePacket, USD, World } from './fixture.js';

const TO_BOB = { amount: 1000n, destination: 'test.bob.1' };

describe('a packet that comes twice', () => {
  it('is T01 the second time as long as the first is under way', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(100);
      return fulfillAll(bytes);
    };
    const replies = await world.until(Promise.all([alice.send(TO_BOB), alice.send(TO_BOB)]));
    expect(replies.map(({ type }) => type)).toEqual([PacketType.fulfill, PacketType.reject]);
    expect(replies[1]).toMatchObject({ code: 'T01' });
    expect(await connector.balance('alice')).toMatchObject({ receivable: 1000n });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ type: PacketType.fulfill });
  });

  it('is another packet if its data differs, although the condition is the same', async () => {
    const { world, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(100);
      return fulfillAll(bytes);
    };
    const other = preparePacket(world.clock.now(), TO_BOB);
    other[other.length - 1] = 0xff;
    const replies = [alice.send(TO_BOB), alice.sendBytes(other)];
    await world.clock.advance(1);
    expect(bob.received).toHaveLength(2);
    await world.until(Promise.all(replies));
  });

  it('because routes loop goes another way from the node before', async () => {
    const world = new World();
    const [a, b] = ['a', 'b'].map((name) =>
      world.connector({ address: parseIlpAddress(`test.${name}`) }),
    ) as [ReturnType<World['connector']>, ReturnType<World['connector']>];
    const peer = { relation: 'peer', asset: USD, sendRoutes: false, receiveRoutes: false } as const;
    // Both believe that the other knows the way; B also knows a real one.
    await world.join(a, { ...peer, id: 'b1', staticRoutes: ['test.z'] }, b, { ...peer, id: 'a1' });
    await world.join(a, { ...peer, id: 'b2' }, b, { ...peer, id: 'a2', staticRoutes: ['test.z'] });
    const z = await world.peer(b, { ...peer, id: 'z', staticRoutes: ['test.z'] });
    const alice = await world.peer(a, { id: 'alice', relation: 'child', asset: USD });
    await a.start();
    await b.start();
    const reply = await world.until(alice.send({ amount: 5n, destination: 'test.z.1' }));
    expect(reply).toMatchObject({ type: PacketType.fulfill });
    expect(z.received).toHaveLength(1);
    expect(await b.balance('a2')).toMatchObject({ payable: 0n, heldOutgoing: 0n });
    expect(await b.balance('z')).toMatchObject({ payable: 5n });
  });
});

describe('thousands of packets under way', () => {
  /** A packet whose condition starts with this number; what is behind it tells apart those that share their start. */
  function underWay(start: bigint, rest: number): Incoming {
    const condition = new Uint8Array(32).fill(rest, 8);
    new DataView(condition.buffer).setBigUint64(0, start);
    const prepare = { destination: 'test.bob', data: new Uint8Array(0) };
    return { condition, prepare } as unknown as Incoming;
  }

  it('are told apart whatever conditions their senders chose, and forgotten in any order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 300n)), {
          maxLength: 300,
        }),
        fc.infiniteStream(fc.nat()),
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        (starts, numbers, random) => {
          const duplicates = new Duplicates(() => random);
          const { run } = duplicates.step();
          const packets = starts.map((start) => underWay(start, 1));
          for (const packet of packets) expect(run(packet)).toBeUndefined();
          for (const start of starts) {
            expect(run(underWay(start, 1))).toBe(REJECTIONS.duplicate);
            // Another packet that is not under way: it must take nothing with it when it goes.
            duplicates.remove(underWay(start, 2));
          }
          while (packets.length > 0) {
            const [packet] = packets.splice((numbers.next().value ?? 0) % packets.length, 1);
            if (packet !== undefined) duplicates.remove(packet);
            for (const other of packets) expect(run({ ...other })).toBe(REJECTIONS.duplicate);
          }
          for (const start of starts) expect(run(underWay(start, 1))).toBeUndefined();
        },
      ),
      { numRuns: 30 },
    );
  });
});
