import { PacketType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { LedgerStore } from '../src/index.js';
import { between, rejectWith, type Peer, type World } from './fixture.js';
import { describeLedgerStore } from './ledger-store.js';
import { slowStore } from './stores.js';

describeLedgerStore('a store that answers later', () =>
  Promise.resolve(slowStore(() => Promise.resolve())),
);

const TO_BOB = { amount: 1000n, destination: 'test.bob.1' };

/** A connector on a store that takes 10 ms for each step, and fails where it is told to. */
async function onSlowStore(): Promise<{
  world: World;
  alice: Peer;
  bob: Peer;
  store: LedgerStore;
  failing: Set<string>;
  connector: Awaited<ReturnType<typeof between>>['connector'];
}> {
  const failing = new Set<string>();
  const late: { world?: World } = {};
  const store = slowStore(
    () => late.world?.clock.sleep(10) ?? Promise.resolve(),
    (method) => failing.has(method),
  );
  const all = await between({ store });
  late.world = all.world;
  return { ...all, store, failing };
}

describe('with a store that answers later, a connector', () => {
  it('sends nothing before the money is held, and no Fulfill before it is booked', async () => {
    const { world, alice, bob } = await onSlowStore();
    const start = world.clock.now();
    const reply = alice.send(TO_BOB);
    await world.clock.advance(5);
    expect(bob.received).toEqual([]);
    await world.clock.advance(6);
    expect(bob.received).toHaveLength(1);
    expect(await world.until(reply)).toMatchObject({ type: PacketType.fulfill });
    expect(world.clock.now()).toBe(start + 20);
  });

  it('gives back what was held before it rejects', async () => {
    const { world, connector, alice, bob } = await onSlowStore();
    bob.answer = rejectWith('F99');
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F99' });
    expect(await world.until(connector.balance('alice'))).toMatchObject({ heldIncoming: 0n });
  });

  it('forwards nothing while the store cannot hold money', async () => {
    const { world, alice, bob, failing } = await onSlowStore();
    failing.add('reserve');
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({
      code: 'T00',
      message: 'internal error.',
    });
    expect(bob.received).toEqual([]);
  });

  it('passes the Fulfill on although the store cannot book it: it owes the next hop already', async () => {
    const { world, alice, failing } = await onSlowStore();
    failing.add('commit');
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ type: PacketType.fulfill });
  });

  it('rejects although the store cannot give back what was held', async () => {
    const { world, alice, bob, failing } = await onSlowStore();
    bob.answer = rejectWith('F99');
    failing.add('release');
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'T00' });
  });
});

describe('a listener that throws', () => {
  it('does not turn a Fulfill into a Reject', async () => {
    const { world, connector, alice } = await between();
    connector.on('packet', () => {
      throw new Error('a bug of the application');
    });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ type: PacketType.fulfill });
  });
});
