import { parseIlpAddress, parseIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { decodePrepare, decodeReject, packetType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import {
  CCP_CONTROL_DESTINATION,
  CCP_UPDATE_DESTINATION,
  CcpRouter,
  decodeRouteControlRequest,
  decodeRouteUpdateRequest,
  DEFAULT_CCP_POLICY,
  encodeCcpPrepare,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
  isAuthentic,
  NO_TABLE,
  type CcpAccountOptions,
  type CcpPolicy,
  type RouteControlRequest,
  type RouteUpdateRequest,
} from '../src/index.js';
import { seeded, seededBytes, START, tableOf, World } from './world.js';

const now = START;
const TABLE = '70d1a134-a0df-4f47-964f-6e19e2ab3790';
const OTHER_TABLE = '21e55f8e-abcd-4e97-9ab9-bf0ff00a224c';
const prefix = parseIlpAddressPrefix;
const address = parseIlpAddress;

function routerWith(
  accounts: Record<string, CcpAccountOptions>,
  policy: Partial<CcpPolicy> = {},
  own = 'g.me',
): CcpRouter {
  const router = new CcpRouter({
    address: address(own),
    routingSecret: new Uint8Array(32).fill(7),
    randomBytes: seededBytes(seeded(1)),
    policy,
  });
  for (const [id, options] of Object.entries(accounts)) {
    router.addAccount(id, options, now);
    router.handleConnected(id, now);
  }
  return router;
}

function update(fields: Partial<RouteUpdateRequest> = {}): Uint8Array {
  return encodeCcpPrepare(
    CCP_UPDATE_DESTINATION,
    encodeRouteUpdateRequest({
      routingTableId: TABLE,
      currentEpochIndex: fields.toEpochIndex ?? 1,
      fromEpochIndex: 0,
      toEpochIndex: 1,
      holdDownTimeMs: 45_000,
      speaker: 'g.peer',
      newRoutes: [],
      withdrawnRoutes: [],
      ...fields,
    }),
    now + 10_000_000,
  );
}

function route(to: string, path: readonly string[] = ['g.peer']) {
  return { prefix: to, path, auth: new Uint8Array(32).fill(1), properties: [] };
}

function control(fields: Partial<RouteControlRequest> = {}): Uint8Array {
  return encodeCcpPrepare(
    CCP_CONTROL_DESTINATION,
    encodeRouteControlRequest({
      mode: 'sync',
      lastKnownRoutingTableId: NO_TABLE,
      lastKnownEpoch: 0,
      features: [],
      ...fields,
    }),
    now + 10_000_000,
  );
}

/** A Reject's code, or `ok`. */
function outcome(reply: Uint8Array): string {
  return packetType(reply) === 13 ? 'ok' : decodeReject(reply).code;
}

/** Tells a router, as an account does, of routes in addition to the ones before. */
function announce(
  router: CcpRouter,
  account: string,
  routes: readonly ReturnType<typeof route>[],
  fromEpochIndex = 0,
): string {
  return outcome(
    router.handlePrepare(
      account,
      update({ newRoutes: routes, fromEpochIndex, toEpochIndex: fromEpochIndex + 1 }),
      now,
    ),
  );
}

function hops(router: CcpRouter, destination: string): string[] {
  return router.nextHops(address(destination)).map(({ accountId }) => accountId);
}

/** Everything that a router sends now, as requests by account. */
function sentToEach(router: CcpRouter, at = now): Map<string, Sent> {
  const all = new Map<string, Sent>();
  for (let next = router.poll(at); next !== undefined; next = router.poll(at)) {
    const sent = all.get(next.accountId) ?? { controls: [], updates: [], ids: [] };
    all.set(next.accountId, sent);
    const { destination, data } = decodePrepare(next.prepare);
    sent.ids.push(next.id);
    if (destination === CCP_CONTROL_DESTINATION)
      sent.controls.push(decodeRouteControlRequest(data));
    else sent.updates.push(decodeRouteUpdateRequest(data));
  }
  return all;
}

interface Sent {
  readonly controls: RouteControlRequest[];
  readonly updates: RouteUpdateRequest[];
  readonly ids: number[];
}

/** What of it goes to one account. */
function sentTo(router: CcpRouter, account: string, at = now): Sent {
  return sentToEach(router, at).get(account) ?? { controls: [], updates: [], ids: [] };
}

/** An account takes back what it told in its first update. */
function withdraw(router: CcpRouter, account: string, withdrawnRoutes: readonly string[]): void {
  router.handlePrepare(
    account,
    update({ fromEpochIndex: 1, toEpochIndex: 2, withdrawnRoutes: [...withdrawnRoutes] }),
    now,
  );
}

/** What one account is told after it asks, all in one update. */
function toldTo(router: CcpRouter, account: string, at = now): string[] {
  router.handlePrepare(account, control(), at);
  const [first] = sentTo(router, account, at).updates;
  return (first?.newRoutes ?? []).map((told) => `${told.prefix} (${told.path.join(' ')})`);
}

const PEERS = { a: { relation: 'peer' }, b: { relation: 'peer' } } as const;
const ALL: Record<string, CcpAccountOptions> = {
  up: { relation: 'parent', staticRoutes: [] },
  peer: { relation: 'peer' },
  other: { relation: 'peer' },
  kid: { relation: 'child', sendRoutes: true, receiveRoutes: true },
};

describe('choosing the best route', () => {
  it('takes child before peer before parent, whatever the path', () => {
    const router = routerWith(ALL);
    announce(router, 'up', [route('g.x', ['g.p'])]);
    expect(hops(router, 'g.x.1')).toEqual(['up']);
    announce(router, 'peer', [route('g.x', ['g.p', 'g.q'])]);
    expect(hops(router, 'g.x.1')).toEqual(['peer']);
    announce(router, 'kid', [route('g.x', ['g.p', 'g.q', 'g.r'])]);
    expect(hops(router, 'g.x.1')).toEqual(['kid']);
    expect(router.routes().find((listed) => listed.prefix === 'g.x')).toMatchObject({
      reason: 'child comes before peer',
      nextHops: ['kid'],
      candidates: [{ accountId: 'kid' }, { accountId: 'peer' }, { accountId: 'up' }],
    });
  });

  it('takes the shorter path, and keeps those that are as good', () => {
    const router = routerWith({ c: { relation: 'peer' }, ...PEERS });
    announce(router, 'c', [route('g.x', ['g.p'])]);
    announce(router, 'b', [route('g.x', ['g.q', 'g.p'])]);
    announce(router, 'a', [route('g.x', ['g.r'])]);
    expect(hops(router, 'g.x')).toEqual(['a', 'c']);
    router.handleDisconnected('a', now);
    expect(hops(router, 'g.x')).toEqual(['c']);
    router.handleDisconnected('c', now);
    expect(hops(router, 'g.x')).toEqual(['b']);
    router.handleDisconnected('b', now);
    expect(hops(router, 'g.x')).toEqual([]);
  });

  it('takes what is configured before what is learned, as long as its link is up', () => {
    const router = routerWith(PEERS);
    announce(router, 'a', [route('g.x')]);
    router.addStaticRoute(prefix('g.x'), 'b', now);
    expect(hops(router, 'g.x')).toEqual(['b']);
    router.handleDisconnected('b', now);
    expect(hops(router, 'g.x')).toEqual(['a']);
    router.handleDisconnected('a', now);
    expect(hops(router, 'g.x')).toEqual(['b']);
    router.removeStaticRoute(prefix('g.x'), 'b', now);
    expect(hops(router, 'g.x')).toEqual([]);
  });

  it('takes the longest prefix, by whole segments', () => {
    const router = routerWith(PEERS);
    announce(router, 'a', [route('g.x')]);
    announce(router, 'b', [route('g.x.y')]);
    expect(hops(router, 'g.x.y')).toEqual(['b']);
    expect(hops(router, 'g.x.y.z')).toEqual(['b']);
    expect(hops(router, 'g.x.yy')).toEqual(['a']);
    expect(hops(router, 'g.xy')).toEqual([]);
  });
});

describe('routes by configuration', () => {
  it('sends what nothing else leads to over every parent, in the order of their ids', () => {
    const router = routerWith({ p2: { relation: 'parent' }, p1: { relation: 'parent' } });
    expect(hops(router, 'g.anywhere')).toEqual(['p1', 'p2']);
    router.handleDisconnected('p1', now);
    expect(hops(router, 'g.anywhere')).toEqual(['p2']);
  });

  it('can do without that, or have another default route', () => {
    const router = routerWith({ up: { relation: 'parent', staticRoutes: [] }, ...PEERS });
    expect(hops(router, 'g.anywhere')).toEqual([]);
    router.setDefaultRoute('b', now);
    expect(hops(router, 'g.anywhere')).toEqual(['b']);
    router.setDefaultRoute('a', now);
    expect(hops(router, 'g.anywhere')).toEqual(['a']);
    router.setDefaultRoute(undefined, now);
    expect(hops(router, 'g.anywhere')).toEqual([]);
  });

  it('leads to children below the own address, which itself leads nowhere else', () => {
    const router = routerWith({
      up: { relation: 'parent' },
      kid: { relation: 'child', childSegment: 'bob' },
    });
    expect(hops(router, 'g.me.bob.x')).toEqual(['kid']);
    expect(hops(router, 'g.me.alice')).toEqual([]);
    expect(hops(router, 'g.me')).toEqual([]);
    router.setAddress(address('g.new.home'), now);
    expect(hops(router, 'g.new.home.bob')).toEqual(['kid']);
    expect(hops(router, 'g.me.bob')).toEqual(['up']);
    router.removeAccount('kid', now);
    expect(hops(router, 'g.new.home.bob')).toEqual([]);
  });

  it('has no route to a child where its own address leaves no room for the child’s', () => {
    const router = routerWith({ kid: { relation: 'child', childSegment: 'kid' } });
    router.setAddress(address(`g.${'x'.repeat(1018)}`), now);
    expect(router.accounts()[0]?.childPrefix).toBeUndefined();
    router.setAddress(address(`g.${'x'.repeat(1017)}`), now);
    expect(router.accounts()[0]?.childPrefix).toHaveLength(1023);
  });

  it('says when the table changed', () => {
    let changes = 0;
    const router = new CcpRouter({
      address: address('g.me'),
      routingSecret: new Uint8Array(32),
      randomBytes: seededBytes(seeded(1)),
      onChange: () => changes++,
    });
    router.addAccount('a', { relation: 'peer' }, now);
    router.handleConnected('a', now);
    const before = changes;
    announce(router, 'a', [route('g.x')]);
    expect(changes).toBe(before + 1);
    announce(router, 'a', [route('g.x')], 1);
    expect(changes).toBe(before + 1);
  });
});

describe('private. and local. (RFC 0015 "Allocation Schemes": valid within one domain only)', () => {
  const NEIGHBOURS: Record<string, CcpAccountOptions> = {
    up: { relation: 'parent' },
    a: { relation: 'peer' },
    kid: { relation: 'child', sendRoutes: true, receiveRoutes: true },
  };

  it.each(['private', 'local'])('no default route takes %s. out of the domain', (scheme) => {
    const router = routerWith(NEIGHBOURS);
    expect(hops(router, 'g.elsewhere')).toEqual(['up']);
    expect(hops(router, `${scheme}.elsewhere`)).toEqual([]);
    router.setDefaultRoute('a', now);
    expect(hops(router, `${scheme}.elsewhere`)).toEqual([]);
    router.setAddress(undefined, now);
    expect(hops(router, 'g.elsewhere')).toEqual(['a', 'up']);
    expect(hops(router, `${scheme}.elsewhere`)).toEqual([]);
  });

  it.each(['private', 'local'])(
    'a node whose own address is %s. is inside: its default route takes it, and what it is told counts',
    (scheme) => {
      const router = routerWith(NEIGHBOURS, {}, `${scheme}.me`);
      expect(hops(router, `${scheme}.elsewhere`)).toEqual(['up']);
      expect(hops(router, `${scheme === 'local' ? 'private' : 'local'}.elsewhere`)).toEqual([]);
      expect(announce(router, 'a', [route(`${scheme}.x`, [`${scheme}.peer`])])).toBe('ok');
      expect(hops(router, `${scheme}.x.y`)).toEqual(['a']);
      expect(toldTo(router, 'kid')).toEqual([
        `${scheme}.me (${scheme}.me)`,
        `${scheme}.x (${scheme}.me ${scheme}.peer)`,
      ]);
    },
  );

  it.each(['private', 'local'])(
    'a route to %s. by configuration is followed, and told to nobody outside',
    (scheme) => {
      const router = routerWith(NEIGHBOURS);
      router.addStaticRoute(prefix(`${scheme}.cluster`), 'kid', now);
      expect(hops(router, `${scheme}.cluster.x`)).toEqual(['kid']);
      for (const id of Object.keys(NEIGHBOURS)) {
        expect(toldTo(router, id)).toEqual(['g.me (g.me)']);
      }
      expect(router.route(prefix(`${scheme}.cluster`))?.keptBack).toBe('other-network');
    },
  );

  it.each(['private', 'local'])('%s. is taken from no neighbour, whatever it is', (scheme) => {
    const router = routerWith(NEIGHBOURS);
    for (const id of Object.keys(NEIGHBOURS)) {
      expect(announce(router, id, [route(scheme), route(`${scheme}.x`)])).toBe('ok');
    }
    expect(hops(router, `${scheme}.x`)).toEqual([]);
    for (const { routes, filteredCounts } of router.accounts()) {
      expect({ routes, filteredCounts }).toEqual({
        routes: 0,
        filteredCounts: { 'other-network': 2 },
      });
    }
  });
});

describe('what is taken from peers', () => {
  it.each<[string, ReturnType<typeof route>]>([
    ['invalid-prefix', route('g.x.')],
    ['invalid-prefix', route('unknown')],
    ['whole-network', route('')],
    ['whole-network', route('g')],
    ['other-network', route('test.x')],
    ['other-network', route('private.x')],
    ['own-address', route('g.me')],
    ['own-address', route('g.me.kid')],
    ['loop', route('g.x', ['g.peer', 'g.me', 'g.x'])],
    [
      'path-too-long',
      route(
        'g.x',
        Array.from({ length: 33 }, (_, i) => `g.n${i}`),
      ),
    ],
    ['invalid-path', route('g.x', ['g.peer', 'unknown'])],
    ['invalid-path', route('g.x', ['g.peer', 'g.a b'])],
    ['invalid-path', route('g.x', [''])],
    ['not-accepted', route('g.forbidden.x')],
    ['not-owner', route('g.bank.x')],
    ['not-authentic', route('g.signed')],
  ])('keeps out by the rule %s, and says so', (rule, bad) => {
    const router = routerWith(
      { a: { relation: 'peer', refuse: [prefix('g.forbidden')] } },
      {
        ownership: [{ prefix: prefix('g.bank'), accounts: ['bank'] }],
        knownOrigins: [{ prefix: prefix('g.signed'), secret: new Uint8Array(32) }],
      },
    );
    expect(announce(router, 'a', [bad, route('g.good')])).toBe('ok');
    expect(router.routes().map((listed) => listed.prefix)).toEqual(['g.good', 'g.me']);
    expect(router.accounts()[0]).toMatchObject({
      routes: 1,
      filtered: [{ prefix: bad.prefix, rule }],
      filteredCounts: { [rule]: 1 },
    });
  });

  it('compares whole segments: test1 is not test, g.meadow is not below g.me', () => {
    const router = routerWith(PEERS, {}, 'test.me');
    announce(router, 'a', [route('test1.x'), route('test.meadow')]);
    expect(hops(router, 'test.meadow')).toEqual(['a']);
    expect(hops(router, 'test1.x')).toEqual([]);
  });

  it('lets a child announce what lies below its own address, but not a sibling', () => {
    const router = routerWith({
      kid: { relation: 'child', receiveRoutes: true, childSegment: 'kid' },
      sister: { relation: 'child', receiveRoutes: true, childSegment: 'sister' },
    });
    announce(router, 'kid', [route('g.me.kid.x'), route('g.me.sister.x'), route('g.me.kids')]);
    expect(router.accounts()[0]?.filtered.map((kept) => kept.prefix)).toEqual([
      'g.me.sister.x',
      'g.me.kids',
    ]);
    expect(hops(router, 'g.me.sister.x')).toEqual(['sister']);
  });

  it('takes of an account only what its configuration lists', () => {
    const router = routerWith({ a: { relation: 'peer', accept: [prefix('g.x'), prefix('g.y')] } });
    announce(router, 'a', [route('g.x.1'), route('g.y'), route('g.z')]);
    expect(hops(router, 'g.x.1')).toEqual(['a']);
    expect(hops(router, 'g.y')).toEqual(['a']);
    expect(hops(router, 'g.z')).toEqual([]);
  });

  it('takes of an account no longer paths, and no more routes, than its configuration says', () => {
    const router = routerWith({
      ...PEERS,
      a: { relation: 'peer', maxPathLength: 1, maxRoutes: 2 },
    });
    const long = route('g.long', ['g.peer', 'g.long']);
    for (const account of ['a', 'b']) {
      announce(router, account, [long, route('g.x'), route('g.y'), route('g.z')]);
    }
    const [a, b] = router.accounts();
    expect(a).toMatchObject({
      routes: 2,
      filtered: [
        { prefix: 'g.long', rule: 'path-too-long' },
        { prefix: 'g.z', rule: 'too-many' },
      ],
    });
    expect(b).toMatchObject({ routes: 4, filtered: [] });
  });

  it('lets the longest prefix that has owners decide', () => {
    const ownership = [
      { prefix: prefix('g.bank'), accounts: ['a'] },
      { prefix: prefix('g.bank.branch'), accounts: ['b'] },
    ];
    const router = routerWith(PEERS, { ownership });
    for (const account of ['a', 'b']) {
      announce(router, account, [route('g.bank.x'), route('g.bank.branch.x')]);
    }
    expect(hops(router, 'g.bank.x')).toEqual(['a']);
    expect(hops(router, 'g.bank.branch.x')).toEqual(['b']);
  });

  it('drops a route when the next announcement for its prefix breaks a rule', () => {
    const router = routerWith(PEERS);
    announce(router, 'a', [route('g.x')]);
    announce(router, 'a', [route('g.x', ['g.peer', 'g.me'])], 1);
    expect(hops(router, 'g.x')).toEqual([]);
    expect(router.accounts()[0]?.routes).toBe(0);
    announce(router, 'a', [route('g.x')], 2);
    expect(router.accounts()[0]?.filtered).toEqual([]);
  });

  it('holds no more routes of an account than the policy allows, and goes on updating those', () => {
    const router = routerWith(PEERS, { maxRoutesPerAccount: 2 });
    announce(
      router,
      'a',
      ['g.w', 'g.x', 'g.y', 'g.z'].map((to) => route(to)),
    );
    expect(router.accounts()[0]).toMatchObject({ routes: 2, filteredCounts: { 'too-many': 2 } });
    announce(router, 'a', [route('g.x', ['g.peer', 'g.x'])], 1);
    expect(router.routes().find((listed) => listed.prefix === 'g.x')?.candidates[0]?.path).toEqual([
      'g.peer',
      'g.x',
    ]);
    announce(router, 'b', [route('g.z')]);
    expect(hops(router, 'g.z')).toEqual(['b']);
  });

  it('holds no more text of an account than the policy allows: long prefixes and long paths', () => {
    const router = routerWith(PEERS, { maxTextPerAccount: 100, aggregate: false });
    const long = 'y'.repeat(40);
    const ways = ['g.peer', `g.${long}`];
    expect(announce(router, 'a', [route('g.x', ways), route('g.z')])).toBe('ok');
    expect(announce(router, 'a', [route(`g.${long}`), route('g.z', ways)], 1)).toBe('ok');
    expect(router.accounts()[0]).toMatchObject({
      routes: 1,
      filtered: [
        { prefix: `g.${long}`, rule: 'too-large' },
        { prefix: 'g.z', rule: 'too-large' },
      ],
    });
    expect(hops(router, 'g.z')).toEqual([]);
    // What it gives up is there for others, and does not count for another account.
    router.handlePrepare(
      'a',
      update({
        fromEpochIndex: 2,
        toEpochIndex: 3,
        withdrawnRoutes: ['g.x'],
        newRoutes: [route('g.z', ways)],
      }),
      now,
    );
    announce(router, 'b', [route('g.x', ways)]);
    expect([hops(router, 'g.x'), hops(router, 'g.z')]).toEqual([['b'], ['a']]);
  });

  it('remembers no more than the latest hundred that it did not take', () => {
    const router = routerWith(PEERS);
    const bad = Array.from({ length: 150 }, (_, i) => route(`test.x${i}`));
    announce(router, 'a', bad);
    const [listed] = router.accounts();
    expect(listed?.filtered).toHaveLength(100);
    expect(listed?.filtered.at(-1)).toEqual({ prefix: 'test.x149', rule: 'other-network' });
    expect(listed?.filteredCounts).toEqual({ 'other-network': 150 });
  });
});

describe('what is told to whom', () => {
  function full(policy: Partial<CcpPolicy> = {}): CcpRouter {
    const router = routerWith(ALL, policy);
    announce(router, 'up', [route('g.of-parent', ['g.up'])]);
    announce(router, 'peer', [route('g.of-peer', ['g.peer'])]);
    announce(router, 'kid', [route('g.of-child', ['g.kid'])]);
    return router;
  }

  it('tells a parent only what leads to children and to us (Gao-Rexford)', () => {
    expect(toldTo(full(), 'up')).toEqual(['g.me (g.me)', 'g.of-child (g.me g.kid)']);
  });

  it('tells a child everything but what it told us (split horizon)', () => {
    expect(toldTo(full(), 'kid')).toEqual([
      'g.me (g.me)',
      'g.of-parent (g.me g.up)',
      'g.of-peer (g.me g.peer)',
    ]);
  });

  it('tells a peer what peers told us, as deployed connectors do, but nothing of parents', () => {
    expect(toldTo(full(), 'other')).toEqual([
      'g.me (g.me)',
      'g.of-peer (g.me g.peer)',
      'g.of-child (g.me g.kid)',
    ]);
  });

  it('can keep that from peers too, for all accounts or for one', () => {
    const strict = ['g.me (g.me)', 'g.of-child (g.me g.kid)'];
    expect(toldTo(full({ peerTransit: false }), 'other')).toEqual(strict);
    const router = routerWith({ ...ALL, other: { relation: 'peer', peerTransit: false } });
    announce(router, 'peer', [route('g.of-peer')]);
    expect(toldTo(router, 'other')).toEqual(['g.me (g.me)']);
  });

  it('tells an account only what its configuration lists, and no longer paths than that says', () => {
    const listing = { tell: [prefix('g.me'), prefix('g.a')], withhold: [prefix('g.a.b')] };
    const router = routerWith(
      { ...ALL, other: { relation: 'peer', ...listing, maxToldPathLength: 2 } },
      { aggregate: false },
    );
    const far = route('g.a.far', ['g.kid', 'g.a.far']);
    announce(router, 'kid', [route('g.a'), route('g.a.b.c'), route('g.c'), far]);
    expect(toldTo(router, 'other')).toEqual(['g.me (g.me)', 'g.a (g.me g.peer)']);
    expect(router.route(prefix('g.a'))).toMatchObject({ keptFrom: { kid: 'split-horizon' } });
    expect(router.route(prefix('g.a.b.c'))?.keptFrom).toMatchObject({ other: 'withheld' });
    expect(router.route(prefix('g.c'))?.keptFrom).toMatchObject({ other: 'withheld' });
    expect(router.route(prefix('g.a.far'))?.keptFrom).toMatchObject({ other: 'path-too-long' });
    expect(toldTo(router, 'peer')).toHaveLength(5);
  });

  it('says of each account that is not told a route which rule decides', () => {
    const keptFrom = (to: string) => full().route(prefix(to))?.keptFrom;
    expect(keptFrom('g.of-child')).toEqual({ kid: 'split-horizon' });
    expect(keptFrom('g.of-peer')).toEqual({ peer: 'split-horizon', up: 'relation' });
    expect(keptFrom('g.of-parent')).toEqual({
      up: 'split-horizon',
      peer: 'relation',
      other: 'relation',
    });
    expect(full().route(prefix('g.unknown'))).toBeUndefined();
  });

  it('tells nobody of a default route, of children below its address, or of a link that is down', () => {
    const router = routerWith({
      up: { relation: 'parent' },
      kid: { relation: 'child', childSegment: 'kid' },
      ...PEERS,
    });
    router.addStaticRoute(prefix('g.static'), 'b', now);
    expect(toldTo(router, 'a')).toEqual(['g.me (g.me)', 'g.static (g.me)']);
    router.handleDisconnected('b', now);
    expect(toldTo(router, 'a', now + 1_000)).toEqual(['g.me (g.me)']);
    expect(
      Object.fromEntries(router.routes().map((listed) => [listed.prefix, listed.keptBack])),
    ).toEqual({
      '': 'whole-network',
      'g.me': undefined,
      'g.me.kid': 'below-own-address',
      'g.static': 'link-down',
    });
  });

  it('hashes the authenticator at each hop, so that the origin can be checked by its secret', () => {
    const router = routerWith(PEERS);
    router.handlePrepare('a', control(), now);
    const [told] = sentTo(router, 'a').updates[0]?.newRoutes ?? [];
    const secret = new Uint8Array(32).fill(7);
    expect(told && isAuthentic(told, secret)).toBe(true);
    expect(told && isAuthentic({ ...told, path: [] }, secret)).toBe(false);
    expect(told && isAuthentic(told, new Uint8Array(32).fill(8))).toBe(false);
  });

  it('takes a route with a known origin only if its path is as long as it says', () => {
    const world = new World();
    const secret = new Uint8Array(32).fill('o'.charCodeAt(0));
    world.add('o');
    world.add('m');
    world.add('z', { policy: { knownOrigins: [{ prefix: prefix('g.o'), secret }] } });
    world.peers('o', 'm');
    world.peers('m', 'z');
    world.run(1_000);
    expect(world.trace('z', 'g.o')).toEqual(['z', 'm', 'o']);
  });
});

describe('aggregation (DRAGON)', () => {
  const general = route('g.big', ['g.peer']);
  const specific = route('g.big.small', ['g.peer', 'g.small']);

  it.each([
    ['the general route first', ['general', 'specific']],
    ['the specific route first', ['specific', 'general']],
  ])('keeps a longer prefix back that adds nothing, %s', (_, order) => {
    const router = routerWith(ALL);
    for (const [epoch, which] of order.entries()) {
      announce(router, 'peer', [which === 'general' ? general : specific], epoch);
    }
    expect(toldTo(router, 'other')).toEqual(['g.me (g.me)', 'g.big (g.me g.peer)']);
    expect(hops(router, 'g.big.small')).toEqual(['peer']);
    expect(router.routes().find((listed) => listed.prefix === 'g.big.small')).toMatchObject({
      keptBack: 'aggregated',
      toldTo: [],
    });
  });

  it('tells the longer prefix when the shorter one goes', () => {
    const router = routerWith(ALL);
    announce(router, 'peer', [general, specific]);
    router.handlePrepare(
      'peer',
      update({ fromEpochIndex: 1, toEpochIndex: 2, withdrawnRoutes: ['g.big'] }),
      now,
    );
    expect(toldTo(router, 'other')).toEqual(['g.me (g.me)', 'g.big.small (g.me g.peer g.small)']);
  });

  it('tells a longer prefix of a better class, and what lies below it no more', () => {
    const router = routerWith(ALL);
    announce(router, 'peer', [general, route('g.big.small.tiny')]);
    announce(router, 'kid', [route('g.big.small', ['g.kid'])]);
    expect(toldTo(router, 'other')).toEqual([
      'g.me (g.me)',
      'g.big (g.me g.peer)',
      'g.big.small (g.me g.kid)',
    ]);
  });

  it('can be switched off', () => {
    const router = routerWith(ALL, { aggregate: false });
    announce(router, 'peer', [general, specific]);
    expect(toldTo(router, 'other')).toHaveLength(3);
  });
});

describe('sending updates', () => {
  it('sends nothing before it is asked, and nothing after it is asked to stop', () => {
    const router = routerWith(PEERS);
    expect(sentTo(router, 'a').updates).toEqual([]);
    router.handlePrepare('a', control(), now);
    const { updates, ids } = sentTo(router, 'a');
    expect(updates).toHaveLength(1);
    router.handleReply(ids[0] as number, undefined, now);
    router.handlePrepare('a', control({ mode: 'idle' }), now);
    expect(sentTo(router, 'a', now + 600_000).updates).toEqual([]);
  });

  it('is asked already while it has no address, as by a parent that has yet to give it one, and sends then', () => {
    const router = new CcpRouter({
      routingSecret: new Uint8Array(32),
      randomBytes: seededBytes(seeded(1)),
    });
    router.addAccount('up', { relation: 'parent' }, now);
    router.handleConnected('up', now);
    expect(outcome(router.handlePrepare('up', control(), now))).toBe('ok');
    expect([router.poll(now), router.deadline()]).toEqual([undefined, undefined]);
    router.setAddress(address('g.up.me'), now + 100);
    expect(sentTo(router, 'up', now + 100).updates).toMatchObject([
      { speaker: 'g.up.me', newRoutes: [{ prefix: 'g.up.me', path: ['g.up.me'] }] },
    ]);
  });

  it('sends one update in each interval to who asks all the time, however much there is to tell', () => {
    const router = routerWith(PEERS, { aggregate: false });
    announce(
      router,
      'b',
      Array.from({ length: 200 }, (_, i) => route(`g.x${i}`)),
    );
    let updates = 0;
    for (let at = now; at < now + 1_500; at += 1) {
      router.handlePrepare('a', control(), at);
      updates += sentTo(router, 'a', at).updates.length;
    }
    expect(updates).toBe(10);
  });

  it('goes on where the peer is, or at 0 where it has another table', () => {
    const world = new World();
    world.add('a');
    world.add('b');
    world.peers('a', 'b');
    world.run(1_000);
    const { routingTableId, epoch } = world.node('b').accounts()[0]?.receiver ?? {};
    expect(epoch).toBe(2);
    const a = world.node('a');
    a.handlePrepare(
      'b',
      control({ lastKnownRoutingTableId: routingTableId ?? '', lastKnownEpoch: 1 }),
      world.now,
    );
    expect(sentTo(a, 'b', world.now + 150).updates[0]).toMatchObject({
      fromEpochIndex: 1,
      toEpochIndex: 2,
      newRoutes: [],
      // Its own route, which it was never told by us.
      withdrawnRoutes: [],
    });
    a.handlePrepare(
      'b',
      control({ lastKnownRoutingTableId: OTHER_TABLE, lastKnownEpoch: 1 }),
      world.now,
    );
    expect(sentTo(a, 'b', world.now + 300).updates[0]).toMatchObject({
      fromEpochIndex: 0,
      toEpochIndex: 2,
    });
  });

  it('gives a peer that claims to know the future a table of its own', () => {
    const router = routerWith(PEERS);
    const { routingTableId } = router.accounts()[0]?.sender ?? {};
    router.handlePrepare(
      'a',
      control({ lastKnownRoutingTableId: routingTableId ?? '', lastKnownEpoch: 99 }),
      now,
    );
    const [sent] = sentTo(router, 'a').updates;
    expect(sent?.fromEpochIndex).toBe(0);
    expect(sent?.routingTableId).not.toBe(routingTableId);
  });

  it('puts at most so many changes in one update, and sends the rest as soon as that is accepted', () => {
    const router = routerWith(PEERS);
    announce(
      router,
      'b',
      Array.from({ length: 120 }, (_, i) => route(`g.x${i}`)),
    );
    router.handlePrepare('a', control(), now);
    const counts: number[] = [];
    for (;;) {
      const { updates, ids } = sentTo(router, 'a');
      const [sent] = updates;
      if (sent === undefined) break;
      counts.push(sent.newRoutes.length);
      expect(sent.currentEpochIndex).toBe(121);
      router.handleReply(
        ids.at(-1) as number,
        router.handlePrepare('b', update({ fromEpochIndex: 1 }), now),
        now,
      );
    }
    expect(counts).toEqual([50, 50, 21]);
  });

  it('puts no more bytes in an update than the policy allows, whatever the paths', () => {
    const router = routerWith(PEERS, { maxUpdateBytes: 4_000, maxEpochsPerUpdate: 1_000 });
    const path = Array.from({ length: 10 }, (_, i) => `g.${'n'.repeat(60)}${i}`);
    for (let i = 0; i < 4; i++) {
      announce(
        router,
        'b',
        Array.from({ length: 10 }, (__, j) => route(`g.x${i}-${j}`, path)),
        i,
      );
    }
    router.handlePrepare('a', control(), now);
    let routes = 0;
    for (;;) {
      const [next] = [router.poll(now)].filter((request) => request?.accountId === 'a');
      if (next === undefined) break;
      const { data } = decodePrepare(next.prepare);
      if (decodePrepare(next.prepare).destination === CCP_UPDATE_DESTINATION) {
        expect(data.length).toBeLessThanOrEqual(4_000);
        expect(data.length).toBeGreaterThan(3_000 * Number(routes < 36));
        routes += decodeRouteUpdateRequest(data).newRoutes.length;
      }
      router.handleReply(
        next.id,
        router.handlePrepare('b', update({ fromEpochIndex: 1 }), now),
        now,
      );
    }
    expect(routes).toBe(41);
  });

  it('tells the others when a route is too large for any packet', () => {
    const router = routerWith(PEERS, { maxUpdateBytes: 2_048 });
    const long = Array.from({ length: 5 }, (_, i) => `g.${'n'.repeat(500)}${i}`);
    announce(router, 'b', [route('g.w'), route('g.x', long), route('g.y')]);
    router.handlePrepare('a', control({ lastKnownRoutingTableId: OTHER_TABLE }), now);
    const [sent] = sentTo(router, 'a').updates;
    expect(sent).toMatchObject({ toEpochIndex: 4, withdrawnRoutes: ['g.x'] });
    expect(sent?.newRoutes.map((told) => told.prefix)).toEqual(['g.me', 'g.w', 'g.y']);
  });

  it('sends changes at most every 150 ms, and an empty update every 30 s', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.add(name);
    world.peers('a', 'b');
    world.connect('a', { relation: 'peer' }, 'c', { relation: 'peer', receiveRoutes: false });
    world.run(1_000);
    const from = world.sent.length;
    for (let i = 0; i < 100; i++) {
      announce(world.node('a'), 'c', [route('g.flap', i % 2 === 0 ? ['g.c'] : ['g.c', 'g.d'])], i);
      world.run(10);
    }
    const updates = world.sent
      .slice(from)
      .filter(({ from: sender, to }) => sender === 'a' && to === 'b');
    expect(updates.length).toBeGreaterThan(4);
    expect(updates.length).toBeLessThanOrEqual(8);
    const last = world.sent.length;
    world.run(300_000);
    const beats = world.sent
      .slice(last)
      .filter(({ from: sender, to }) => sender === 'a' && to === 'b');
    expect(beats.length).toBeGreaterThanOrEqual(9);
    expect(beats.length).toBeLessThanOrEqual(11);
  });

  it('sends again, later each time, what was not accepted, and isolates that from other peers', () => {
    const router = routerWith(PEERS);
    router.handlePrepare('a', control(), now);
    router.handlePrepare('b', control(), now);
    const times: number[] = [];
    for (let at = now; at < now + 100_000; at += 500) {
      for (let next = router.poll(at); next !== undefined; next = router.poll(at)) {
        const isUpdate = decodePrepare(next.prepare).destination === CCP_UPDATE_DESTINATION;
        if (next.accountId === 'a' && isUpdate) times.push((at - now) / 1000);
        router.handleReply(next.id, next.accountId === 'a' ? undefined : OK, at);
      }
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
    expect(router.accounts()[1]?.sender).toMatchObject({ failedAttempts: 0, nextEpoch: 1 });
  });

  it('does not take the reply to an older update for that to a newer one', () => {
    const router = routerWith(PEERS);
    router.handlePrepare('a', control(), now);
    const first = sentTo(router, 'a').ids[1] as number;
    router.handlePrepare('a', control(), now);
    const second = sentTo(router, 'a', now + 200).ids.at(-1) as number;
    expect(second).not.toBe(first);
    router.handleReply(first, OK, now + 201);
    expect(router.accounts()[0]?.sender?.nextEpoch).toBe(0);
    router.handleReply(second, OK, now + 202);
    expect(router.accounts()[0]?.sender?.nextEpoch).toBe(1);
  });

  it('tells a peer that has an older table of withdrawals too, one that has none only of routes', () => {
    const router = routerWith(PEERS);
    announce(router, 'a', [route('g.x')]);
    router.handlePrepare('b', control({ lastKnownRoutingTableId: OTHER_TABLE }), now);
    router.handlePrepare('a', control(), now);
    expect(sentTo(router, 'a').updates[0]).toMatchObject({ toEpochIndex: 2, withdrawnRoutes: [] });
    router.handlePrepare('a', control({ lastKnownRoutingTableId: OTHER_TABLE }), now);
    expect(sentTo(router, 'a', now + 1_000).updates[0]).toMatchObject({
      toEpochIndex: 2,
      withdrawnRoutes: ['g.x'],
    });
  });

  it('tells of a withdrawal whoever was told of the route, and nobody else', () => {
    const router = routerWith({ ...PEERS, c: { relation: 'peer' } });
    for (const id of ['a', 'b', 'c']) router.handlePrepare(id, control(), now);
    announce(router, 'c', [route('g.x')]);
    const told = sentToEach(router, now + 200);
    expect(
      told
        .get('a')
        ?.updates.at(-1)
        ?.newRoutes.map(({ prefix }) => prefix),
    ).toContain('g.x');
    for (const { ids } of told.values()) ids.forEach((id) => router.handleReply(id, OK, now + 201));
    withdraw(router, 'c', ['g.x']);
    const toldAgain = sentToEach(router, now + 10_000);
    expect(toldAgain.get('a')?.updates.at(-1)?.withdrawnRoutes).toEqual(['g.x']);
    // C told it itself.
    expect(toldAgain.get('c')?.updates.at(-1)?.withdrawnRoutes).toEqual([]);
  });

  it('knows whom it told for as many accounts as a number has bits, and tells others rather too often', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `p${i}`);
    const router = routerWith(
      Object.fromEntries(ids.map((id) => [id, { relation: 'peer' } as const])),
    );
    announce(router, 'p0', [route('g.x')]);
    withdraw(router, 'p0', ['g.x']);
    for (const id of ids) router.handlePrepare(id, control(), now);
    const told = sentToEach(router, now + 200);
    const heard = ids.filter((id) => told.get(id)?.updates[0]?.withdrawnRoutes.includes('g.x'));
    expect(heard).toEqual(ids.slice(30));
  });

  it('forgets whom a removed account’s bit belonged to only in favour of telling too often', () => {
    const router = routerWith({ ...PEERS, c: { relation: 'peer' } });
    announce(router, 'c', [route('g.x')]);
    router.handlePrepare('a', control(), now);
    sentToEach(router, now + 200);
    router.removeAccount('a', now + 201);
    router.addAccount('d', { relation: 'peer' }, now + 201);
    router.handleConnected('d', now + 201);
    withdraw(router, 'c', ['g.x']);
    router.handlePrepare('d', control(), now + 202);
    const { newRoutes, withdrawnRoutes } = sentTo(router, 'd', now + 10_000).updates[0] ?? {};
    expect([newRoutes?.map(({ prefix }) => prefix), withdrawnRoutes]).toEqual([['g.me'], ['g.x']]);
  });

  it('forgets old withdrawals, and begins again with a peer that missed one', () => {
    const router = routerWith(PEERS, { maxWithdrawals: 3, aggregate: false });
    announce(
      router,
      'b',
      Array.from({ length: 6 }, (_, i) => route(`g.x${i}`)),
    );
    const { routingTableId } = router.accounts()[0]?.sender ?? {};
    const withdrawnRoutes = Array.from({ length: 6 }, (_, i) => `g.x${i}`);
    router.handlePrepare('b', update({ fromEpochIndex: 1, toEpochIndex: 2, withdrawnRoutes }), now);
    router.handlePrepare(
      'a',
      control({ lastKnownRoutingTableId: routingTableId ?? '', lastKnownEpoch: 7 }),
      now,
    );
    const [sent] = sentTo(router, 'a').updates;
    expect(sent?.routingTableId).not.toBe(routingTableId);
    expect(sent).toMatchObject({ fromEpochIndex: 0, newRoutes: [{ prefix: 'g.me' }] });
  });
});

