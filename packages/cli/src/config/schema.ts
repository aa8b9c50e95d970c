/**
 * What a configuration file of `pennyswitch node` may say. Unknown keys are refused: a misspelt limit must not silently be
 * no limit.
 */
import {
  accountId,
  accountSchema,
  decimal,
  limitsSchema,
  routingPolicySchema,
  settlementSchema,
} from '@pennyswitch/connector-core/schema';
import { isIlpAddress } from '@pennyswitch/ilp-address';
import { z } from 'zod';
import { checkTogether } from './consistency.js';

const host = z.string().min(1).default('127.0.0.1').describe('Where to listen.');
const PORT = 'expected a port from 0 to 65535';
const port = z
  .number({ error: PORT })
  .int(PORT)
  .min(0, PORT)
  .max(65_535, PORT)
  .describe('0 takes any free one.');

const secret = z.string().min(16, 'expected a secret of at least 16 characters');

/** Several are valid together while one is replaced by the other. */
const secrets = z.union([secret, z.array(secret).min(1)], {
  error: 'expected a secret of at least 16 characters, or a list of such',
});

const file = z.string().min(1).describe('The path of a PEM file.');

const listener = z.strictObject({ host, port });

const serverTls = z
  .strictObject({ cert: file, key: file })
  .describe('Without it the port is plain: for tests, or behind a proxy that does TLS.');

const httpListener = listener.extend({ token: secrets });

const jwt = z
  .strictObject({
    secret: z.string().min(32, 'expected a secret of at least 32 characters'),
    subject: z.string().min(1),
    issuer: z.string().exactOptional(),
    audience: z.string().exactOptional(),
  })
  .describe('Signed tokens (JWT, HS256) instead of fixed ones.');

const btpUrl = z
  .string()
  .regex(/^btp\+wss?:\/\//, 'expected a URL that starts with btp+wss:// or btp+ws://');

const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'expected a URL that starts with https:// or http://',
});

/** How packets get to the peer of one account. */
export const linkSchema = z
  .union(
    [
      z
        .strictObject({ type: z.literal('btp'), listen: z.literal(true), token: secrets })
        .describe('BTP: the peer connects to us and shows the token.'),
      z
        .strictObject({
          type: z.literal('btp'),
          url: btpUrl,
          username: z.string().exactOptional(),
          token: z.string().exactOptional(),
          ca: file.exactOptional(),
        })
        .describe('BTP: we connect to the peer.'),
      z
        .strictObject({
          type: z.literal('http'),
          url: httpUrl.describe('Where the peer takes packets.'),
          token: z.string().min(1).describe('What we show to the peer.').exactOptional(),
          jwt: jwt.exactOptional(),
          incoming: z
            .strictObject({
              tokens: z.array(secret).min(1).exactOptional(),
              jwt: jwt.exactOptional(),
            })
            .describe('What the peer shows to us.')
            .exactOptional(),
          exchange: z
            .enum(['synchronous', 'asynchronous'])
            .describe('Where replies come: in the response, or to a callback URL (RFC 0035).')
            .exactOptional(),
          callbackUrl: httpUrl.describe('Where the peer is to send replies.').exactOptional(),
          peerCallbackUrl: httpUrl.describe('Where the peer wants our replies.').exactOptional(),
          retryRequests: z
            .boolean()
            .describe('Only for a peer that knows a repeated Request-Id, as this program does.')
            .exactOptional(),
          ca: file.exactOptional(),
        })
        .describe('ILP over HTTP (RFC 0035).'),
    ],
    {
      error:
        'expected { type: btp, listen: true, token }, { type: btp, url, token } or { type: http, url, token, incoming }',
    },
  )
  .describe('How packets get to the peer.');

const ratePairs = z
  .record(z.string().regex(/^[^/]+\/[^/]+$/), decimal)
  .describe('{ USD/EUR: "0.92" }: one USD is worth 0.92 EUR.');

const rates = z
  .union(
    [
      z.strictObject({
        pairs: ratePairs.exactOptional(),
        prices: z
          .record(z.string(), decimal)
          .describe('What one unit of each asset is worth in a common measure.')
          .exactOptional(),
      }),
      z.strictObject({
        url: httpUrl.describe('Answers with { "pairs": … } or { "prices": … }.'),
        token: z.string().min(1).describe('Sent as a bearer token.').exactOptional(),
        refreshMs: z
          .int()
          .min(1000)
          .describe('How often to ask; default a minute.')
          .exactOptional(),
        staleAfterMs: z
          .int()
          .min(1000)
          .describe('How old rates may become before packets are rejected; default five minutes.')
          .exactOptional(),
      }),
    ],
    { error: 'expected { pairs, prices } or { url, refreshMs, staleAfterMs }' },
  )
  .describe('Rates between assets; without them, packets stay within an asset.');

const redisUrl = z
  .string()
  .regex(
    /^(rediss?:\/\/|unix:(\/\/)?\/)/,
    'expected a URL that starts with redis://, rediss:// or unix:///',
  );

