import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  configuredRates,
  netOf,
  type AccountSettings,
  type Connector,
  type ConnectorOptions,
} from '../src/index.js';
import { slowStore } from './stores.js';
import { EUR, fulfillAll, USD, World, XRP } from './fixture.js';
import { type TestLink, type TestLinkFaults } from './test-link.js';

/** The network of RFC 0033's picture: a sender's wallet, connectors A, B and C, a receiver's wallet. */
export interface Line {
  readonly world: World;
  readonly sender: Connector;
  readonly a: Connector;
  readonly b: Connector;
  readonly c: Connector;
  readonly receiver: Connector;
  readonly nodes: readonly Connector[];
  /** Both ends of each account. */
  readonly accounts: readonly (readonly [Connector, string, Connector, string])[];
  /** From the sender to the receiver. */
  readonly links: readonly TestLink[];
}

const parent: AccountSettings = { id: 'up', relation: 'parent' };

/** Nobody is told the way to the receiver, and neither wallet its address or asset. */
export async function createLine(
  options: {
    readonly spread?: string;
    readonly faults?: () => TestLinkFaults;
    readonly slowStores?: boolean;
    readonly limits?: Partial<
      Record<'sender' | 'ab' | 'bc' | 'receiver', AccountSettings['limits']>
    >;
  } = {},
): Promise<Line> {
  const world = new World();
  const { spread = '0', faults, limits = {} } = options;
  const rates = configuredRates({ pairs: { 'USD/EUR': '0.92', 'EUR/XRP': '1.7' } });
  const state = { isReady: false };
  const store = (): Pick<ConnectorOptions, 'store'> =>
    options.slowStores === true
      ? { store: slowStore(() => (state.isReady ? world.clock.sleep(3) : Promise.resolve())) }
      : {};
  const connector = (name: string): Connector =>
    world.connector({ address: parseIlpAddress(`test.${name}`), rates, spread, ...store() });
  const [a, b, c] = [connector('a'), connector('b'), connector('c')] as const;
  const [sender, receiver] = [world.connector(), world.connector()];
  const limit = (name: keyof typeof limits): Pick<AccountSettings, 'limits'> =>
    limits[name] === undefined ? {} : { limits: limits[name] };
  const links = [
    await world.join(
      sender,
      parent,
      a,
      { id: 'alice', relation: 'child', asset: USD, ...limit('sender') },
      faults,
    ),
    await world.join(
      a,
      { id: 'b', relation: 'peer', asset: EUR },
      b,
      { id: 'a', relation: 'peer', asset: EUR, ...limit('ab') },
      faults,
    ),
    await world.join(
      b,
      { id: 'c', relation: 'peer', asset: XRP },
      c,
      { id: 'b', relation: 'peer', asset: XRP, ...limit('bc') },
      faults,
    ),
    await world.join(
      receiver,
      parent,
      c,
      { id: 'bob', relation: 'child', asset: XRP, ...limit('receiver') },
      faults,
    ),
  ];
  receiver.setLocalHandler(fulfillAll);
  const nodes = [a, b, c, sender, receiver];
  for (const node of nodes) await node.start();
  state.isReady = true;
  return {
    world,
    sender,
    a,
    b,
    c,
    receiver,
    nodes,
    links,
    accounts: [
      [sender, 'up', a, 'alice'],
      [a, 'b', b, 'a'],
      [b, 'c', c, 'b'],
      [c, 'bob', receiver, 'up'],
    ],
  };
}

/** Accounts whose two ends disagree, or that hold something although nothing is under way. */
export async function findDisagreements(line: Line): Promise<string[]> {
  const found: string[] = [];
  for (const [one, id, other, otherId] of line.accounts) {
    const ours = await one.balance(id);
    const theirs = await other.balance(otherId);
    if (ours.receivable !== theirs.payable || ours.payable !== theirs.receivable) {
      found.push(`${id}/${otherId}: ${netOf(ours)} here, ${netOf(theirs)} there`);
    }
    for (const book of [ours, theirs]) {
      if (book.heldIncoming !== 0n || book.heldOutgoing !== 0n) {
        found.push(`${book.account} still holds something`);
      }
    }
  }
  return found;
}
