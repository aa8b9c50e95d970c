/**
 * From the network as facts to what each process is told: ports, tokens, configuration files. Whatever two processes must
 * both know is made here, once.
 */
import { randomBytes } from 'node:crypto';
import { freePorts } from './free-ports.js';
import { ACCOUNTS, TERMS, type AccountPair, type NodeName } from './network.js';

const HOST = '127.0.0.1';

/** The payment pointer of the demo; every name under `localhost` is this machine (RFC 6761). */
export const POINTER = '$bob.localhost';
export const POINTER_HOST = 'bob.localhost';

/** Where the interfaces of one node are, and how to get in. */
export interface NodePlan {
  readonly name: NodeName;
  readonly ports: { readonly btp: number; readonly admin: number; readonly settlementApi: number };
  readonly adminToken: string;
  readonly settlementApiToken: string;
  readonly engineToken: string;
  /** The document that the node is started with. */
  readonly config: object;
}

/** Everything that is made up for one run. */
export interface DemoPlan {
  readonly nodes: Readonly<Record<NodeName, NodePlan>>;
  readonly settlementPort: number;
  readonly settlementConfig: object;
  readonly spspPort: number;
  /** A second child account at A, for a second terminal. */
  readonly guestUplink: string;
}

const NODES: readonly NodeName[] = ['A', 'B', 'C', 'sender', 'receiver'];
const PORTS_PER_NODE = 3;

type Secrets = Omit<NodePlan, 'config'>;

/** What one run is to differ in. */
export interface PlanOptions {
  /** Whether A has an account for a second sender. */
  readonly guest: boolean;
  /** Terms that a connector is given instead of those that the check goes by: for tests of the check. */
  readonly terms?: typeof TERMS;
  /** An account that a node is given a wrong link token for: for tests of what is said then. */
  readonly wrongToken?: { readonly node: NodeName; readonly account: string };
}

/** Makes a plan with free ports and random tokens. */
export async function makePlan(options: PlanOptions): Promise<DemoPlan> {
  const [settlementPort = 0, spspPort = 0, ...ports] = await freePorts(
    2 + NODES.length * PORTS_PER_NODE,
  );
  const secrets = Object.fromEntries(
    NODES.map((name, i) => {
      const [btp = 0, admin = 0, settlementApi = 0] = ports.slice(i * PORTS_PER_NODE);
      const tokens = { adminToken: token(), settlementApiToken: token(), engineToken: token() };
      return [name, { name, ports: { btp, admin, settlementApi }, ...tokens }];
    }),
  ) as Record<NodeName, Secrets>;
  const linkTokens = new Map(ACCOUNTS.map((pair) => [pair, token()]));
  const guestToken = options.guest ? token() : undefined;
  const context: Context = {
    secrets,
    settlementPort,
    linkTokens,
    guestToken,
    terms: options.terms ?? TERMS,
    wrongToken: options.wrongToken,
  };
  const nodes = Object.fromEntries(
    NODES.map((name) => [name, { ...secrets[name], config: configOf(name, context) }]),
  ) as unknown as DemoPlan['nodes'];
  return {
    nodes,
    settlementPort,
    settlementConfig: settlementConfigOf(context),
    spspPort,
    guestUplink: `btp+ws://:${guestToken ?? ''}@${HOST}:${secrets.A.ports.btp}`,
  };
}

interface Context {
  readonly secrets: Readonly<Record<NodeName, Secrets>>;
  readonly settlementPort: number;
  readonly linkTokens: ReadonlyMap<AccountPair, string>;
  readonly guestToken: string | undefined;
  readonly terms: typeof TERMS;
  readonly wrongToken: PlanOptions['wrongToken'];
}

function token(): string {
  return randomBytes(16).toString('hex');
}

function configOf(name: NodeName, context: Context): object {
  const { ports, adminToken, settlementApiToken } = context.secrets[name];
  const common = {
    admin: { host: HOST, port: ports.admin, token: adminToken },
    settlementApi: { host: HOST, port: ports.settlementApi, token: settlementApiToken },
    // All start at once and go on trying until the others are there: only what goes wrong for good is told.
    logLevel: 'error',
  };
  if (name === 'sender' || name === 'receiver') return { ...walletOf(name, context), ...common };
  const { rates, spread } = context.terms[name];
  return {
    ...common,
    address: `test.${name.toLowerCase()}`,
    btp: { host: HOST, port: ports.btp },
    strictPorts: true,
    // The network lives no longer than its processes.
    store: { type: 'memory' },
    rates: { pairs: rates },
    spread,
    accounts: accountsOf(name, context),
  };
}