const OK = routerWith(PEERS).handlePrepare('a', update(), now);

describe('taking updates', () => {
  it('asks for routes when a link comes up, with nothing known', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    expect(sentTo(router, 'a').controls).toEqual([
      { mode: 'sync', lastKnownRoutingTableId: NO_TABLE, lastKnownEpoch: 0, features: [] },
    ]);
  });

  it('does not ask, and takes nothing, where routes are not wanted', () => {
    const router = routerWith({ kid: { relation: 'child' } });
    expect(sentTo(router, 'kid').controls).toEqual([]);
    expect(announce(router, 'kid', [route('g.x')])).toBe('F00');
    expect(outcome(router.handlePrepare('kid', control(), now))).toBe('F00');
  });

  it('asks again at once when an epoch is missing, then with growing pauses', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    const [id] = sentTo(router, 'a').ids;
    router.handleReply(id as number, OK, now);
    announce(router, 'a', [route('g.x')]);
    const gap = update({ fromEpochIndex: 5, toEpochIndex: 6 });
    const asked: number[] = [];
    for (let at = now; at < now + 20_000; at += 500) {
      expect(outcome(router.handlePrepare('a', gap, at))).toBe('F00');
      for (let next = router.poll(at); next !== undefined; next = router.poll(at)) {
        expect(decodeRouteControlRequest(decodePrepare(next.prepare).data)).toMatchObject({
          lastKnownRoutingTableId: TABLE,
          lastKnownEpoch: 1,
        });
        asked.push((at - now) / 1000);
        router.handleReply(next.id, OK, at);
      }
    }
    expect(asked).toEqual([0, 1, 3, 7, 15]);
    expect(hops(router, 'g.x')).toEqual(['a']);
  });

  it('does not ask a second time for a gap while a request is under way', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    const [id] = sentTo(router, 'a').ids;
    const gap = update({ fromEpochIndex: 5, toEpochIndex: 6 });
    router.handlePrepare('a', gap, now + 4_000);
    expect(sentTo(router, 'a', now + 4_000).controls).toEqual([]);
    router.handleReply(id as number, OK, now + 4_000);
    router.handlePrepare('a', gap, now + 4_000);
    expect(sentTo(router, 'a', now + 4_000).controls).toHaveLength(1);
  });

  it('asks again when a request is refused or not answered', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    const [refused] = sentTo(router, 'a').ids;
    router.handleReply(refused as number, router.handlePrepare('nobody', update(), now), now);
    expect(router.deadline()).toBe(now + 1_000);
    expect(sentTo(router, 'a', now + 1_000).controls).toHaveLength(1);
    expect(router.deadline()).toBe(now + 6_000);
    expect(sentTo(router, 'a', now + 6_000).controls).toHaveLength(0);
    expect(sentTo(router, 'a', now + 8_000).controls).toHaveLength(1);
  });

  it('passes over what is older than what it has, and applies what overlaps', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    announce(router, 'a', [route('g.x')]);
    announce(router, 'a', [route('g.y')], 1);
    expect(
      outcome(router.handlePrepare('a', update({ withdrawnRoutes: ['g.x', 'g.y'] }), now)),
    ).toBe('ok');
    expect(hops(router, 'g.x')).toEqual(['a']);
    router.handlePrepare('a', update({ toEpochIndex: 3, withdrawnRoutes: ['g.x'] }), now);
    expect(hops(router, 'g.x')).toEqual([]);
    expect(router.accounts()[0]?.receiver?.epoch).toBe(3);
  });

  it('keeps the routes of a table until the next one is complete, then drops what that has not', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    announce(router, 'a', [route('g.x'), route('g.y')]);
    const half = update({
      routingTableId: OTHER_TABLE,
      currentEpochIndex: 2,
      newRoutes: [route('g.x')],
    });
    router.handlePrepare('a', half, now);
    expect([hops(router, 'g.x'), hops(router, 'g.y')]).toEqual([['a'], ['a']]);
    router.handlePrepare(
      'a',
      update({
        routingTableId: OTHER_TABLE,
        fromEpochIndex: 1,
        toEpochIndex: 2,
        newRoutes: [route('g.z')],
      }),
      now,
    );
    expect([hops(router, 'g.x'), hops(router, 'g.y'), hops(router, 'g.z')]).toEqual([
      ['a'],
      [],
      ['a'],
    ]);
  });

  it.each([
    ['45 s where the peer says less', 30_000, 45_000],
    ['what the peer says where that is more', 60_000, 60_000],
  ])('drops routes when nothing is heard for %s (ruling 21), and asks', (_, said, held) => {
    const router = routerWith({ a: { relation: 'peer' } });
    sentTo(router, 'a');
    router.handlePrepare('a', update({ newRoutes: [route('g.x')], holdDownTimeMs: said }), now);
    sentTo(router, 'a', now + held - 1);
    expect(hops(router, 'g.x')).toEqual(['a']);
    sentTo(router, 'a', now + held);
    expect(hops(router, 'g.x')).toEqual([]);
    expect(sentTo(router, 'a', now + held + 1_000).controls[0]).toMatchObject({
      lastKnownRoutingTableId: NO_TABLE,
    });
  });

  it('is renewed by an empty update, but not by one that is passed over', () => {
    const router = routerWith({ a: { relation: 'peer' } });
    announce(router, 'a', [route('g.x')]);
    const beat = update({ fromEpochIndex: 1, toEpochIndex: 1 });
    router.handlePrepare('a', beat, now + 40_000);
    expect(router.accounts()[0]?.receiver?.expiresAt).toBe(now + 85_000);
    router.handlePrepare('a', update({ toEpochIndex: 0, currentEpochIndex: 1 }), now + 50_000);
    expect(router.accounts()[0]?.receiver?.expiresAt).toBe(now + 85_000);
  });

  it.each<[string, Uint8Array | ((router: CcpRouter) => Uint8Array), string]>([
    ['bytes that are no Prepare', new Uint8Array(3), 'F00'],
    [
      'another destination',
      encodeCcpPrepare(address('peer.route.other'), new Uint8Array(0), now + 1),
      'F01',
    ],
    [
      'an expired request',
      encodeCcpPrepare(CCP_UPDATE_DESTINATION, new Uint8Array(0), now - 60_000),
      'R02',
    ],
    [
      'an update that is cut off',
      encodeCcpPrepare(CCP_UPDATE_DESTINATION, new Uint8Array(20), now),
      'F00',
    ],
  ])('answers %s with a Reject', (_, bytes, code) => {
    expect(outcome(routerWith(PEERS).handlePrepare('a', bytes as Uint8Array, now))).toBe(code);
  });

  it('answers T00 while the link counts as down, since nothing would end what is taken then', () => {
    const router = routerWith(PEERS);
    router.handleDisconnected('a', now);
    expect(announce(router, 'a', [route('g.x')])).toBe('T00');
    expect(hops(router, 'g.x')).toEqual([]);
  });

  it('answers another condition with F01, an unknown account with F00, and updates with T00 while it has no address', () => {
    const router = routerWith(PEERS);
    const forged = update();
    forged.set([0], Buffer.from(forged).indexOf(Buffer.from('66687aad', 'hex')));
    expect(outcome(router.handlePrepare('a', forged, now))).toBe('F01');
    expect(outcome(router.handlePrepare('stranger', update(), now))).toBe('F00');
    router.setAddress(undefined, now);
    expect(outcome(router.handlePrepare('a', update(), now))).toBe('T00');
    expect(router.poll(now + 100_000)).toBeUndefined();
  });
});

