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

  it('passes a Reject on although the store cannot give back what was held', async () => {
    const { world, alice, bob, failing } = await onSlowStore();
    bob.answer = rejectWith('F99');
    failing.add('release');
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F99' });
  });
});

/** A connector on a store whose steps end when the test says so. */
async function onHangingStore(
  accounts: Parameters<typeof between>[1] = {},
  options: Parameters<typeof between>[0] = {},
): Promise<Awaited<ReturnType<typeof between>> & { store: LedgerStore; goOn: () => void }> {
  const waiting: (() => void)[] = [];
  let hangs = false;
  const store = slowStore(() =>
    hangs ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
  );
  const all = await between({ store, ...options }, accounts);
  hangs = true;
  const goOn = (): void => {
    hangs = false;
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { ...all, store, goOn };
}

describe('with a store that does not answer, a connector', () => {
  it('rejects with R00 when the packet expires (RFC 0034), sends nothing, and holds nothing in the end', async () => {
    const { world, connector, alice, bob, goOn } = await onHangingStore();
    const start = world.clock.now();
    expect(await world.until(alice.send({ ...TO_BOB, expiresInMs: 5000 }))).toEqual({
      type: PacketType.reject,
      code: 'R00',
      triggeredBy: 'test.b',
      message: 'packet expired.',
      data: new Uint8Array(0),
    });
    expect(world.clock.now()).toBe(start + 4000);
    expect(connector.packetsInFlight()).toEqual([]);
    goOn();
    await world.clock.advance(0);
    expect(bob.received).toEqual([]);
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n, receivable: 0n });
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
  });

  it('sends nothing that the store held too late, to the millisecond', async () => {
    const { world, alice, bob, goOn } = await onHangingStore();
    const reply = alice.send({ ...TO_BOB, expiresInMs: 5000 });
    world.clock.setTimeout(goOn, 4000);
    expect(await world.until(reply)).toMatchObject({ code: 'R00' });
    expect(bob.received).toEqual([]);
  });

  it('passes no Fulfill on before the store has its commit, however long that takes', async () => {
    const { world, connector, alice, store, goOn } = await onHangingStore();
    goOn();
    const commit = store.commit.bind(store);
    let book: (() => void) | undefined;
    store.commit = async (...args) => {
      await new Promise<void>((resolve) => (book = resolve));
      return commit(...args);
    };
    let isAnswered = false;
    const reply = alice.send({ ...TO_BOB, expiresInMs: 5000 }).then((packet) => {
      isAnswered = true;
      return packet;
    });
    await world.clock.advance(4500);
    expect(isAnswered).toBe(false);
    book?.();
    expect(await world.until(reply)).toMatchObject({ type: PacketType.fulfill });
    expect(await connector.balance('alice')).toMatchObject({
      heldIncoming: 0n,
      receivable: 1000n,
    });
  });

  it('waits with a Reject for what was held, but not beyond the time of the packet', async () => {
    const { world, connector, alice, bob, store, goOn } = await onHangingStore();
    // The hold is made at once, its release hangs.
    goOn();
    store.release = () => new Promise(() => undefined);
    const start = world.clock.now();
    bob.answer = rejectWith('T01');
    expect(await world.until(alice.send({ ...TO_BOB, expiresInMs: 5000 }))).toMatchObject({
      code: 'T01',
    });
    expect(world.clock.now()).toBe(start + 4000);
    expect(bob.received).toHaveLength(1);
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 1000n });
  });
});

describe("an application's step that does not answer", () => {
  it('leaves the sender no longer without a reply than its packet lives', async () => {
    let answer: (() => void) | undefined;
    const { world, connector, alice, bob } = await between({
      handlers: [
        {
          place: 'before',
          step: 'duplicate',
          handler: {
            name: 'slow',
            run: () =>
              new Promise((resolve) => {
                answer = () => {
                  resolve(undefined);
                };
              }),
          },
        },
      ],
    });
    const packet = { ...TO_BOB, expiresInMs: 5000 };
    expect(await world.until(alice.send(packet))).toMatchObject({ code: 'R00' });
    answer?.();
    await world.clock.advance(0);
    expect(bob.received).toEqual([]);
    expect(connector.packetsInFlight()).toEqual([]);
    // The same packet is no duplicate: the first one has left nothing behind.
    const again = alice.send({ ...packet, expiresInMs: 10_000 });
    await world.clock.advance(0);
    answer?.();
    expect(await world.until(again)).toMatchObject({ type: PacketType.fulfill });
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
