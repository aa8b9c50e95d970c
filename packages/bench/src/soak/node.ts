/**
 * The connector of the soak, a process of its own that may be killed at any moment. Arguments: its port, its store's folder, and
 * a file for the packets that it could not book. Asked by its parent, it tells its books.
 */
import { openSync, writeSync } from 'node:fs';
import { BtpServer } from '@pennyswitch/btp';
import { btpLink, configuredRates, Connector } from '@pennyswitch/connector-core';
import { LevelLedgerStore } from '@pennyswitch/connector-core/stores/level';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { RATE } from './packet.js';

/** What the connector knows at the end. */
export interface SoakBooks {
  readonly accounts: Readonly<
    Record<
      string,
      { readonly clearedIncoming: string; readonly clearedOutgoing: string; readonly held: string }
    >
  >;
  readonly syncs: number;
  readonly residentBytes: number;
}

const [port = '', path = '', unreconciledPath = ''] = process.argv.slice(2);
const unreconciled = openSync(unreconciledPath, 'a');
const store = await LevelLedgerStore.open({ path });
const connector = new Connector({
  address: parseIlpAddress('g.soak'),
  rates: configuredRates({ pairs: { 'USD/EUR': RATE.text } }),
  store,
});
// The store keeps the last thousand; the soak wants all. Events come when the record is on the disk.
for (const event of ['packetLost', 'lateFulfillment'] as const) {
  connector.on(event, ({ condition }) => {
    writeSync(unreconciled, `${Buffer.from(condition).toString('hex')}\n`);
  });
}
const server = new BtpServer({ authenticate: ({ username }) => Promise.resolve(username) });
for (const [id, code] of [
  ['alice', 'USD'],
  ['bob', 'EUR'],
] as const) {
  const settings = { id, relation: 'child', asset: { code, scale: 9 } } as const;
  await connector.addAccount(settings, btpLink(server.account(id)));
}
await connector.start();
await server.listen({ port: Number(port) });
process.send?.('up');

process.on('disconnect', () => process.exit());
process.on('message', () => {
  void tell();
});

async function tell(): Promise<void> {
  const accounts: Record<string, SoakBooks['accounts'][string]> = {};
  for (const { account, ...balance } of await connector.balances()) {
    accounts[account] = {
      clearedIncoming: String(balance.clearedIncoming),
      clearedOutgoing: String(balance.clearedOutgoing),
      held: String(balance.heldIncoming + balance.heldOutgoing),
    };
  }
  const books: SoakBooks = {
    accounts,
    syncs: store.statistics()['syncs_total'] ?? 0,
    residentBytes: process.memoryUsage.rss(),
  };
  process.send?.(books);
}
