import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { nodeApiOf, withOperatorOptions, type OperatorOptions } from '../operator/options.js';
import type { AccountView, AssetView, SettlementView } from '../operator/views.js';
import { formatAmount, parseAmount } from '../text/amount.js';
import { formatTable } from '../text/table.js';
import { printLine, showAmount } from './output.js';

/** `pennyswitch settle now ACCOUNT AMOUNT` and `pennyswitch settle list` */
export function settleCommand(): Command {
  const settle = new Command('settle').description('settlements of a node that runs');
  withOperatorOptions(settle.command('list', { isDefault: true }))
    .description('settlements that their engines have not acknowledged')
    .action(list);
  withOperatorOptions(settle.command('now'))
    .description('pay a peer by hand, through its settlement engine')
    .argument('<account>')
    .argument('<amount>', 'in the asset of the account, such as 12.50')
    .action(now);
  return settle;
}

async function list(options: OperatorOptions): Promise<void> {
  const api = nodeApiOf(options);
  const { settlements } = await api.get<{ settlements: SettlementView[] }>('/settlements');
  if (options.json === true) {
    printLine(JSON.stringify({ settlements }));
    return;
  }
  if (settlements.length === 0) {
    printLine('Engines have acknowledged all settlements.');
    return;
  }
  const { accounts } = await api.get<{ accounts: AccountView[] }>('/accounts');
  const assets = new Map(accounts.map(({ id, asset }) => [id, asset]));
  const rows = settlements.map(({ account, amount, createdAt, key }) => [
    account,
    amountOf(amount, assets.get(account)),
    new Date(createdAt).toISOString(),
    key,
  ]);
  const head = ['account', 'amount', 'since', 'key'];
  printLine(formatTable([head, ...rows], ['left', 'right', 'left', 'left']));
}

async function now(id: string, text: string, options: OperatorOptions): Promise<void> {
  const api = nodeApiOf(options);
  const path = `/accounts/${encodeURIComponent(id)}`;
  const { asset } = await api.get<AccountView>(path);
  if (asset === undefined) {
    throw new CommandFailure(ExitCode.nodeError, `the asset of account ${id} is not known yet`);
  }
  const amount = parseAmount(text, asset.scale);
  if (typeof amount === 'string') throw new CommandFailure(ExitCode.usage, amount);
  const settlement = await api.send<SettlementView>(
    'POST',
    `${path}/settlements`,
    { amount: String(amount) },
    { 'idempotency-key': randomUUID() },
  );
  printLine(
    options.json === true
      ? JSON.stringify(settlement)
      : `${showAmount(amount, asset)} are on their way to ${id} (key ${settlement.key})`,
  );
}

function amountOf(units: string, asset: AssetView | undefined): string {
  if (asset === undefined) return `${units} units`;
  return `${formatAmount(BigInt(units), asset.scale)} ${asset.code}`;
}