describe('two and more nodes', () => {
  it('learn each other’s routes, and lose them with the link', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.add(name);
    world.peers('a', 'b');
    world.peers('b', 'c');
    world.run(1_000);
    expect(world.trace('a', 'g.c.x')).toEqual(['a', 'b', 'c']);
    expect(tableOf(world.node('a'))).toEqual(['g.a >  ()', 'g.b > b (g.b)', 'g.c > b (g.b g.c)']);
    world.setUp('b', 'c', false);
    world.run(1_000);
    expect(world.trace('a', 'g.c.x')).toEqual(['a', '?']);
    world.setUp('b', 'c', true);
    world.run(1_000);
    expect(world.trace('a', 'g.c.x')).toEqual(['a', 'b', 'c']);
  });

  it('keep their routes for an hour over heartbeats of 30 s with jitter, where some are lost (ruling 21)', () => {
    const world = new World(7);
    world.add('a');
    world.add('b');
    world.peers('a', 'b');
    world.run(1_000);
    const { version } = world.node('b');
    world.weather = { loss: 0.05, duplication: 0.05, maxDelayMs: 2_000 };
    world.run(3_600_000);
    expect(world.node('b').version).toBe(version);
    expect(world.trace('b', 'g.a')).toEqual(['b', 'a']);
  });

  it('follow a node that gets another address', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.add(name);
    world.peers('a', 'b');
    world.peers('b', 'c');
    world.run(1_000);
    world.node('c').setAddress(address('g.moved'), world.now);
    world.run(1_000);
    expect(world.trace('a', 'g.moved.x')).toEqual(['a', 'b', 'c']);
    expect(world.trace('a', 'g.c')).toEqual(['a', '?']);
    world.node('b').setAddress(address('g.middle'), world.now);
    world.run(1_000);
    expect(tableOf(world.node('a'))).toEqual([
      'g.a >  ()',
      'g.middle > b (g.middle)',
      'g.moved > b (g.middle g.moved)',
    ]);
  });

  it('are asked again by a node that gets another address, for what it did not take before', () => {
    const world = new World();
    world.add('a', { address: 'g.x.y' });
    world.add('b', { address: 'g.x' });
    world.peers('a', 'b');
    world.run(1_000);
    expect(world.trace('b', 'g.x.y')).toEqual(['b']);
    world.node('b').setAddress(address('g.z'), world.now);
    world.run(1_000);
    expect(world.trace('b', 'g.x.y')).toEqual(['b', 'a']);
  });

  it('find another way around when the policy of peers allows it', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c', 'd']) world.add(name);
    world.peers('a', 'b');
    world.peers('b', 'd');
    world.peers('a', 'c');
    world.peers('c', 'd');
    world.run(1_000);
    expect(hops(world.node('a'), 'g.d')).toEqual(['b', 'c']);
    world.setUp('b', 'd', false);
    world.run(1_000);
    expect(world.trace('a', 'g.d')).toEqual(['a', 'c', 'd']);
    expect(world.trace('b', 'g.d')).toEqual(['b', 'a', 'c', 'd']);
  });

  it('start with a policy whose numbers are checked', () => {
    expect(() => routerWith({}, { heartbeatMs: 0 })).toThrow(
      'heartbeatMs is 0, allowed is 100 to 86400000',
    );
    expect(DEFAULT_CCP_POLICY.minimumHoldDownMs).toBe(45_000);
  });
});

