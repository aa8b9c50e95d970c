import { z } from 'zod';
import { assetSchema } from '../schema/account.js';

/** What is named in the OpenAPI document. */
export const components: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

/** A whole number of units; text, since a JSON number is a float. */
const amount = z.string().regex(/^-?[0-9]+$/);
const count = z.int().min(0);
const moment = z.int().describe('Milliseconds since 1970.');
const id = z.string().describe('The id of an account.');
const ratio = z
  .strictObject({ numerator: amount, denominator: amount })
  .describe('An exact fraction.');

const rateLimit = <Limit extends z.ZodType>(limit: Limit) =>
  z.strictObject({ limit, periodMs: count.optional() }).optional();

const limits = component(
  'Limits',
  z.strictObject({
    maxPacketAmount: amount.optional(),
    maxOutgoingPacketAmount: amount.optional(),
    maximumBalance: amount.optional(),
    minimumBalance: amount.optional(),
    packets: rateLimit(count),
    incomingThroughput: rateLimit(amount),
    outgoingThroughput: rateLimit(amount),
  }),
);

const direction = component(
  'Direction',
  z.strictObject({
    fulfilled: count.describe('Packets.'),
    fulfilledAmount: amount,
    rejectedAmount: amount,
    rejected: z.record(z.string(), count).describe('Packets by ILP error code.'),
  }),
);

const account = component(
  'Account',
  z.strictObject({
    id,
    relation: z.enum(['parent', 'peer', 'child']),
    asset: assetSchema.optional().describe('Missing until a parent tells.'),
    problem: z
      .enum(['ASSET_UNKNOWN', 'ASSET_MISMATCH'])
      .optional()
      .describe('Why it carries no money.'),
    address: z.string().optional().describe("A child's ILP address."),
    connected: z.boolean(),
    limits,
    settles: z.boolean().describe('Whether a settlement engine is configured.'),
    inFlight: count.describe('Packets from it without a reply.'),
    incoming: direction,
    outgoing: direction,
  }),
);

const balance = component(
  'Balance',
  z.strictObject({
    account: id,
    asset: assetSchema,
    receivable: amount.describe('What the peer owes.'),
    payable: amount.describe('What this node owes.'),
    heldIncoming: amount.describe('Of packets from the peer under way.'),
    heldOutgoing: amount.describe('Of packets to the peer under way.'),
    clearedIncoming: amount,
    clearedOutgoing: amount,
    settledIncoming: amount,
    settledOutgoing: amount,
    net: amount.describe('receivable - payable.'),
  }),
);

const candidate = z.strictObject({
  accountId: id.optional(),
  source: z.enum(['static', 'local', 'parent', 'peer', 'child']),
  path: z.array(z.string()),
  auth: z.string(),
  isUp: z.boolean(),
});

const route = component(
  'Route',
  z.strictObject({
    prefix: z.string().describe('Empty for the default route.'),
    nextHop: id.optional().describe('Missing where packets end at this node.'),
    alternatives: z.array(id),
    path: z.array(z.string()),
    why: z.string().describe('Why this way is the best.'),
    candidates: z.array(candidate).describe('Every way that is known, the best first.'),
    toldTo: z.array(id),
    keptFrom: z
      .record(id, z.string())
      .describe('Accounts that are not told it although others are, and the rule that decides.'),
    keptBack: z.string().optional().describe('The rule by which nobody is told it, if so.'),
  }),
);

const routeExchange = component(
  'RouteExchange',
  z.strictObject({
    id,
    relation: z.enum(['parent', 'peer', 'child']),
    isConnected: z.boolean(),
    childPrefix: z.string().optional(),
    routes: count.describe('Announced by the peer and taken.'),
    filtered: z
      .array(z.strictObject({ prefix: z.string(), rule: z.string() }))
      .describe('The latest that were not taken, and why.'),
    filteredCounts: z.record(z.string(), count).describe('By rule.'),
    sender: z
      .strictObject({
        mode: z.enum(['idle', 'sync']),
        routingTableId: z.string(),
        nextEpoch: count,
        currentEpoch: count,
        lastSentAt: moment.optional(),
        failedAttempts: count,
      })
      .optional()
      .describe('Missing where the peer is not told our routes.'),
    receiver: z
      .strictObject({
        routingTableId: z.string(),
        epoch: count,
        isComplete: z.boolean(),
        expiresAt: moment.optional(),
        attempts: count,
      })
      .optional()
      .describe('Missing where its routes are not wanted.'),
  }),
);

const settlement = component(
  'Settlement',
  z.strictObject({
    key: z.string().describe('The Idempotency-Key that the engine is told.'),
    account: id,
    amount,
    createdAt: moment,
  }),
);

