/**
 * The connector of the soak, a process of its own that may be killed at any moment. Arguments: its port, its store's folder
 * or the URL of a Redis that it shares with others, and a file for the packets that it could not book. Asked by its parent, it
 * tells its books.
 */
import { openSync, writeSync } from 'node:fs';
import { BtpServer } from '@pennyswitch/btp';
import { btpLink, configuredRates, Connector } from '@pennyswitch/connector-core';
import { LevelLedgerStore } from '@pennyswitch/connector-core/stores/level';
import { RedisLedgerStore } from '@pennyswitch/connector-core/stores/redis';
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
  /** Connectors that Redis takes for alive, this one among them; 1 for a store on disk. */
  readonly processes: number;
  readonly residentBytes: number;
}

/** How often the shared list is read, in milliseconds. */
const LIST_MS = 1000;
/** How long Redis is waited for, in milliseconds: the machine may be slow. */
const TIMEOUT_MS = 10_000;

const [port = '', place = '', unreconciledPath = ''] = process.argv.slice(2);
const isShared = place.includes(':');
const store = isShared
  ? await RedisLedgerStore.open({ url: place, timeoutMs: TIMEOUT_MS })
  : await LevelLedgerStore.open({ path: place });
const unreconciled = openSync(unreconciledPath, 'a');
const connector = new Connector({
  address: parseIlpAddress('g.soak'),
  rates: configuredRates({ pairs: { 'USD/EUR': RATE.text } }),
  store,
});
// The store keeps the last thousand; the soak wants all. Events come when the record is on the disk; but what was under way in
// a process that died is found by another one, in the list that they share.
const written = new Set<string>();
if (isShared) {
  setInterval(() => void keepList().catch(() => undefined), LIST_MS);
} else {
  for (const event of ['packetLost', 'lateFulfillment'] as const) connector.on(event, keep);
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

/** Redis may be away. */
async function keepList(): Promise<void> {
  for (const each of await store.lostPackets()) keep(each);
  for (const each of await store.lateFulfillments()) keep(each);
}

function keep({ condition }: { readonly condition: Uint8Array }): void {
  const text = Buffer.from(condition).toString('hex');
  if (written.has(text)) return;
  written.add(text);
  writeSync(unreconciled, `${text}\n`);
}

async function tell(): Promise<void> {
  if (isShared) await keepList();
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
    processes: store.statistics()['processes'] ?? 1,
    residentBytes: process.memoryUsage.rss(),
  };
  process.send?.(books);
}
