import { PacketType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import type { AccountSettings } from '../src/index.js';
import { between, EUR, never, USD } from './fixture.js';
import { TestLink } from './test-link.js';

const ALICE: AccountSettings = { id: 'alice', relation: 'child', asset: USD };
const BOB: AccountSettings = {
  id: 'bob',
  relation: 'peer',
  asset: EUR,
  staticRoutes: ['test.bob'],
  sendRoutes: false,
  receiveRoutes: false,
};
const TO_BOB = { amount: 1000n, destination: 'test.bob.1' };

describe('an account that is changed while it runs', () => {
  it('keeps its book and its counters, and has the new limits for the next packet', async () => {
    const { world, connector, alice } = await between();
    const changed: string[] = [];
    connector.on('accountChanged', (id) => changed.push(id));
    await world.until(alice.send(TO_BOB));
    await connector.changeAccount({ ...ALICE, limits: { maxPacketAmount: 999n } });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F08' });
    expect(connector.account('alice')).toMatchObject({
      limits: { maxPacketAmount: 999n },
      incoming: { fulfilled: 1, rejected: { F08: 1 } },
    });
    expect(await connector.balance('alice')).toMatchObject({ receivable: 1000n });
    expect(changed).toEqual(['alice']);
  });

  it('lets packets under way end as they were held', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    const reply = alice.send({ ...TO_BOB, expiresInMs: 5000 });
    await world.clock.advance(1);
    await connector.changeAccount({ ...ALICE, limits: { maximumBalance: 0n } });
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 1000n });
    expect(await world.until(reply)).toMatchObject({ code: 'R00' });
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'T04' });
  });

  it('does not get a full bucket by a change of something else', async () => {
    const packets = { limit: 1, periodMs: 10_000 };
    const { world, connector, alice } = await between({}, { alice: { limits: { packets } } });
    await world.until(alice.send(TO_BOB));
    await connector.changeAccount({ ...ALICE, limits: { packets, maxPacketAmount: 5000n } });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'T05' });
  });

  it('has its other static routes at once', async () => {
    const { world, connector, alice } = await between();
    await connector.changeAccount({ ...BOB, staticRoutes: ['test.robert'] });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F02' });
    const there = { ...TO_BOB, destination: 'test.robert' };
    expect(await world.until(alice.send(there))).toMatchObject({ type: PacketType.fulfill });
  });

  it('settles at once what a lower threshold makes due, at the engine that knows it by its token', async () => {
    const requests: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      const token = new Headers(init.headers).get('authorization') ?? '';
      requests.push(`${token} ${new URL(url).pathname} ${init.body as string}`);
      return Promise.resolve(new Response(null, { status: 201 }));
    };
    const settlement = { engineUrl: 'http://engine.example', engineToken: 'secret' };
    const { world, connector, alice } = await between({ fetch }, { bob: { settlement } });
    await world.until(alice.send(TO_BOB));
    await connector.changeAccount({ ...BOB, settlement: { ...settlement, threshold: 900n } });
    await world.clock.advance(1);
    expect(requests).toEqual([
      'Bearer secret /accounts {"id":"bob"}',
      'Bearer secret /accounts/bob/settlements {"amount":"920","scale":6}',
    ]);
  });

  it.each([
    { relation: 'peer' as const },
    { asset: EUR },
    { asset: { code: 'USD', scale: 2 } },
    { segment: 'al' },
  ])('keeps what its book and address rest on: %j', async (other) => {
    const { connector } = await between();
    await expect(connector.changeAccount({ ...ALICE, ...other })).rejects.toMatchObject({
      code: 'BAD_SETTING',
      message: expect.stringContaining('remove the account and add it again'),
    });
    expect(connector.account('alice')).toMatchObject({ relation: 'child', asset: USD });
  });

  it('must be there', async () => {
    const { connector } = await between();
    await expect(connector.changeAccount({ ...ALICE, id: 'carol' })).rejects.toMatchObject({
      code: 'UNKNOWN_ACCOUNT',
    });
  });
});

describe('an account that is being removed', () => {
  it('can be added again once it is gone, and not before: the new one would lose its book', async () => {
    const { world, connector, alice, bob } = await between();
    bob.answer = never;
    const reply = alice.send({ ...TO_BOB, expiresInMs: 5000 });
    await world.clock.advance(1);
    const removal = connector.removeAccount('bob', { forget: true });
    await world.clock.advance(1);
    const add = async (): Promise<void> => connector.addAccount(BOB, TestLink.pair(world.clock)[0]);
    await expect(add()).rejects.toMatchObject({ code: 'DUPLICATE_ACCOUNT' });
    await world.until(Promise.all([reply, removal]));
    await add();
    expect(await connector.balance('bob')).toMatchObject({ payable: 0n, heldOutgoing: 0n });
  });
});
