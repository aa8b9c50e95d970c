import {
  decodeAmountTooLargeData,
  decodePrepare,
  decodeReply,
  encodeFulfill,
  PacketType,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { LinkError } from '../src/index.js';
import {
  between,
  EUR,
  FULFILLMENT,
  fulfillAll,
  never,
  type Peer,
  preparePacket,
  rejectWith,
  USD,
  World,
} from './fixture.js';

const FULFILLED = { type: PacketType.fulfill };

function rejected(code: string, message?: string): object {
  const reject: object = expect.objectContaining({
    type: PacketType.reject,
    code,
    triggeredBy: 'test.b',
    ...(message !== undefined && { message }),
  });
  return reject;
}

const TO_BOB = { destination: 'test.bob.1' };
const OTHER_FULFILLMENT = new Uint8Array(32).fill(8);

describe('a packet that is forwarded', () => {
  it('changes in amount and expiry only (RFC 0027 "ILP Prepare")', async () => {
    const { world, alice, bob } = await between();
    const sent = preparePacket(world.clock.now(), { amount: 1000n, ...TO_BOB });
    const before = decodePrepare(sent.slice());
    await world.until(alice.sendBytes(sent));
    const { amount, expiresAt, ...rest } = bob.received[0]!;
    expect(rest).toEqual({
      executionCondition: before.executionCondition,
      destination: before.destination,
      data: before.data,
    });
    expect(amount).toBe(920n);
    expect(expiresAt.getTime()).toBe(before.expiresAt.getTime() - 1000);
    expect(bob.receivedBytes[0]).toHaveLength(sent.length);
  });

  it('comes back as the Fulfill that the next hop sent, byte for byte', async () => {
    const { world, alice, bob } = await between();
    const fulfill = encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array([7]) });
    bob.answer = () => Promise.resolve(fulfill);
    const reply = await world.until(
      alice.sendBytes(preparePacket(world.clock.now(), { ...TO_BOB })),
    );
    expect(reply).toEqual(fulfill);
  });

  it('comes back as the Reject that the next hop sent, byte for byte', async () => {
    const { world, alice, bob } = await between();
    bob.answer = rejectWith('F99');
    const reply = await world.until(
      alice.sendBytes(preparePacket(world.clock.now(), { ...TO_BOB })),
    );
    expect(reply).toEqual(await rejectWith('F99')());
  });

  it('belongs to the account of the link that it came over, whatever it says (RFC 0027 "ILP Prepare")', async () => {
    const { world, connector, alice } = await between();
    const carol = await world.peer(connector, { id: 'carol', relation: 'child', asset: USD });
    await world.until(carol.send({ amount: 300n, ...TO_BOB, fulfillment: OTHER_FULFILLMENT }));
    expect(await connector.balance('carol')).toMatchObject({ receivable: 300n });
    expect(await connector.balance('alice')).toMatchObject({ receivable: 0n });
    await world.until(alice.send({ amount: 200n, ...TO_BOB }));
    expect(await connector.balance('carol')).toMatchObject({ receivable: 300n });
    expect(await connector.balance('alice')).toMatchObject({ receivable: 200n });
  });

  it('gets its own reply over its own link, in whatever order replies come (RFC 0034 "Overview")', async () => {
    const { world, connector, alice, bob } = await between();
    const carol = await world.peer(connector, { id: 'carol', relation: 'child', asset: USD });
    const waiting = new Map<number, () => void>();
    bob.answer = (bytes) =>
      new Promise((resolve) => {
        const [id = 0] = decodePrepare(bytes).data;
        waiting.set(id, () => void fulfillAll(bytes).then(resolve));
      });
    const ids = [1, 2, 3, 4, 5, 6];
    const replies = ids.map((id) =>
      (id % 2 === 0 ? alice : carol).send({ ...TO_BOB, fulfillment: new Uint8Array(32).fill(id) }),
    );
    await world.clock.advance(1);
    for (const id of [4, 1, 6, 3, 2, 5]) {
      waiting.get(id)?.();
      await world.clock.advance(1);
    }
    const came = await world.until(Promise.all(replies));
    expect(came.map((reply) => 'fulfillment' in reply && reply.fulfillment[0])).toEqual(ids);
  });

  it('is owed on both accounts once it is fulfilled (RFC 0027 "ILP Packet Lifecycle", 10)', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    expect(await connector.balance('alice')).toMatchObject({ receivable: 1000n, net: 1000n });
    expect(await connector.balance('bob')).toMatchObject({ payable: 920n, net: -920n });
  });

  it('is held on both accounts until there is a reply', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    void alice.send({ amount: 1000n, ...TO_BOB });
    await world.clock.advance(1);
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 1000n, net: 0n });
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 920n, net: 0n });
    expect(connector.packetsInFlight()).toEqual([
      expect.objectContaining({ from: 'alice', to: 'bob', amount: 1000n, outgoingAmount: 920n }),
    ]);
    await world.clock.advance(30_000);
    expect(connector.packetsInFlight()).toEqual([]);
  });

  it.each(['F99', 'T99', 'R99'] as const)('is owed nowhere after a Reject (%s)', async (code) => {
    const { world, connector, alice, bob } = await between();
    bob.answer = rejectWith(code);
    await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    for (const id of ['alice', 'bob']) {
      expect(await connector.balance(id)).toMatchObject({
        net: 0n,
        heldIncoming: 0n,
        heldOutgoing: 0n,
      });
    }
  });
});

