import { completePolicy, type CcpPolicy } from '@pennyswitch/ccp-routing';
import { isIlpAddressPrefix, parseIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { z } from 'zod';
import type { AccountRoutingSettings } from '../account/routing-settings.js';

/** A text that is an ILP address prefix; the empty one is that of all addresses. */
export const prefixSchema: z.ZodType<string, string> = z
  .string()
  .refine(isIlpAddressPrefix, 'expected an ILP address prefix, or "" for the default route');

const prefixes = z.array(prefixSchema);

/** Which routes are exchanged over an account. */
export const accountRoutingSchema: z.ZodType<AccountRoutingSettings> = z
  .strictObject({
    accept: prefixes
      .describe('What the peer may announce, and below; default all.')
      .exactOptional(),
    refuse: prefixes.describe('What it may not, although accept has it.').exactOptional(),
    maxPathLength: z
      .int()
      .min(1)
      .describe('The longest path that is taken from it.')
      .exactOptional(),
    maxRoutes: z.int().min(0).describe('The most of its routes that are held.').exactOptional(),
    tell: prefixes.describe('What the peer is told, and below; default all.').exactOptional(),
    withhold: prefixes.describe('What it is not told, although tell has it.').exactOptional(),
    maxToldPathLength: z
      .int()
      .min(1)
      .describe('The longest path that it is told, this node included.')
      .exactOptional(),
    peerTransit: z
      .boolean()
      .describe('Whether this peer is told routes of other peers.')
      .exactOptional(),
  })
  .describe('Which routes are taken from the peer and told to it.');

const milliseconds = z.int().min(0).exactOptional();
const amount = z.int().min(0).exactOptional();

/** Numbers and rules of routing, where they differ from the defaults. */
export const routingPolicySchema: z.ZodType<Partial<CcpPolicy>> = z
  .strictObject({
    heartbeatMs: milliseconds,
    minimumUpdateIntervalMs: milliseconds,
    holdDownMs: milliseconds,
    minimumHoldDownMs: milliseconds,
    replyTimeoutMs: milliseconds,
    retryMinMs: milliseconds,
    retryMaxMs: milliseconds,
    maxEpochsPerUpdate: amount,
    maxUpdateBytes: amount,
    maxRoutesPerAccount: amount,
    maxTextPerAccount: amount,
    maxPathLength: amount,
    maxWithdrawals: amount,
    peerTransit: z
      .boolean()
      .describe('Whether peers are told the routes of other peers; default yes.')
      .exactOptional(),
    aggregate: z
      .boolean()
      .describe('Whether longer prefixes that add nothing are kept back; default yes.')
      .exactOptional(),
    ownership: z
      .array(z.strictObject({ prefix: prefixSchema, accounts: z.array(z.string()) }))
      .describe('Prefixes, and what lies below, that only these accounts may announce.')
      .transform((rules) =>
        rules.map(({ prefix, accounts }) => ({ prefix: parseIlpAddressPrefix(prefix), accounts })),
      )
      .exactOptional(),
    knownOrigins: z
      .array(
        z.strictObject({
          prefix: prefixSchema,
          secret: z
            .base64()
            .describe("The origin's routing secret in base64: its routes are checked with it."),
        }),
      )
      .transform((origins) =>
        origins.map(({ prefix, secret }) => ({
          prefix: parseIlpAddressPrefix(prefix),
          secret: Uint8Array.from(atob(secret), (character) => character.charCodeAt(0)),
        })),
      )
      .exactOptional(),
  })
  .superRefine((policy, context) => {
    try {
      completePolicy(policy);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  })
  .describe('Numbers and rules of routing, where they differ from the defaults.');
