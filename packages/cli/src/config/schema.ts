/**
 * What a configuration file of `pennyswitch node` may say. Unknown keys are refused: a misspelt limit must not silently be
 * no limit.
 */
import { isIlpAddress, isIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { z } from 'zod';

const host = z.string().min(1).default('127.0.0.1');
const PORT = 'expected a port from 0 to 65535';
const port = z.number({ error: PORT }).int(PORT).min(0, PORT).max(65_535, PORT);

const UNITS = 'expected a whole number of units, for example "1000000"';

const secret = z.string().min(16, 'expected a secret of at least 16 characters');

/** A whole number of units, as a string or, where it is exact, a number. */
const units = z
  .union([z.string(), z.number()], { error: UNITS })
  .refine((value) => /^-?[0-9]{1,30}$/.test(String(value)), UNITS)
  .transform((value) => BigInt(value));

const positiveUnits = units.refine((value) => value > 0n, 'expected a number above 0');

/** Kept as text: a number of YAML or JSON is a float, and a rate must be exact. */
const decimal = z
  .string({ error: 'expected a decimal in quotes, for example "0.92"' })
  .regex(/^[0-9]+(\.[0-9]+)?$/, 'expected a decimal in quotes, for example "0.92"');

const asset = z.strictObject({
  code: z.string().min(1).max(255),
  scale: z.number().int().min(0).max(255),
});

const listener = z.strictObject({ host, port });

const httpListener = listener.extend({ token: secret });

/** The peer connects to us and proves itself by the token, or we connect to it. */
const link = z.union(
  [
    z.strictObject({ type: z.literal('btp'), listen: z.literal(true), token: secret }),
    z.strictObject({
      type: z.literal('btp'),
      url: z
        .string()
        .regex(/^btp\+wss?:\/\//, 'expected a URL that starts with btp+wss:// or btp+ws://'),
      username: z.string().optional(),
      token: z.string().optional(),
    }),
  ],
  { error: 'expected { type: btp, listen: true, token } or { type: btp, url, token }' },
);

const perPeriod = <T extends z.ZodType>(limit: T) =>
  z.strictObject({ limit, periodMs: z.number().int().positive().optional() }).optional();

const limits = z.strictObject({
  maxPacketAmount: positiveUnits.optional(),
  maxOutgoingPacketAmount: positiveUnits.optional(),
  maximumBalance: units.optional(),
  minimumBalance: units.optional(),
  packets: perPeriod(z.number().int().positive()),
  incomingThroughput: perPeriod(positiveUnits),
  outgoingThroughput: perPeriod(positiveUnits),
});

const settlement = z.strictObject({
  engine: z.url({ error: 'expected the URL of a settlement engine' }),
  /** Sent to the engine as a bearer token; RFC 0038 itself has none. */
  engineToken: z.string().optional(),
  threshold: units.optional(),
  settleTo: units.optional(),
  scale: z.number().int().min(0).max(255).optional(),
});

const prefix = z
  .string()
  .refine(isIlpAddressPrefix, 'expected an ILP address prefix, or "" for the default route');

const account = z.strictObject({
  relation: z.enum(['parent', 'peer', 'child']),
  asset: asset.optional(),
  link,
  segment: z.string().optional(),
  limits: limits.optional(),
  settlement: settlement.optional(),
  sendRoutes: z.boolean().optional(),
  receiveRoutes: z.boolean().optional(),
  staticRoutes: z.array(prefix).optional(),
});

export const nodeConfigSchema = z.strictObject({
  /** Missing for a node that gets it from its parent (ILDCP). */
  address: z.string().refine(isIlpAddress, 'expected an ILP address such as g.example').optional(),
  network: z.enum(['live', 'test']).optional(),
  /** Where peers and children connect. */
  btp: listener.optional(),
  /** The operator's HTTP API. */
  admin: httpListener.optional(),
  /** The accounting system's HTTP API for settlement engines (RFC 0038). */
  settlementApi: httpListener.optional(),
  rates: z
    .strictObject({
      pairs: z.record(z.string().regex(/^[^/]+\/[^/]+$/), decimal).optional(),
      prices: z.record(z.string(), decimal).optional(),
    })
    .optional(),
  spread: decimal.optional(),
  routing: z
    .strictObject({
      secret: z
        .base64()
        .refine((text) => Buffer.from(text, 'base64').length === 32, 'expected 32 bytes in base64'),
    })
    .optional(),
  forwarding: z
    .strictObject({
      minMessageWindowMs: z.number().int().min(0).optional(),
      maxHoldTimeMs: z.number().int().positive().optional(),
      maxPacketsInFlight: z.number().int().positive().optional(),
    })
    .optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Whether a port that is taken ends the start, instead of another port being taken. */
  strictPorts: z.boolean().default(false),
  accounts: z.record(
    z.string().regex(/^[A-Za-z0-9_~-]{1,64}$/, 'expected an id of 1 to 64 of A-Z a-z 0-9 _ ~ -'),
    account,
  ),
});

export type NodeConfig = z.infer<typeof nodeConfigSchema>;
export type AccountConfig = NodeConfig['accounts'][string];

/** The wallet of `pay` and `receive`: an uplink and, where somebody wants to look inside, what a node has. */
export const walletProfileSchema = z.strictObject({
  uplink: z.strictObject({
    url: z
      .string()
      .regex(/^btp\+wss?:\/\//, 'expected a URL that starts with btp+wss:// or btp+ws://'),
    username: z.string().optional(),
    token: z.string().optional(),
    limits: limits.optional(),
    settlement: settlement.optional(),
  }),
  /** What the uplink's account is called in this wallet's own books. */
  account: z
    .string()
    .regex(/^[A-Za-z0-9_~-]{1,64}$/)
    .default('uplink'),
  admin: httpListener.optional(),
  settlementApi: httpListener.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
});

export type WalletProfile = z.infer<typeof walletProfileSchema>;
