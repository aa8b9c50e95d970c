import { CCP_UPDATE_DESTINATION, encodeCcpPrepare } from '@pennyswitch/ccp-routing';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, PacketType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import { MemoryLedgerStore, type Connector } from '../src/index.js';
import { fulfillAll, preparePacket, USD, World } from './fixture.js';
import { BalancedLink, MemoryGroup } from './memory-group.js';

const HOLD_DOWN_MS = 45_000;
const peer = { relation: 'peer', asset: USD } as const;

interface Shared {
  readonly world: World;
  readonly group: MemoryGroup;
  readonly balancer: BalancedLink;
  /** The processes of `test.us`; the first one leads. */
  readonly first: Connector;
  readonly second: Connector;
  /** The peer of both, with the route `test.far`, which it loses when this is called. */
  readonly x: Connector;
  readonly forgetFar: () => Promise<void>;
  /** Kills the first process; the peer's packets go to the second. */
  readonly kill: () => Promise<void>;
}

/** Two processes that are one node, and a peer that knows nothing of that. */
async function shared(): Promise<Shared> {
  const world = new World();
  const group = new MemoryGroup();
  const balancer = new BalancedLink(world.clock);
  const store = new MemoryLedgerStore({ randomBytes: world.random.bytes });
  group.lead('first');
  const x = world.connector({ address: parseIlpAddress('test.x') });
  x.setLocalHandler(fulfillAll);
  await world.peer(x, { id: 'far', ...peer, staticRoutes: ['test.far'] });
  await x.addAccount({ id: 'us', ...peer }, balancer.far);
  await x.start();
  const [first, second] = await Promise.all(
    ['first', 'second'].map(async (name, i) => {
      const connector = world.connector({
        ...{ address: parseIlpAddress('test.us'), store, group: group.join(name) },
      });
      connector.setLocalHandler(fulfillAll);
      await connector.addAccount({ id: 'x', ...peer }, balancer.near(i));
      await connector.start();
      return connector;
    }),
  );
  if (first === undefined || second === undefined) throw new Error('two were started');
  await world.clock.advance(2_000);
  return {
    ...{ world, group, balancer, first, second, x },
    forgetFar: () => world.until(x.removeAccount('far', { drainMs: 0 })),
    kill: async () => {
      balancer.drop(0);
      group.lead(undefined);
      group.remove('first');
      await world.until(first.stop({ drainMs: 0 }));
    },
  };
}

const prefixesOf = (node: Connector): string[] =>
  node.routes().map(({ prefix, nextHop }) => `${prefix} > ${nextHop ?? 'here'}`);

const ROUTES = ['test.far > x', 'test.us > here', 'test.x > x'];

describe('routes of processes that act as one node', () => {
  it('are the same in all, though a peer’s packets reach now the one and now the other', async () => {
    const { world, first, second, x } = await shared();
    for (let minute = 0; minute < 10; minute++) {
      expect(prefixesOf(first)).toEqual(ROUTES);
      expect(prefixesOf(second)).toEqual(ROUTES);
      expect(prefixesOf(x)).toContain('test.us > us');
      await world.clock.advance(60_000);
    }
    expect(second.routePage({ startingWith: 'test.f', accountId: 'x' })).toMatchObject({
      routes: [{ prefix: 'test.far', nextHop: 'x', path: ['test.x'] }],
      total: 1,
    });
    for (const node of [first, second]) {
      const prepare = preparePacket(world.clock.now(), { destination: 'test.far.bob' });
      expect(decodeReply(await world.until(node.sendLocal(prepare))).type).toBe(PacketType.fulfill);
    }
  });

  it('follow what the peer announces and withdraws', async () => {
    const { world, second, x, forgetFar } = await shared();
    await forgetFar();
    await world.clock.advance(1_000);
    expect(prefixesOf(second)).toEqual(['test.us > here', 'test.x > x']);
    await world.peer(x, { id: 'near', ...peer, staticRoutes: ['test.near'] });
    await world.clock.advance(1_000);
    expect(prefixesOf(second)).toContain('test.near > x');
  });

  it('stay on both sides when the leader dies and another one leads', async () => {
    const { world, group, second, x, kill } = await shared();
    await kill();
    await world.clock.advance(10_000);
    expect(prefixesOf(second)).toEqual(ROUTES);
    group.lead('second');
    await world.clock.advance(1_000);
    // Told without having asked again: deployed peers do not.
    expect(second.routeExchanges()).toMatchObject([
      { id: 'x', sender: { mode: 'sync', lastSentAt: expect.any(Number) as number } },
    ]);
    for (let second10 = 0; second10 < 30; second10++) {
      expect(prefixesOf(second)).toEqual(ROUTES);
      expect(prefixesOf(x)).toContain('test.us > us');
      await world.clock.advance(10_000);
    }
  });

  it('that went away while nobody led are gone when the next leader has had time to hear of it', async () => {
    const { world, group, second, kill, forgetFar } = await shared();
    await kill();
    await forgetFar();
    await world.clock.advance(10_000);
    expect(prefixesOf(second)).toContain('test.far > x');
    group.lead('second');
    await world.clock.advance(HOLD_DOWN_MS + 1_000);
    expect(prefixesOf(second)).toEqual(['test.us > here', 'test.x > x']);
    expect(group.table('routes').get('test.far')).toBeUndefined();
  });

  it('are no more what a process says that led, once another one does', async () => {
    const { world, group, first, second, x } = await shared();
    group.lead('second');
    await world.clock.advance(5 * 60_000);
    expect(prefixesOf(first)).toEqual(ROUTES);
    expect(prefixesOf(second)).toEqual(ROUTES);
    expect(prefixesOf(x)).toContain('test.us > us');
    expect(first.routeExchanges()).toMatchObject([{ routes: 0 }]);
    expect(first.routes().find(({ prefix }) => prefix === 'test.far')?.why).toContain(
      'says the process that speaks with peers',
    );
  });

  it('are answered with T00 while nobody leads', async () => {
    const { world, group, balancer, first } = await shared();
    group.lead(undefined);
    const now = world.clock.now();
    const packet = encodeCcpPrepare(CCP_UPDATE_DESTINATION, new Uint8Array(0), now);
    const reply = decodeReply(await world.until(balancer.far.send(packet, { deadline: Infinity })));
    expect(reply).toMatchObject({ type: PacketType.reject, code: 'T00' });
    expect(prefixesOf(first)).toEqual(ROUTES);
  });
});
