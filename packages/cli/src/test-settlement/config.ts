import { z } from 'zod';

const identifier = z.string().regex(/^[A-Za-z0-9._~-]+$/, 'expected letters, digits and . _ ~ -');

/**
 * What the test settlement system is told at its start. A *party* is a node with an accounting system of its own; a
 * *channel* joins the accounts that two parties hold with each other.
 */
export const testSettlementConfig = z.strictObject({
  /** Where it listens; port 0 takes a free one. */
  listen: z.strictObject({ host: z.string(), port: z.number().int().min(0).max(65_535) }),
  parties: z.record(
    identifier,
    z.strictObject({
      /** The base URL of the party's accounting system (RFC 0038 "Accounting System HTTP API"). */
      accounting: z.url(),
      /** Bearer token that the accounting system asks for. */
      accountingToken: z.string().min(1),
      /** Bearer token that this system asks of the party. */
      engineToken: z.string().min(1),
    }),
  ),
  channels: z.array(
    z.strictObject({
      asset: z.strictObject({
        code: z.string().min(1),
        scale: z.number().int().min(0).max(255),
      }),
      ends: z.tuple([
        z.strictObject({ party: identifier, account: identifier }),
        z.strictObject({ party: identifier, account: identifier }),
      ]),
    }),
  ),
});

export type TestSettlementConfig = z.infer<typeof testSettlementConfig>;
export type Channel = TestSettlementConfig['channels'][number];