describe('an account whose options change while it runs', () => {
  const pair = (): World => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.add(name);
    world.peers('a', 'b');
    world.peers('b', 'c');
    world.run(2_000);
    return world;
  };
  const known = (world: World, name: string): string[] =>
    world
      .node(name)
      .routes()
      .map((listed) => listed.prefix);

  it('is told anew: what is kept from it now is withdrawn, and comes back', () => {
    const world = pair();
    expect(known(world, 'a')).toEqual(['g.a', 'g.b', 'g.c']);
    world.node('b').changeAccount('a', { relation: 'peer', tell: [prefix('g.b')] }, world.now);
    world.run(2_000);
    expect(known(world, 'a')).toEqual(['g.a', 'g.b']);
    world.node('b').changeAccount('a', { relation: 'peer' }, world.now);
    world.run(2_000);
    expect(known(world, 'a')).toEqual(['g.a', 'g.b', 'g.c']);
  });

  it('is asked anew: what it may not announce any more goes', () => {
    const world = pair();
    world.node('b').changeAccount('a', { relation: 'peer', refuse: [prefix('g.a')] }, world.now);
    world.run(2_000);
    expect(known(world, 'b')).toEqual(['g.b', 'g.c']);
    expect(known(world, 'c')).toEqual(['g.b', 'g.c']);
  });

  it('begins and ends to exchange routes, and has other static ones', () => {
    const world = pair();
    const silent = { relation: 'peer', sendRoutes: false, receiveRoutes: false } as const;
    const router = world.node('b');
    router.changeAccount('a', { ...silent, staticRoutes: [prefix('g.s')] }, world.now);
    world.run(1_000);
    expect(known(world, 'b')).toEqual(['g.b', 'g.c', 'g.s']);
    expect(router.accounts()[0]).toMatchObject({ sender: undefined, receiver: undefined });
    router.changeAccount('a', { relation: 'peer' }, world.now);
    world.run(60_000);
    expect(known(world, 'b')).toEqual(['g.a', 'g.b', 'g.c']);
    expect(known(world, 'a')).toEqual(['g.a', 'g.b', 'g.c']);
    expect(() => router.changeAccount('x', { relation: 'peer' }, world.now)).toThrow(
      'no account "x"',
    );
  });
});

