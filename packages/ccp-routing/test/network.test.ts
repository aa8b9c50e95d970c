import { isPrefixOf, parseIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import {
  CcpRouter,
  encodeCcpPrepare,
  CCP_UPDATE_DESTINATION,
  encodeRouteUpdateRequest,
  type CcpPolicy,
} from '../src/index.js';
import { FAIR, seeded, seededBytes, START, World } from './world.js';

/** What `to` should have of `from`: what `from` tells, as far as the rules of `to` take it. */
function toldRoutes(world: World, from: string, to: string): string[] {
  const teller = world.node(from);
  const own = parseIlpAddressPrefix(world.node(to).address ?? '');
  return teller
    .routes()
    .filter(({ toldTo }) => toldTo.includes(to))
    .map(({ prefix, candidates }) => ({
      prefix,
      path: [teller.address ?? '', ...(candidates[0]?.path ?? [])],
    }))
    .filter(({ prefix, path }) => {
      const isOurs = isPrefixOf(own, prefix);
      const below = world
        .node(to)
        .accounts()
        .find(({ id }) => id === from)?.childPrefix;
      const isTheirs = below !== undefined && isPrefixOf(below, prefix);
      return !path.includes(own) && (!isOurs || isTheirs);
    })
    .map(({ prefix, path }) => `${prefix} by ${path.join(' ')}`);
}

function learnedRoutes(world: World, at: string, from: string): string[] {
  return world
    .node(at)
    .routes()
    .flatMap(({ prefix, candidates }) =>
      candidates
        .filter(
          ({ accountId, source }) =>
            accountId === from && source !== 'static' && source !== 'local',
        )
        .map(({ path }) => `${prefix} by ${path.join(' ')}`),
    );
}

function expectAgreement(world: World): void {
  for (const { ends, isUp } of world.wires) {
    for (const [from, to] of [ends, [ends[1], ends[0]]] as const) {
      const what = `routes of ${from} at ${to}`;
      expect([what, learnedRoutes(world, to, from)]).toEqual([
        what,
        isUp ? toldRoutes(world, from, to) : [],
      ]);
    }
  }
}

/**
 * Twelve nodes: three that peer with each other, and customers below, some with two parents.
 * @param isNested customers have addresses below their first parent's, others of their own.
 */
function tiers(seed: number, isNested = false, policy: Partial<CcpPolicy> = {}): World {
  const world = new World(seed);
  const pick = (below: number): number => Math.floor(world.random() * below);
  for (const name of ['n0', 'n1', 'n2']) world.add(name, { policy });
  world.peers('n0', 'n1');
  world.peers('n1', 'n2');
  world.peers('n2', 'n0');
  for (let i = 3; i < 12; i++) {
    const first = `n${pick(i)}`;
    const second = `n${pick(i)}`;
    const address = isNested ? `${addressOf(world, first)}.n${i}` : `g.n${i}`;
    world.add(`n${i}`, { policy, address });
    world.parentOf(first, `n${i}`, isNested ? `n${i}` : undefined);
    if (second !== first) world.parentOf(second, `n${i}`);
  }
  return world;
}

function addressOf(world: World, name: string): string {
  return world.node(name).address ?? '';
}

/** Loses, doubles and reorders packets, cuts links and restarts nodes for two virtual minutes; then heals. */
function storm(world: World): void {
  world.weather = { loss: 0.3, duplication: 0.2, maxDelayMs: 3_000 };
  for (let step = 0; step < 40; step++) {
    world.run(3_000);
    const wire = world.wires[Math.floor(world.random() * world.wires.length)];
    const dice = world.random();
    if (wire !== undefined && dice < 0.5) world.setUp(...wire.ends, !wire.isUp);
    else if (dice < 0.65) world.restart(world.names[Math.floor(world.random() * 12)] ?? 'n0');
  }
  world.weather = FAIR;
  for (const { ends } of world.wires) world.setUp(...ends, true);
  world.run(120_000);
}

describe('a network after losses, cuts and restarts', () => {
  it.each(Array.from({ length: 24 }, (_, i) => [i + 1, i % 2 === 1] as const))(
    'agrees on both ends of every link, and every node reaches every other without a loop (seed %i, nested %s)',
    (seed, isNested) => {
      const world = tiers(seed, isNested);
      storm(world);
      expectAgreement(world);
      for (const from of world.names) {
        for (const to of world.names) {
          const path = world.trace(from, `${addressOf(world, to)}.~x`);
          expect([path.at(-1), new Set(path).size]).toEqual([to, path.length]);
        }
      }
    },
  );

  it('ends with the same tables as a network that had fair weather all the time', () => {
    for (const seed of [21, 22, 23, 24]) {
      const calm = tiers(seed, seed > 22);
      calm.run(240_000);
      const tried = tiers(seed, seed > 22);
      storm(tried);
      for (const name of calm.names) {
        const table = (world: World): unknown =>
          world
            .node(name)
            .routes()
            .map(({ prefix, nextHops, candidates }) => [
              prefix,
              nextHops,
              candidates.map(({ accountId, path }) => [accountId, path]),
            ]);
        expect([seed, name, table(tried)]).toEqual([seed, name, table(calm)]);
      }
    }
  });

  it('follows Gao-Rexford where peers give no transit: no path goes down or sideways and then up', () => {
    const world = tiers(31, false, { peerTransit: false });
    storm(world);
    expectAgreement(world);
    for (const from of world.names) {
      for (const to of world.names) {
        const path = world.trace(from, `g.${to}`);
        if (path.at(-1) === '?') continue;
        const steps = path.slice(1).map((next, i) => {
          const account = world
            .node(path[i] ?? '')
            .accounts()
            .find(({ id }) => id === next);
          return account?.relation ?? '?';
        });
        expect(steps.join(' ')).toMatch(/^(parent ?)*(peer ?)?(child ?)*$/);
      }
    }
  });

  it('says nothing but heartbeats once it is quiet', () => {
    const world = tiers(5);
    world.run(120_000);
    const before = world.sent.length;
    world.run(60_000);
    const directions = world.wires.length * 2;
    // Two heartbeats in each direction, and no control requests.
    expect(world.sent.length - before).toBeGreaterThanOrEqual(directions * 2 - directions);
    expect(world.sent.length - before).toBeLessThanOrEqual(directions * 2);
  });
});

describe('the best routes', () => {
  it('do not depend on the order in which announcements come', () => {
    const accounts = ['a', 'b', 'c', 'd', 'e'];
    const relations = ['parent', 'peer', 'child', 'peer', 'child'] as const;
    const random = seeded(99);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const facts = Array.from({ length: 60 }, () => ({
      account: pick(accounts),
      prefix: pick(['g.x', 'g.x.y', 'g.x.y.z', 'g.w', 'g.w.v']),
      path: Array.from({ length: 1 + Math.floor(random() * 3) }, (_, i) => `g.h${i}`),
    }));
    // One announcement for each account and prefix, the last.
    const last = [...new Map(facts.map((fact) => [fact.account + fact.prefix, fact])).values()];
    const tableAfter = (order: typeof last): unknown => {
      const router = new CcpRouter({
        address: parseIlpAddressPrefix('g.me') as never,
        routingSecret: new Uint8Array(32),
        randomBytes: seededBytes(seeded(1)),
      });
      const epochs = new Map<string, number>();
      for (const [i, id] of accounts.entries()) {
        router.addAccount(
          id,
          { relation: relations[i] ?? 'peer', receiveRoutes: true, sendRoutes: true },
          START,
        );
        router.handleConnected(id, START);
      }
      for (const { account, prefix, path } of order) {
        const epoch = epochs.get(account) ?? 0;
        epochs.set(account, epoch + 1);
        const data = encodeRouteUpdateRequest({
          routingTableId: '70d1a134-a0df-4f47-964f-6e19e2ab3790',
          currentEpochIndex: epoch + 1,
          fromEpochIndex: epoch,
          toEpochIndex: epoch + 1,
          holdDownTimeMs: 45_000,
          speaker: 'g.x',
          newRoutes: [{ prefix, path, auth: new Uint8Array(32), properties: [] }],
          withdrawnRoutes: [],
        });
        router.handlePrepare(account, encodeCcpPrepare(CCP_UPDATE_DESTINATION, data, START), START);
      }
      return router.routes();
    };
    const expected = tableAfter(last);
    expect(JSON.stringify(expected).length).toBeGreaterThan(1_000);
    for (let round = 0; round < 50; round++) {
      const shuffled = last
        .map((fact) => ({ fact, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ fact }) => fact);
      expect(tableAfter(shuffled)).toEqual(expected);
    }
  });
});

describe('a hostile peer', () => {
  function victim(policy: Partial<CcpPolicy> = {}): {
    router: CcpRouter;
    send: (fields: object) => void;
  } {
    const router = new CcpRouter({
      address: parseIlpAddressPrefix('g.me') as never,
      routingSecret: new Uint8Array(32),
      randomBytes: seededBytes(seeded(1)),
      policy,
    });
    router.addAccount('evil', { relation: 'peer' }, START);
    router.handleConnected('evil', START);
    const send = (fields: object): void => {
      const data = encodeRouteUpdateRequest({
        routingTableId: '70d1a134-a0df-4f47-964f-6e19e2ab3790',
        currentEpochIndex: 0xffff_ffff,
        fromEpochIndex: 0,
        toEpochIndex: 0xffff_ffff,
        holdDownTimeMs: 0xffff_ffff,
        speaker: 'g.evil',
        newRoutes: [],
        withdrawnRoutes: [],
        ...fields,
      });
      router.handlePrepare('evil', encodeCcpPrepare(CCP_UPDATE_DESTINATION, data, START), START);
    };
    return { router, send };
  }

  const route = (prefix: string): object => ({
    prefix,
    path: ['g.evil'],
    auth: new Uint8Array(32),
    properties: [],
  });

  it('cannot make the table larger than the policy allows, with a million routes or by changing them', () => {
    const { router, send } = victim({ maxRoutesPerAccount: 1_000, maxWithdrawals: 500 });
    for (let i = 0; i < 2_000; i++) {
      const newRoutes = Array.from({ length: 50 }, (_, j) => route(`g.e${i}.${j}`));
      const old = Array.from({ length: 50 }, (_, j) => `g.e${i - 10}.${j}`);
      send({ newRoutes, ...(i % 2 === 0 && { withdrawnRoutes: old }) });
    }
    expect(router.size).toBeLessThanOrEqual(1_001);
    expect(router.accounts()[0]?.routes).toBeLessThanOrEqual(1_000);
  });

  it('gains nothing by a new table id each time', () => {
    const { router, send } = victim();
    for (let i = 0; i < 1_000; i++) {
      const routingTableId = `70d1a134-a0df-4f47-964f-6e19e2ab${String(i).padStart(4, '0')}`;
      send({ routingTableId, newRoutes: [route(`g.e${i}`)] });
    }
    expect(router.routes().map(({ prefix }) => prefix)).toEqual(['g.e999', 'g.me']);
  });

  it('may announce prefixes of 1023 characters', () => {
    const { router, send } = victim();
    const long = `g.${'x.'.repeat(510)}x`;
    expect(long).toHaveLength(1023);
    send({ newRoutes: [route(long)] });
    expect(router.nextHops(long as never)).toEqual([{ accountId: 'evil' }]);
    send({ withdrawnRoutes: [long] });
    expect(router.size).toBe(1);
  });
});