const rate = component(
  'Rate',
  z.strictObject({
    from: z.string(),
    to: z.string(),
    available: z.boolean().describe('False where there is none or only a stale one.'),
    rate: z.string().optional().describe('A decimal, cut off after 15 significant digits.'),
    net: z.string().optional().describe('The rate less the spread, likewise.'),
    exact: ratio.optional().describe('The net rate as an exact fraction.'),
  }),
);

const packet = component(
  'Packet',
  z.strictObject({
    id: count,
    trace: z.string().describe('What every node on the path calls it in its log.'),
    from: id.optional(),
    to: id.optional(),
    destination: z.string(),
    amount,
    outgoingAmount: amount,
    arrivedAt: moment,
    expiresAt: moment,
  }),
);

const lateFulfillment = component(
  'LateFulfillment',
  z.strictObject({
    account: id,
    amount,
    expiredAt: moment,
    arrivedAt: moment,
    condition: z.string().describe('Hex.'),
    fulfillment: z.string().describe("Hex: the peer's proof."),
  }),
);

const lostPacket = component(
  'LostPacket',
  z.strictObject({
    account: id.describe('The account that it went out on.'),
    amount,
    expiresAt: moment,
    lostAt: moment.describe('When its link gave up.'),
    condition: z.string().describe('Hex: names the packet on both sides.'),
  }),
);

const use = component(
  'LimitsInUse',
  z.strictObject({
    account: id,
    limits,
    owed: amount
      .optional()
      .describe('What maximumBalance bounds: net and held of incoming packets.'),
    owing: amount
      .optional()
      .describe('What minimumBalance bounds: net less held of outgoing packets.'),
    canReceive: amount
      .optional()
      .describe('What is left below maximumBalance; missing if unlimited.'),
    canSend: amount.optional().describe('What is left above minimumBalance; missing if unlimited.'),
  }),
);

/** Everything that the API answers with. */
export const views: Readonly<
  Record<
    | 'error'
    | 'health'
    | 'readiness'
    | 'status'
    | 'account'
    | 'accounts'
    | 'balance'
    | 'balances'
    | 'limits'
    | 'routes'
    | 'routeLookup'
    | 'routeExchanges'
    | 'rates'
    | 'settlement'
    | 'settlements'
    | 'packets'
    | 'lateFulfillments'
    | 'lostPackets'
    | 'document',
    z.ZodType
  >
> = {
  error: component(
    'Error',
    z.strictObject({
      error: z.strictObject({
        code: z.string().describe('Stable, for programs.'),
        message: z.string(),
      }),
    }),
  ),
  health: component('Health', z.strictObject({ ok: z.boolean() })),
  readiness: component(
    'Readiness',
    z.strictObject({
      ready: z.boolean(),
      running: z.boolean().describe('Packets are taken.'),
      addressed: z.boolean().describe('The node has an ILP address.'),
      store: z.boolean().describe('The store of balances answers.'),
    }),
  ),
  status: component(
    'Status',
    z.strictObject({
      address: z.string().nullable(),
      network: z.enum(['live', 'test']).nullable(),
      running: z.boolean(),
      accounts: count,
      packetsInFlight: count,
      version: z.string().optional(),
    }),
  ),
  account,
  accounts: component('Accounts', z.strictObject({ accounts: z.array(account) })),
  balance,
  balances: component('Balances', z.strictObject({ balances: z.array(balance) })),
  limits: component('AllLimits', z.strictObject({ limits: z.array(use) })),
  routes: component(
    'Routes',
    z.strictObject({
      routes: z.array(route),
      total: count.describe('Prefixes that the filter leaves, on all pages.'),
      next: z.string().optional().describe('`after` of the next page; missing on the last.'),
    }),
  ),
  routeLookup: component(
    'RouteLookup',
    z.strictObject({
      destination: z.string(),
      nextHops: z.array(id.nullable()).describe('The best first; null is this node itself.'),
      prefix: z.string().optional().describe('What decides; missing where nothing does.'),
      why: z.string(),
    }),
  ),
  routeExchanges: component(
    'RouteExchanges',
    z.strictObject({ routeExchanges: z.array(routeExchange) }),
  ),
  rates: component('Rates', z.strictObject({ rates: z.array(rate) })),
  settlement,
  settlements: component('Settlements', z.strictObject({ settlements: z.array(settlement) })),
  packets: component(
    'Packets',
    z.strictObject({ packets: z.array(packet), total: count.describe('Packets in flight.') }),
  ),
  lateFulfillments: component(
    'LateFulfillments',
    z.strictObject({ lateFulfillments: z.array(lateFulfillment) }),
  ),
  lostPackets: component('LostPackets', z.strictObject({ lostPackets: z.array(lostPacket) })),
  document: component('OpenApiDocument', z.looseObject({ openapi: z.string() })),
};