function accountsOf(name: NodeName, context: Context): object {
  const accounts: Record<string, object> = {};
  for (const pair of ACCOUNTS) {
    for (const side of ['left', 'right'] as const) {
      if (pair[side].node === name) accounts[pair[side].account] = accountOf(pair, side, context);
    }
  }
  const [first] = ACCOUNTS;
  if (name === 'A' && context.guestToken !== undefined && first !== undefined) {
    accounts['guest'] = {
      relation: 'child',
      asset: first.asset,
      link: { type: 'btp', listen: true, token: context.guestToken },
      limits: { maximumBalance: (first.maximumBalance * 2n).toString() },
    };
  }
  return accounts;
}

/** What `left` is to `right`, or the other way round. */
function relationSeenBy(pair: AccountPair, side: 'left' | 'right'): AccountPair['relation'] {
  if (pair.relation === 'peer') return 'peer';
  const isParent = (pair.relation === 'parent') === (side === 'left');
  return isParent ? 'parent' : 'child';
}

/** A parent is connected to by its children; of two peers the right one listens. */
function listens(pair: AccountPair, side: 'left' | 'right'): boolean {
  return pair.relation === 'child' ? side === 'left' : side === 'right';
}

function accountOf(pair: AccountPair, side: 'left' | 'right', context: Context): object {
  const other = pair[side === 'left' ? 'right' : 'left'];
  const linkToken = linkTokenOf(pair, side, context);
  return {
    relation: relationSeenBy(pair, side),
    asset: pair.asset,
    link: listens(pair, side)
      ? { type: 'btp', listen: true, token: linkToken }
      : { type: 'btp', url: urlOf(other.node, context), token: linkToken },
    limits: limitsOf(pair, side),
    settlement: settlementOf(pair, side, context),
  };
}

function linkTokenOf(
  pair: AccountPair,
  side: 'left' | 'right',
  { linkTokens, wrongToken }: Context,
): string | undefined {
  const { node, account } = pair[side];
  const isWrong = wrongToken?.node === node && wrongToken.account === account;
  return isWrong ? token() : linkTokens.get(pair);
}

function urlOf(node: NodeName, { secrets }: Context): string {
  return `btp+ws://${HOST}:${secrets[node].ports.btp}`;
}

function limitsOf(pair: AccountPair, side: 'left' | 'right'): object {
  const { maxPacketAmount, maximumBalance } = pair;
  return {
    maximumBalance: maximumBalance.toString(),
    ...(maxPacketAmount === undefined || side === 'left'
      ? {}
      : { maxPacketAmount: maxPacketAmount.toString() }),
  };
}

function settlementOf(pair: AccountPair, side: 'left' | 'right', context: Context): object {
  const { node } = pair[side];
  return {
    engine: `http://${HOST}:${context.settlementPort}/${node}`,
    engineToken: context.secrets[node].engineToken,
    threshold: pair.settleThreshold.toString(),
    settleTo: '0',
  };
}

/** The profile of a wallet: its one account is the end of the path. */
function walletOf(name: 'sender' | 'receiver', context: Context): object {
  const side = name === 'sender' ? 'left' : 'right';
  const pair = ACCOUNTS.find((candidate) => candidate[side].node === name) as AccountPair;
  const parent = pair[side === 'left' ? 'right' : 'left'].node;
  return {
    account: pair[side].account,
    uplink: {
      url: urlOf(parent, context),
      token: linkTokenOf(pair, side, context),
      limits: limitsOf(pair, side),
      settlement: settlementOf(pair, side, context),
    },
  };
}

function settlementConfigOf({ secrets, settlementPort }: Context): object {
  return {
    listen: { host: HOST, port: settlementPort },
    parties: Object.fromEntries(
      NODES.map((name) => {
        const { ports, settlementApiToken, engineToken } = secrets[name];
        const accounting = `http://${HOST}:${ports.settlementApi}`;
        return [name, { accounting, accountingToken: settlementApiToken, engineToken }];
      }),
    ),
    channels: ACCOUNTS.map(({ asset, left, right }) => ({
      asset,
      ends: [left, right].map(({ node, account }) => ({ party: node, account })),
    })),
  };
}