describe('amounts', () => {
  it('of 0 go on as 0, without a rate and whatever the balance (STREAM needs it)', async () => {
    const { world, alice, bob } = await between(
      {},
      {
        alice: { limits: { maximumBalance: 0n, maxPacketAmount: 0n } },
        bob: { asset: { code: 'ZAR', scale: 2 }, limits: { minimumBalance: 0n } },
      },
    );
    expect(await world.until(alice.send({ amount: 0n, ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(bob.received[0]?.amount).toBe(0n);
  });

  it('above 0 that become 0 are R01', async () => {
    const { world, alice, bob } = await between();
    expect(await world.until(alice.send({ amount: 1n, ...TO_BOB }))).toEqual(rejected('R01'));
    expect(bob.received).toEqual([]);
  });

  it('above 2^64 - 1 on the way out are F08 with what would fit', async () => {
    const { world, alice } = await between({}, { bob: { asset: { ...EUR, scale: 18 } } });
    const reply = await world.until(alice.send({ amount: 2n ** 63n, ...TO_BOB }));
    expect(reply).toEqual(rejected('F08'));
    const { receivedAmount, maximumAmount } = decodeAmountTooLargeData(reply.data);
    expect(receivedAmount).toBe(2n ** 63n);
    const atMost = await world.until(alice.send({ amount: maximumAmount, ...TO_BOB }));
    expect(atMost).toMatchObject(FULFILLED);
    const more = await world.until(alice.send({ amount: maximumAmount + 1n, ...TO_BOB }));
    expect(more).toEqual(rejected('F08'));
  });

  it('above the incoming limit are F08 with received and maximum amount (RFC 0027, F08)', async () => {
    const { world, alice } = await between({}, { alice: { limits: { maxPacketAmount: 500n } } });
    expect(await world.until(alice.send({ amount: 500n, ...TO_BOB }))).toMatchObject(FULFILLED);
    const reply = await world.until(alice.send({ amount: 501n, ...TO_BOB }));
    expect(reply).toEqual(rejected('F08', 'packet size too large. maxAmount=500 actualAmount=501'));
    expect(decodeAmountTooLargeData(reply.data)).toEqual({
      receivedAmount: 501n,
      maximumAmount: 500n,
    });
  });

  it('above the outgoing limit are F08 with the limit in the units of the sender', async () => {
    const { world, alice } = await between(
      {},
      { bob: { limits: { maxOutgoingPacketAmount: 92n } } },
    );
    const reply = await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    const { maximumAmount } = decodeAmountTooLargeData(reply.data);
    expect(maximumAmount).toBe(101n); // floor(101 × 0.92) is 92, floor(102 × 0.92) is 93
    expect(await world.until(alice.send({ amount: maximumAmount, ...TO_BOB }))).toMatchObject(
      FULFILLED,
    );
  });

  it('without a rate are T00, which names neither asset', async () => {
    const { world, alice } = await between({}, { bob: { asset: { code: 'ZAR', scale: 2 } } });
    expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(
      rejected('T00', 'no exchange rate is available.'),
    );
  });
});

describe('limits', () => {
  it('on what a peer owes reject with T04 and the text that deployed connectors look for', async () => {
    const { world, connector, alice } = await between(
      {},
      { alice: { limits: { maximumBalance: 150n } } },
    );
    expect(await world.until(alice.send({ amount: 150n, ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(await world.until(alice.send({ amount: 2n, ...TO_BOB }))).toEqual(
      rejected('T04', 'exceeded maximum balance.'),
    );
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 0n });
  });

  it('count what is under way, so that many at once do not pass together', async () => {
    const { world, alice, bob } = await between(
      {},
      { alice: { limits: { maximumBalance: 250n } } },
    );
    bob.answer = async (bytes) => {
      await world.clock.sleep(100);
      return fulfillAll(bytes);
    };
    const all = Array.from({ length: 5 }, (_, i) =>
      alice.send({ amount: 100n, fulfillment: new Uint8Array(32).fill(i), ...TO_BOB }),
    );
    const replies = await world.until(Promise.all(all));
    expect(replies.filter(({ type }) => type === PacketType.fulfill)).toHaveLength(2);
  });

  it('on what we owe reject with T04 before anything is sent', async () => {
    const { world, alice, bob } = await between({}, { bob: { limits: { minimumBalance: -100n } } });
    expect(await world.until(alice.send({ amount: 200n, ...TO_BOB }))).toEqual(
      rejected('T04', 'insufficient liquidity.'),
    );
    expect(bob.received).toEqual([]);
  });

  it('on packets reject with T05, and let them pass again later', async () => {
    const { world, alice } = await between(
      {},
      { alice: { limits: { packets: { limit: 2, periodMs: 1000 } } } },
    );
    const replies: IlpReply[] = [];
    for (let i = 0; i < 3; i++) replies.push(await world.until(alice.send({ ...TO_BOB })));
    expect(replies[1]).toMatchObject(FULFILLED);
    expect(replies[2]).toEqual(rejected('T05', 'too many requests, throttling.'));
    await world.clock.advance(500);
    expect(await world.until(alice.send({ ...TO_BOB }))).toMatchObject(FULFILLED);
  });

  it('on packets in flight leave every account its share (T03)', async () => {
    const { world, connector, alice, bob } = await between({
      policy: { maxPacketsInFlight: 10 },
    });
    bob.answer = never;
    const send = (from: Peer, i: number): Promise<IlpReply> =>
      from.send({ fulfillment: new Uint8Array(32).fill(i), ...TO_BOB });
    const carol = await world.peer(connector, {
      id: 'carol',
      relation: 'child',
      asset: USD,
    });
    const first = send(carol, 100);
    const flood = Array.from({ length: 20 }, (_, i) => send(alice, i));
    await world.clock.advance(1);
    expect(bob.received).toHaveLength(6); // one of Carol's, then Alice's share of ten
    const second = send(carol, 101);
    await world.clock.advance(1);
    expect(bob.received).toHaveLength(7);
    const replies = await world.until(Promise.all([first, second, ...flood]));
    expect(replies.slice(0, 2)).toEqual([rejected('R00'), rejected('R00')]);
    expect(replies.at(-1)).toEqual(rejected('T03'));
  });

  it('on money in per time reject with T04', async () => {
    const { world, alice } = await between(
      {},
      { alice: { limits: { incomingThroughput: { limit: 100n } } } },
    );
    expect(await world.until(alice.send({ amount: 100n, ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(await world.until(alice.send({ amount: 10n, ...TO_BOB }))).toEqual(
      rejected('T04', 'exceeded money bandwidth, throttling.'),
    );
    expect(await world.until(alice.send({ amount: 0n, ...TO_BOB }))).toMatchObject(FULFILLED);
  });

  it('on money out per time reject with T04', async () => {
    const { world, alice } = await between(
      {},
      { bob: { limits: { outgoingThroughput: { limit: 92n } } } },
    );
    expect(await world.until(alice.send({ amount: 100n, ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(await world.until(alice.send({ amount: 100n, ...TO_BOB }))).toEqual(rejected('T04'));
  });
});

describe('time', () => {
  it('rejects with R02 what has expired, or would before it could come back', async () => {
    const { world, alice, bob } = await between();
    expect(await world.until(alice.send({ expiresInMs: 0, ...TO_BOB }))).toEqual(
      rejected('R02', 'source transfer has already expired.'),
    );
    expect(await world.until(alice.send({ expiresInMs: 1999, ...TO_BOB }))).toEqual(
      rejected('R02'),
    );
    expect(bob.received).toEqual([]);
    expect(await world.until(alice.send({ expiresInMs: 2000, ...TO_BOB }))).toMatchObject(
      FULFILLED,
    );
  });

  it('holds money no longer than configured, however late the packet expires', async () => {
    const { world, alice, bob } = await between({ policy: { maxHoldTimeMs: 5000 } });
    const now = world.clock.now();
    await world.until(alice.send({ expiresInMs: 3_600_000, ...TO_BOB }));
    expect(bob.received[0]?.expiresAt.getTime()).toBe(now + 5000);
  });

  it('rejects with R00 at the moment of expiry if nothing came back (RFC 0034)', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    const start = world.clock.now();
    const reply = await world.until(alice.send({ expiresInMs: 10_000, ...TO_BOB }));
    expect(reply).toEqual(rejected('R00', 'packet expired.'));
    expect(world.clock.now()).toBe(start + 9000);
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
  });

  it('does not count a fulfillment at the moment of expiry, and records it for reconciliation', async () => {
    const { world, connector, alice, bob } = await between();
    const told: string[] = [];
    connector.on('lateFulfillment', ({ account }) => told.push(account));
    bob.answer = async (bytes) => {
      await world.clock.sleep(9000);
      return fulfillAll(bytes);
    };
    const start = world.clock.now();
    expect(
      await world.until(alice.send({ amount: 1000n, expiresInMs: 10_000, ...TO_BOB })),
    ).toEqual(rejected('R00'));
    await world.clock.advance(1000);
    expect(await connector.balance('alice')).toMatchObject({ receivable: 0n, heldIncoming: 0n });
    expect(await connector.balance('bob')).toMatchObject({ payable: 0n, heldOutgoing: 0n });
    expect(await connector.lateFulfillments()).toEqual([
      expect.objectContaining({
        account: 'bob',
        amount: 920n,
        expiredAt: start + 9000,
        fulfillment: FULFILLMENT,
      }),
    ]);
    expect(told).toEqual(['bob']);
  });

  it('does not count a fulfillment at the moment of expiry although it is seen before the timer', async () => {
    const { world, connector, alice } = await between();
    const moment = world.clock.sleep(9000);
    await connector.addAccount(
      { id: 'carol', relation: 'peer', asset: USD, staticRoutes: ['test.carol'] },
      {
        isConnected: true,
        send: (bytes) => moment.then(() => fulfillAll(bytes)),
        setHandler: () => undefined,
        onConnectionChange: () => () => undefined,
        close: () => Promise.resolve(),
      },
    );
    const reply = alice.send({ destination: 'test.carol', expiresInMs: 10_000 });
    expect(await world.until(reply)).toEqual(rejected('R00'));
    expect(await connector.lateFulfillments()).toHaveLength(1);
  });

  it.each([
    ['does not match', 1000n, new Uint8Array(32).fill(9)],
    ['was for nothing', 0n, FULFILLMENT],
  ])('records no late fulfillment that %s', async (_why, amount, fulfillment) => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async () => {
      await world.clock.sleep(9500);
      return encodeFulfill({ fulfillment, data: new Uint8Array(0) });
    };
    await world.until(alice.send({ amount, expiresInMs: 10_000, ...TO_BOB }));
    await world.clock.advance(1000);
    expect(await connector.lateFulfillments()).toEqual([]);
  });

  it('counts a fulfillment one millisecond before the expiry', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = async (bytes) => {
      await world.clock.sleep(8999);
      return fulfillAll(bytes);
    };
    expect(await world.until(alice.send({ expiresInMs: 10_000, ...TO_BOB }))).toMatchObject(
      FULFILLED,
    );
    expect(await connector.lateFulfillments()).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    const { world, connector, alice } = await between();
    await world.until(alice.send({ ...TO_BOB }));
    await world.until(connector.stop());
    await world.clock.run();
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('a reply', () => {
  it('with another fulfillment is F05, and nothing is owed (RFC 0027 "ILP Packet Lifecycle", 10)', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = () =>
      Promise.resolve(
        encodeFulfill({ fulfillment: new Uint8Array(32).fill(9), data: new Uint8Array(0) }),
      );
    expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(
      rejected('F05', 'fulfillment did not match expected value.'),
    );
    expect(await connector.balance('bob')).toMatchObject({ payable: 0n, heldOutgoing: 0n });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['a Prepare', preparePacket(0, { destination: 'test.x.y' })],
    ['half a Fulfill', encodeFulfill({ fulfillment: FULFILLMENT, data: FULFILLMENT }).slice(0, 20)],
    ['a Reject with a bad code', new Uint8Array([14, 6, 1, 2, 3, 0, 0, 0])],
  ])('that is %s is T00', async (_what, bytes) => {
    const { world, connector, alice, bob } = await between();
    bob.answer = () => Promise.resolve(bytes);
    expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(rejected('T00'));
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n });
  });

  it.each(['T02', 'T05'] as const)(
    'of %s becomes T03 where there is no other way (RFC 0027)',
    async (code) => {
      const { world, alice, bob } = await between();
      bob.answer = rejectWith(code);
      expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(rejected('T03'));
    },
  );
});

describe('what cannot be forwarded', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a Fulfill', encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array(0) })],
    ['noise', new Uint8Array(60).fill(255)],
  ])('because it is %s is F01', async (_what, bytes) => {
    const { world, alice } = await between();
    expect(decodeReply(await world.until(alice.sendBytes(bytes)))).toEqual(rejected('F01'));
  });

  it.each([
    ['nobody routes it', 'test.nobody.1', 'F02'],
    ['it is on the live network (RFC 0034)', 'g.bob', 'F02'],
    ['self. never leaves a node (RFC 0015)', 'self.bob', 'F02'],
    ['nobody routes private.', 'private.bob', 'F02'],
    ['no child has that segment', 'test.b.nobody', 'F02'],
    ['peer. is for the link only (RFC 0034)', 'peer.bob', 'F01'],
    ['only the sender itself has a way', 'test.b.alice.1', 'F02'],
  ])('because %s', async (_why, destination, code) => {
    const { world, alice, bob } = await between();
    expect(await world.until(alice.send({ destination }))).toEqual(rejected(code));
    expect(bob.received).toEqual([]);
  });

  it.each(['private.bob', 'local.bob'])(
    '%s does not follow a default route out of the domain (RFC 0015 "Allocation Schemes")',
    async (destination) => {
      const { world, alice, bob } = await between({}, { bob: { staticRoutes: [''] } });
      expect(await world.until(alice.send({ destination }))).toEqual(rejected('F02'));
      expect(bob.received).toEqual([]);
    },
  );

  it.each(['g.bob', 'g.bob.x'])(
    '%s is refused on the test network although there is a route (RFC 0034)',
    async (destination) => {
      const { world, alice, bob } = await between({}, { bob: { staticRoutes: ['g', ''] } });
      expect(await world.until(alice.send({ destination }))).toEqual(
        rejected('F02', 'the destination is on another network.'),
      );
      expect(bob.received).toEqual([]);
    },
  );

  it.each(['test.bob', 'test1.bob', 'test2.bob', 'test3.bob'])(
    '%s is refused on the live network although there is a route (RFC 0034)',
    async (destination) => {
      const world = new World();
      const connector = world.connector({ address: parseIlpAddress('g.b') });
      const alice = await world.peer(connector, { id: 'alice', relation: 'child', asset: USD });
      const bob = await world.peer(connector, {
        id: 'bob',
        relation: 'peer',
        asset: USD,
        staticRoutes: [''],
      });
      await connector.start();
      expect(await world.until(alice.send({ destination }))).toMatchObject({
        code: 'F02',
        message: 'the destination is on another network.',
      });
      expect(bob.received).toEqual([]);
      expect(await world.until(alice.send({ destination: 'g.bob' }))).toMatchObject(FULFILLED);
    },
  );

  it('to self. is refused from others even where an application receives packets', async () => {
    const { world, connector, alice } = await between();
    connector.setLocalHandler(fulfillAll);
    expect(await world.until(alice.send({ destination: 'self.app' }))).toEqual(rejected('F02'));
    const own = connector.sendLocal(preparePacket(world.clock.now(), { destination: 'self.app' }));
    expect(decodeReply(await world.until(own))).toMatchObject(FULFILLED);
  });

  it('goes back to its sender only where that is configured', async () => {
    const { world, alice } = await between({ policy: { reflectPackets: true } });
    const reply = await world.until(alice.send({ destination: 'test.b.alice.1' }));
    expect(reply).toMatchObject(FULFILLED);
  });

  it('over a link that is down is T01', async () => {
    const { world, alice, bob } = await between();
    bob.link.cut();
    expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(
      rejected('T01', 'the next hop is not connected.'),
    );
  });

  it('over a link that goes down with an unknown outcome is T00, and released', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    const reply = alice.send({ amount: 1000n, ...TO_BOB });
    await world.clock.advance(10);
    bob.link.cut();
    expect(await world.until(reply)).toEqual(rejected('T00'));
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n, receivable: 0n });
  });

  it('reaches children by their segment, with their own asset', async () => {
    const { world, alice, bob } = await between();
    const reply = await world.until(bob.send({ amount: 92n, destination: 'test.b.alice.x' }));
    expect(reply).toMatchObject(FULFILLED);
    expect(alice.received[0]?.amount).toBe(100n);
  });
});

describe('a second way', () => {
  const carolAt = async (
    options: Parameters<typeof between>[0] = {},
  ): Promise<
    Awaited<ReturnType<typeof between>> & { carol: Awaited<ReturnType<typeof between>>['bob'] }
  > => {
    const all = await between(options);
    const carol = await all.world.peer(all.connector, {
      id: 'carol',
      relation: 'peer',
      asset: USD,
      staticRoutes: ['test.bob'],
    });
    return { ...all, carol };
  };

  it.each(['T01', 'T02', 'T05'] as const)('is tried after a Reject with %s', async (code) => {
    const { world, connector, alice, bob, carol } = await carolAt();
    const first = bob;
    first.answer = rejectWith(code);
    expect(await world.until(alice.send({ amount: 1000n, ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(first.received).toHaveLength(1);
    // The other account has another asset: the amount is worked out anew from what arrived.
    expect(carol.received[0]?.amount).toBe(1000n);
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
    expect(await connector.balance('carol')).toMatchObject({ payable: 1000n });
    expect(await connector.balance('alice')).toMatchObject({ receivable: 1000n, heldIncoming: 0n });
  });

  it('is tried while the first link is down', async () => {
    const { world, alice, bob, carol } = await carolAt();
    bob.link.cut();
    expect(await world.until(alice.send({ ...TO_BOB }))).toMatchObject(FULFILLED);
    expect(carol.received).toHaveLength(1);
  });

  it('is never tried where the first may have taken the money: after a time-out', async () => {
    const { world, alice, bob, carol } = await carolAt();
    bob.answer = never;
    expect(await world.until(alice.send({ ...TO_BOB }))).toEqual(rejected('R00'));
    expect(carol.received).toEqual([]);
  });

  it('is never tried where the first may have taken the money: after a lost connection', async () => {
    const { world, alice, bob, carol } = await carolAt();
    bob.answer = never;
    const reply = alice.send({ ...TO_BOB });
    await world.clock.advance(10);
    bob.link.cut();
    expect(await world.until(reply)).toEqual(rejected('T00'));
    expect(carol.received).toEqual([]);
  });

  it.each([
    ['no', true],
    ['yes', false],
    ['unknown', false],
  ] as const)('depends on what the link says of a failed packet: sent %s', async (sent, tried) => {
    const { world, alice, carol, connector } = await carolAt();
    // Replaces bob's link by one that fails with that answer.
    await world.until(connector.removeAccount('bob'));
    await connector.addAccount(
      { id: 'bob', relation: 'peer', asset: EUR, staticRoutes: ['test.bob'] },
      {
        isConnected: true,
        send: () => Promise.reject(new LinkError('CONNECTION_LOST', sent, 'lost')),
        setHandler: () => undefined,
        onConnectionChange: () => () => undefined,
        close: () => Promise.resolve(),
      },
    );
    const reply = await world.until(alice.send({ destination: 'test.bob.1' }));
    expect([reply.type === PacketType.fulfill, carol.received.length]).toEqual(
      tried ? [true, 1] : [false, 0],
    );
  });

  it('is not tried after any other Reject', async () => {
    const { world, alice, bob, carol } = await carolAt();
    bob.answer = rejectWith('T04');
    expect(await world.until(alice.send({ ...TO_BOB }))).toMatchObject({ code: 'T04' });
    expect(carol.received).toEqual([]);
  });

  it('is not tried when the time that is left is too short', async () => {
    const { world, alice, bob, carol } = await carolAt();
    bob.answer = async () => {
      await world.clock.sleep(8500);
      return rejectWith('T02')();
    };
    expect(await world.until(alice.send({ expiresInMs: 10_000, ...TO_BOB }))).toEqual(
      rejected('T03'),
    );
    expect(carol.received).toEqual([]);
  });

  it('is not tried above the configured number of attempts', async () => {
    const { world, alice, bob, carol } = await carolAt({ policy: { maxAttempts: 1 } });
    bob.answer = rejectWith('T01');
    const reply = await world.until(alice.send({ ...TO_BOB }));
    expect(reply).toMatchObject({ code: 'T01', triggeredBy: 'test.far.away' });
    expect(carol.received).toEqual([]);
  });
});