const redisStore = z
  .strictObject({
    type: z.literal('redis'),
    url: z
      .union([redisUrl, z.array(redisUrl).min(1, 'expected at least one URL')], {
        error: 'expected a URL that starts with redis://, rediss:// or unix:///, or a list of such',
      })
      .describe('Of the server; of each one that may be the master, where there are replicas.'),
    username: z.string().min(1).exactOptional(),
    password: z
      .string()
      .min(1)
      .describe('Here it may have any characters; in the URL some of them must be %-encoded.')
      .exactOptional(),
    prefix: z
      .string()
      .min(1)
      .describe('What all keys start with, default {pennyswitch}: one operator, one prefix.')
      .exactOptional(),
    replicas: z
      .int()
      .min(0)
      .describe('How many replicas must have a change before it counts; default 0.')
      .exactOptional(),
    timeoutMs: z
      .int()
      .positive()
      .describe('How long a packet waits for Redis before it is rejected; default 1000.')
      .exactOptional(),
    lifetimeMs: z
      .int()
      .min(100)
      .describe('After how long without a sign of life a process counts as dead; default 10000.')
      .exactOptional(),
  })
  .describe('Redis: several processes share balances and limits (docs/scaling.md).');

const store = z
  .union(
    [
      z
        .strictObject({ type: z.literal('level'), path: z.string().min(1) })
        .describe('A folder on disk; one process at a time has it open.'),
      redisStore,
      z.strictObject({ type: z.literal('memory') }).describe('Balances end with the process.'),
    ],
    { error: 'expected { type: level, path }, { type: redis, url } or { type: memory }' },
  )
  .describe(
    'Where balances live; default level, in a folder beside the configuration file: node.data for node.yaml.',
  );

const logLevel = z.enum(['debug', 'info', 'warn', 'error', 'silent']);

const whole = z.int();

const nodeSettings = z.strictObject({
  $schema: z.string().describe('For editors; not used.').exactOptional(),
  address: z
    .string()
    .refine(isIlpAddress, 'expected an ILP address such as g.example')
    .describe("This node's ILP address; without it a parent gives one (ILDCP).")
    .exactOptional(),
  network: z.enum(['live', 'test']).describe('RFC 0034: never both.').exactOptional(),
  btp: listener
    .extend({ tls: serverTls.exactOptional() })
    .describe('Where peers and children connect over BTP.')
    .exactOptional(),
  http: listener
    .extend({
      path: z.string().startsWith('/').exactOptional(),
      callbackPath: z.string().startsWith('/').exactOptional(),
      tls: serverTls.exactOptional(),
    })
    .describe('Where peers send packets over HTTP.')
    .exactOptional(),
  admin: httpListener.describe("The operator's HTTP API.").exactOptional(),
  settlementApi: httpListener
    .describe("The accounting system's HTTP API for settlement engines (RFC 0038).")
    .exactOptional(),
  store: store.exactOptional(),
  rates: rates.exactOptional(),
  spread: decimal.describe('The share that is kept of each conversion.').exactOptional(),
  spreads: z
    .record(z.string().regex(/^[^/]+\/[^/]+$/), decimal)
    .describe('Spreads of single pairs: { USD/EUR: "0.001" }.')
    .exactOptional(),
  routing: z
    .strictObject({
      secret: z
        .base64()
        .refine((text) => Buffer.from(text, 'base64').length === 32, 'expected 32 bytes in base64')
        .describe('32 bytes that authenticate announced routes; random at each start without it.')
        .exactOptional(),
      policy: routingPolicySchema.exactOptional(),
    })
    .exactOptional(),
  forwarding: z
    .strictObject({
      minMessageWindowMs: whole.min(0).exactOptional(),
      maxHoldTimeMs: whole.positive().exactOptional(),
      lateReplyMs: whole.min(0).exactOptional(),
      maxAttempts: whole.positive().exactOptional(),
      maxPacketsInFlight: whole.positive().exactOptional(),
      maxPacketsQueued: whole.positive().exactOptional(),
      maxQueueMs: whole.min(0).exactOptional(),
      reflectPackets: z.boolean().exactOptional(),
    })
    .describe('Numbers of forwarding, the same for all accounts.')
    .exactOptional(),
  drainMs: whole
    .min(0)
    .default(30_000)
    .describe('How long packets in flight are waited for when the node stops.'),
  logLevel: logLevel.default('info'),
  strictPorts: z
    .boolean()
    .default(false)
    .describe('Whether a port that is taken ends the start, instead of another port being taken.'),
  accounts: z.record(accountId, accountSchema(linkSchema)).describe('By id.'),
});

export const nodeConfigSchema = nodeSettings.superRefine(checkTogether);

export type NodeConfig = z.infer<typeof nodeSettings>;
export type AccountConfig = NodeConfig['accounts'][string];
export type LinkConfig = z.infer<typeof linkSchema>;

/** The wallet of `pay` and `receive`: an uplink and, where somebody wants to look inside, what a node has. */
export const walletProfileSchema = z.strictObject({
  uplink: z.strictObject({
    url: btpUrl,
    username: z.string().optional(),
    token: z.string().optional(),
    limits: limitsSchema.optional(),
    settlement: settlementSchema.optional(),
  }),
  /** What the uplink's account is called in this wallet's own books. */
  account: z
    .string()
    .regex(/^[A-Za-z0-9_~-]{1,64}$/)
    .default('uplink'),
  admin: httpListener.optional(),
  settlementApi: httpListener.optional(),
  logLevel: logLevel.default('warn'),
});

export type WalletProfile = z.infer<typeof walletProfileSchema>;
