/** What an account costs that has no traffic: the heap of a connector with many children, less that of one without. */
import { Connector } from '@pennyswitch/connector-core';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { FunctionLink } from './ours.js';
import { heapUsed } from './heap.js';
import { LIMITS } from './limits.js';

const ACCOUNTS = 10_000;
const GOAL_KIB = 4;

/** Prints it. The links are shared by all, so that only the connector's own share counts. */
export async function runAccounts(): Promise<void> {
  const link = new FunctionLink(() => Promise.reject(new Error('there is no traffic')));
  const connector = new Connector({ address: parseIlpAddress('g.bench') });
  await connector.start();
  const before = heapUsed();
  for (let i = 0; i < ACCOUNTS; i++) {
    const asset = { code: 'USD', scale: 9 };
    await connector.addAccount(
      { id: `account-${i}`, relation: 'child', asset, limits: LIMITS },
      link,
    );
  }
  const kib = (heapUsed() - before) / ACCOUNTS / 1024;
  console.log(
    `${ACCOUNTS.toLocaleString('en')} accounts: ${kib.toFixed(2)} KiB of heap each (goal at most ${GOAL_KIB})`,
  );
  if (kib > GOAL_KIB) process.exitCode = 1;
  await connector.stop();
}