describe('the table, in pages', () => {
  it('has every prefix once, in their order, whatever the size of a page', () => {
    const router = routerWith(PEERS);
    const names = Array.from({ length: 30 }, (_, i) => `g.${(i * 7) % 30}.x`);
    announce(
      router,
      'a',
      names.slice(0, 20).map((name) => route(name)),
    );
    announce(
      router,
      'b',
      names.slice(20).map((name) => route(name)),
    );
    const all = router.routes().map((listed) => listed.prefix);
    expect(all).toEqual([...names, 'g.me'].sort());
    for (const limit of [1, 2, 7, 31, 100]) {
      const found: string[] = [];
      for (let after: string | undefined; ;) {
        const { routes, total } = router.page({ limit, ...(after !== undefined && { after }) });
        expect(total).toBe(31);
        expect(routes.length).toBeLessThanOrEqual(limit);
        after = routes.at(-1)?.prefix;
        if (after === undefined) break;
        found.push(...routes.map((listed) => listed.prefix));
      }
      expect(found).toEqual(all);
    }
    const ofB = router.page({ accountId: 'b', startingWith: 'g.2', limit: 2 });
    const expected = names
      .slice(20)
      .filter((name) => name.startsWith('g.2'))
      .sort();
    expect(ofB.total).toBe(expected.length);
    expect(ofB.routes.map((listed) => listed.prefix)).toEqual(expected.slice(0, 2));
  });
});
