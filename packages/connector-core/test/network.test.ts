import { decodeReply, PacketType } from '@pennyswitch/ilp-packet';
import fc from 'fast-check';
import { seededRandom } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { fulfillAll, never, preparePacket, rejectWith } from './fixture.js';
import { createLine, findDisagreements, type Line } from './line.js';
import type { TestLinkFaults } from './test-link.js';

async function pay(
  line: Line,
  amount: bigint,
  expiresInMs = 20_000,
): Promise<ReturnType<typeof decodeReply>> {
  const packet = { amount, destination: `${line.receiver.address!}.x`, expiresInMs };
  const reply = line.sender.sendLocal(preparePacket(line.world.clock.now(), packet));
  return decodeReply(await line.world.until(reply));
}

describe('a line of three connectors between two wallets', () => {
  it('gives wallets their address and asset by ILDCP (RFC 0031)', async () => {
    const line = await createLine();
    await line.world.clock.advance(1000);
    expect(line.sender.address).toBe('test.a.alice');
    expect(line.receiver.address).toBe('test.c.bob');
    expect(line.sender.account('up')).toMatchObject({ asset: { code: 'USD', scale: 6 } });
    expect(line.receiver.network).toBe('test');
  });

  it('learns the way to the receiver by CCP', async () => {
    const line = await createLine();
    await line.world.clock.advance(60_000);
    expect(line.a.routes()).toEqual(
      expect.arrayContaining([expect.objectContaining({ prefix: 'test.c', nextHop: 'b' })]),
    );
  });

  it('delivers exactly what each hop converts, and every account agrees', async () => {
    const line = await createLine({ spread: '0.002' });
    await line.world.clock.advance(60_000);
    expect(await pay(line, 1_000_001n)).toMatchObject({ type: PacketType.fulfill });
    const atB = (1_000_001n * 92n * 998n) / 100_000n;
    const atC = (atB * 17n * 998n * 1000n) / 10_000n;
    const delivered = (atC * 998n) / 1000n;
    expect(await line.sender.balance('up')).toMatchObject({ payable: 1_000_001n });
    expect(await line.b.balance('a')).toMatchObject({ receivable: atB });
    expect(await line.c.balance('b')).toMatchObject({ receivable: atC });
    expect(await line.receiver.balance('up')).toMatchObject({ receivable: delivered });
    expect(await findDisagreements(line)).toEqual([]);
  });

  it('tells the sender the packet limit of a connector far away (F08)', async () => {
    const line = await createLine({ limits: { bc: { maxPacketAmount: 1_000_000n } } });
    await line.world.clock.advance(60_000);
    expect(await pay(line, 1_000_000n)).toMatchObject({ code: 'F08', triggeredBy: 'test.c' });
    expect(await findDisagreements(line)).toEqual([]);
  });

  it('says that a receiver which is away is unreachable, and finds it again', async () => {
    const line = await createLine();
    await line.world.clock.advance(60_000);
    line.links[3]!.cut();
    expect(await pay(line, 1000n)).toMatchObject({ code: 'T01', triggeredBy: 'test.c' });
    line.links[3]!.mend();
    expect(await pay(line, 1000n)).toMatchObject({ type: PacketType.fulfill });
  });

  it('agrees on both sides of every account that lives after a node in the middle is gone', async () => {
    const line = await createLine({ faults: () => ({ delayMs: 20 }) });
    await line.world.clock.advance(60_000);
    const replies = Array.from({ length: 20 }, async (_, i) => {
      await line.world.clock.sleep(i * 7);
      return line.sender.sendLocal(
        preparePacket(line.world.clock.now(), {
          amount: 1000n,
          destination: 'test.c.bob.x',
          fulfillment: new Uint8Array(32).fill(i),
        }),
      );
    });
    await line.world.clock.advance(100);
    line.links[1]!.cut();
    line.links[2]!.cut();
    const all = await line.world.until(Promise.all(replies));
    expect(all).toHaveLength(20);
    await line.world.clock.advance(60_000);
    const living = line.accounts.filter(([one, , other]) => one !== line.b && other !== line.b);
    expect(living).toHaveLength(2);
    expect(await findDisagreements({ ...line, accounts: living })).toEqual([]);
  });

  it('keeps money whole whatever receivers and links do: what is owed is owed on both sides', async () => {
    const seeds = fc.integer({ min: 1, max: 2 ** 31 });
    await fc.assert(fc.asyncProperty(seeds, keepsMoneyWhole), { numRuns: 25 });
  });
});

/** Packets of all sizes, receivers that fulfil, reject or are silent, Prepares that get lost: then quiet, then all books agree. */
async function keepsMoneyWhole(seed: number): Promise<void> {
  const random = seededRandom(seed);
  let isFaulty = false;
  const lossRate = random.chance(0.5) ? 0.1 : 0;
  const faults = (): TestLinkFaults => ({
    delayMs: random.int(0, 50),
    losePrepare: isFaulty && random.chance(lossRate),
  });
  const line = await createLine({ spread: '0.003', faults, slowStores: random.chance(0.3) });
  const { clock } = line.world;
  await clock.advance(120_000);
  isFaulty = true;
  let delivered = 0n;
  line.receiver.setLocalHandler(async (bytes) => {
    await clock.sleep(random.int(0, 300));
    const kind = random.int(0, 9);
    if (kind === 0) return never();
    if (kind === 1) return rejectWith('F99')();
    return fulfillAll(bytes);
  });
  line.receiver.on('packet', ({ packet, code }) => {
    if (code === undefined) delivered += packet.amount;
  });
  const replies = Array.from({ length: 40 }, async () => {
    await clock.sleep(random.int(0, 2000));
    const amount = random.bigint(0n, 10n ** 9n);
    const reply = await line.sender.sendLocal(
      preparePacket(clock.now(), {
        amount,
        destination: 'test.c.bob.x',
        expiresInMs: random.int(3000, 20_000),
        fulfillment: random.bytes(32),
      }),
    );
    return { amount, fulfilled: decodeReply(reply).type === PacketType.fulfill };
  });
  const outcomes = await clock.runUntil(Promise.all(replies));
  await clock.advance(60_000);
  expect(await clock.runUntil(findDisagreements(line))).toEqual([]);
  const sent = outcomes.reduce(
    (sum, { amount, fulfilled }) => (fulfilled ? sum + amount : sum),
    0n,
  );
  expect(await line.sender.balance('up')).toMatchObject({ payable: sent });
  expect(await line.receiver.balance('up')).toMatchObject({ receivable: delivered });
  for (const node of line.nodes) {
    expect(await clock.runUntil(node.lateFulfillments())).toEqual([]);
  }
  await clock.runUntil(Promise.all(line.nodes.map((node) => node.stop())));
}
