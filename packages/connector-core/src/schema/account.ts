import { z } from 'zod';
import type {
  AccountLimits,
  AccountSettings,
  RateLimit,
  SettlementSettings,
} from '../account/settings.js';
import type { Asset } from '../asset.js';
import { positiveUnits, units } from './numbers.js';
import { accountRoutingSchema, prefixSchema } from './routing.js';

const ID = 'expected an id of 1 to 64 of A-Z a-z 0-9 _ ~ -';

/** An account's id. */
export const accountId: z.ZodType<string, string> = z.string().regex(/^[A-Za-z0-9_~-]{1,64}$/, ID);

/** What an account counts. */
export const assetSchema: z.ZodType<Asset, Asset> = z
  .strictObject({
    code: z.string().min(1).max(255).describe('For example USD.'),
    scale: z.int().min(0).max(255).describe('Decimal places of the unit that amounts are in.'),
  })
  .describe('What the amounts of the account count.');

const packetsPerPeriod = perPeriod<number, number>(z.int().positive());
const unitsPerPeriod = perPeriod<bigint, string | number>(positiveUnits);

/** What is risked with one account, as a document says it. */
export const limitsSchema: z.ZodType<AccountLimits> = z
  .strictObject({
    maxPacketAmount: positiveUnits
      .describe('The largest packet from the peer (F08).')
      .exactOptional(),
    maxOutgoingPacketAmount: positiveUnits
      .describe('The largest packet to the peer (F08).')
      .exactOptional(),
    maximumBalance: units
      .describe(
        'The most that the peer may owe, packets under way counted (T04). 0: it pays ahead.',
      )
      .exactOptional(),
    minimumBalance: units
      .describe(
        'The least that the balance may become; -1000: at most 1000 are owed to the peer (T04).',
      )
      .exactOptional(),
    packets: packetsPerPeriod.describe('Packets from the peer per period (T05).').exactOptional(),
    incomingThroughput: unitsPerPeriod
      .describe('Money from the peer per period (T04).')
      .exactOptional(),
    outgoingThroughput: unitsPerPeriod
      .describe('Money to the peer per period (T04).')
      .exactOptional(),
  })
  .describe('What is risked with the account, in its units.');

/** How an account is settled, as a document says it: there the engine's URL is `engine`. */
export const settlementSchema: z.ZodType<SettlementSettings> = z
  .strictObject({
    engine: z
      .url({ error: 'expected the URL of a settlement engine' })
      .describe('Base URL of the settlement engine (RFC 0038).'),
    engineToken: z.string().describe('Sent to the engine as a bearer token.').exactOptional(),
    threshold: units
      .describe('Settle as soon as so much is owed; never on its own if missing.')
      .exactOptional(),
    settleTo: units.describe('Settle down to owing this much; default 0.').exactOptional(),
    intervalMs: z
      .int()
      .min(1000)
      .describe('Also settle what is owed above settleTo this often.')
      .exactOptional(),
    scale: z
      .int()
      .min(0)
      .max(255)
      .describe('The smallest unit that the settlement system moves; default that of the account.')
      .exactOptional(),
  })
  .transform(({ engine, ...rest }) => ({ engineUrl: engine, ...rest }))
  .describe('How the account is settled.');

/** What can change while an account runs. */
const changeable = {
  limits: limitsSchema.exactOptional(),
  settlement: settlementSchema.exactOptional(),
  sendRoutes: z
    .boolean()
    .describe('Tell the peer our routes; default yes but for children.')
    .exactOptional(),
  receiveRoutes: z
    .boolean()
    .describe("Take the peer's routes; default yes but for children.")
    .exactOptional(),
  staticRoutes: z
    .array(prefixSchema)
    .describe('Prefixes that lead to this account; "" is the default route.')
    .exactOptional(),
  routing: accountRoutingSchema.exactOptional(),
};

/** All settings of an account but its id and its link. */
export type AccountDocument = Omit<AccountSettings, 'id'>;

/** What may be said of an account that runs. */
export type AccountChange = Pick<
  AccountDocument,
  'limits' | 'settlement' | 'sendRoutes' | 'receiveRoutes' | 'staticRoutes' | 'routing'
>;

/**
 * An account as a configuration file gives it, under its id.
 * @param link what the document says about the link; whoever opens links knows.
 */
export function accountSchema<Link>(
  link: z.ZodType<Link>,
): z.ZodType<AccountDocument & { readonly link: Link }> {
  return retyped(accountObject(link));
}

/** An account as a request gives it, with its id. */
export function newAccountSchema<Link>(
  link: z.ZodType<Link>,
): z.ZodType<AccountSettings & { readonly link: Link }> {
  return retyped(accountObject(link).extend({ id: accountId }));
}

function accountObject(link: z.ZodType): z.ZodObject {
  return z.strictObject({
    relation: z.enum(['parent', 'peer', 'child']).describe('What the peer is to this node.'),
    asset: assetSchema.exactOptional(),
    link,
    segment: z
      .string()
      .describe("A child's segment below this node's address; default the id.")
      .exactOptional(),
    inheritAddress: z
      .boolean()
      .describe('Whether this parent gives the node its address and asset (ILDCP).')
      .exactOptional(),
    ...changeable,
  });
}

/** The compiler loses the type of the link on its way through an object. */
function retyped<T>(schema: z.ZodType): z.ZodType<T> {
  return schema as z.ZodType<T>;
}

/** What may be changed of an account that runs; each setting that is named is replaced as a whole, null takes it away. */
export const accountChangeSchema: z.ZodType<{
  readonly [Name in keyof AccountChange]: AccountChange[Name] | null;
}> = z.strictObject({
  limits: limitsSchema.nullable().exactOptional(),
  settlement: settlementSchema.nullable().exactOptional(),
  sendRoutes: z.boolean().nullable().exactOptional(),
  receiveRoutes: z.boolean().nullable().exactOptional(),
  staticRoutes: z.array(prefixSchema).nullable().exactOptional(),
  routing: accountRoutingSchema.nullable().exactOptional(),
});

function perPeriod<Quantity extends number | bigint, Written>(
  limit: z.ZodType<Quantity, Written>,
): z.ZodType<RateLimit<Quantity>> {
  return z.strictObject({
    limit,
    periodMs: z.int().positive().describe('Milliseconds, default 1000.').exactOptional(),
  });
}
