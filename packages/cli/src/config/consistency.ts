import {
  checkAccountSettings,
  configuredRates,
  ConnectorError,
  parseSpread,
  RateError,
} from '@pennyswitch/connector-core';
import type { z } from 'zod';
import { tokensOf } from '../node/tokens.js';
import type { NodeConfig } from './schema.js';

/** What is checked here of a configuration. */
export type Checked = Pick<
  NodeConfig,
  'address' | 'accounts' | 'btp' | 'http' | 'rates' | 'spread' | 'spreads'
>;

/** Says what is wrong, and with which setting. */
type Complain = (path: readonly string[], message: string) => void;

/** What a node would refuse at its start although each setting alone is right: said when the file is checked. */
export function checkTogether(config: Checked, context: z.RefinementCtx): void {
  const complain: Complain = (path, message) => {
    context.addIssue({ code: 'custom', path: [...path], message, params: { isWhole: true } });
  };
  checkRates(config, complain);
  checkAccounts(config, complain);
  checkTokens(config, complain);
}

function checkRates({ rates, spread, spreads = {} }: Checked, complain: Complain): void {
  if (rates !== undefined && !('url' in rates)) {
    for (const kind of ['pairs', 'prices'] as const) {
      for (const [name, value] of Object.entries(rates[kind] ?? {})) {
        told(['rates', kind, name], complain, () => configuredRates({ [kind]: { [name]: value } }));
      }
    }
  }
  if (spread !== undefined) told(['spread'], complain, () => parseSpread(spread));
  for (const [pair, value] of Object.entries(spreads)) {
    told(['spreads', pair], complain, () => parseSpread(value));
  }
}

function checkAccounts({ address, accounts, btp, http }: Checked, complain: Complain): void {
  let giver: string | undefined;
  const bySegment = new Map<string, string>();
  for (const [id, { link, ...account }] of Object.entries(accounts)) {
    const path = ['accounts', id];
    told(path, complain, () => {
      checkAccountSettings({ id, ...account });
    });
    const inherits =
      account.relation === 'parent' && (account.inheritAddress ?? address === undefined);
    if (inherits && giver !== undefined) {
      complain(
        path,
        `only one parent gives this node its address, and ${giver} does already (RFC 0034); set inheritAddress: false and an asset`,
      );
    }
    if (inherits) giver ??= id;
    else if (account.asset === undefined) complain([...path, 'asset'], 'it is missing');
    if (account.relation === 'child') {
      const segment = account.segment ?? id;
      const other = bySegment.get(segment);
      if (other !== undefined) complain(path, `it would have the address of ${other}`);
      bySegment.set(segment, id);
    }
    const needsPort =
      link.type === 'btp'
        ? 'listen' in link && btp === undefined
        : http === undefined && (link.incoming !== undefined || link.exchange === 'asynchronous');
    if (needsPort) {
      complain(
        [...path, 'link'],
        `the peer is to connect to us, but there is no ${link.type}: { host, port } to listen on`,
      );
    }
  }
}

/** A token says whose account a packet is on: two accounts with one token would be one. */
function checkTokens({ accounts }: Checked, complain: Complain): void {
  const owners = new Map<string, string>();
  for (const [id, { link }] of Object.entries(accounts)) {
    const [tokens, field] =
      link.type === 'http'
        ? [link.incoming?.tokens ?? [], 'incoming.tokens']
        : ['listen' in link ? tokensOf(link.token) : [], 'token'];
    for (const token of tokens) {
      const owner = owners.get(`${link.type} ${token}`);
      if (owner !== undefined && owner !== id) {
        complain(
          ['accounts', id, 'link', field],
          `the peer of ${owner} has the same one; each account needs its own`,
        );
      }
      owners.set(`${link.type} ${token}`, id);
    }
  }
}

/** Complains of what a check throws. */
function told(path: readonly string[], complain: Complain, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ConnectorError || error instanceof RateError)) throw error;
    complain(path, error.message.replace(/^account "[^"]*": /, ''));
  }
}
