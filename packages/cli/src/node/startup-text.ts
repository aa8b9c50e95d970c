import type { AccountSnapshot } from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';
import type { RunningNode } from './running-node.js';
import { placeOfStore } from './store.js';

/** What a person is told when a node is up: who it is, where it listens, where its balances are, whom it knows. */
export function startupText({ connector, listeners }: RunningNode, config: NodeConfig): string {
  const address = connector.address ?? 'none yet, it comes from the parent';
  const rows = [
    ['BTP', place(listeners.btp)],
    ['ILP over HTTP', place(listeners.http)],
    ['admin API', place(listeners.admin)],
    ['settlement API', place(listeners.settlementApi)],
    ['balances', placeOfStore(config.store)],
    ...connector.accounts().map((account) => [`account ${account.id}`, describe(account)]),
  ];
  return [
    `The node is up. Address: ${address}`,
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value}`])),
    ...risks(connector.accounts()),
    'Ctrl-C stops it in order; SIGHUP makes it read its configuration again.',
  ].join('\n');
}

function place(
  where: { readonly host: string; readonly port: number } | undefined,
): string | undefined {
  return where && `${where.host}:${where.port}`;
}

function describe({ relation, asset }: AccountSnapshot): string {
  const what = asset === undefined ? 'asset comes from it' : `${asset.code}, scale ${asset.scale}`;
  return `${relation}, ${what}`;
}

/** RFC 0032 "Maximum Balance": whoever may owe anything is trusted with everything. */
function risks(accounts: readonly AccountSnapshot[]): string[] {
  const trusted = accounts.filter(
    ({ relation, limits }) => relation !== 'parent' && limits.maximumBalance === undefined,
  );
  if (trusted.length === 0) return [];
  const names = trusted.map(({ id }) => id).join(', ');
  return [`  without limits.maximumBalance, and so trusted with any amount: ${names}`];
}
