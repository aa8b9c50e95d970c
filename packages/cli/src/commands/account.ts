import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse } from 'yaml';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import type { NodeApi } from '../operator/node-api.js';
import { nodeApiOf, withOperatorOptions, type OperatorOptions } from '../operator/options.js';
import type { AccountView, BalanceView, DirectionView } from '../operator/views.js';
import { formatAmount } from '../text/amount.js';
import { formatTable } from '../text/table.js';
import { printLine } from './output.js';

/** `pennyswitch account list|show|add|change|remove` */
export function accountCommand(): Command {
  const account = new Command('account').description('the accounts of a node that runs');
  withOperatorOptions(account.command('list', { isDefault: true }))
    .description('all accounts with their balances')
    .action((options: OperatorOptions) => list(nodeApiOf(options), options));
  withOperatorOptions(account.command('show'))
    .description('one account')
    .argument('<id>')
    .action((id: string, options: OperatorOptions) => show(nodeApiOf(options), id, options));
  withOperatorOptions(account.command('add'))
    .description('add an account until the node stops; to keep it, write it into the configuration')
    .argument('<id>')
    .argument(
      '<file>',
      'YAML or JSON, as under accounts in the configuration; - for standard input',
    )
    .action(async (id: string, file: string, options: OperatorOptions) => {
      const settings = readDocument(file);
      await change(options, 'added', (api) => api.send('POST', '/accounts', { id, ...settings }));
    });
  withOperatorOptions(account.command('change'))
    .description('change limits, settlement, sendRoutes, receiveRoutes or staticRoutes')
    .argument('<id>')
    .argument(
      '<file>',
      'YAML or JSON with what changes; null takes a setting away; - for standard input',
    )
    .action(async (id: string, file: string, options: OperatorOptions) => {
      const body = readDocument(file);
      await change(options, 'changed', (api) => api.send('PATCH', pathOf(id), body));
    });
  withOperatorOptions(account.command('remove'))
    .description('remove an account when its packets in flight have ended; its book stays')
    .argument('<id>')
    .option('--forget', 'delete its book too: whatever it says is lost')
    .action(async (id: string, options: OperatorOptions & { forget?: boolean }) => {
      const query = options.forget === true ? '?forget=true' : '';
      await nodeApiOf(options).send('DELETE', pathOf(id) + query);
      printLine(
        options.json === true ? JSON.stringify({ removed: id }) : `account ${id} is removed`,
      );
    });
  return account;
}

function pathOf(id: string): string {
  return `/accounts/${encodeURIComponent(id)}`;
}

async function list(api: NodeApi, { json }: OperatorOptions): Promise<void> {
  const { accounts } = await api.get<{ accounts: AccountView[] }>('/accounts');
  const { balances } = await api.get<{ balances: BalanceView[] }>('/balances');
  if (json === true) {
    printLine(JSON.stringify({ accounts, balances }));
    return;
  }
  const nets = new Map(balances.map((balance) => [balance.account, balance]));
  const rows = accounts.map((account) => {
    const balance = nets.get(account.id);
    return [
      account.id,
      account.relation,
      account.asset?.code ?? '?',
      account.problem ?? (account.connected ? 'up' : 'down'),
      balance === undefined ? '' : formatAmount(BigInt(balance.net), balance.asset.scale),
      String(account.inFlight),
      account.address ?? '',
    ];
  });
  const head = ['account', 'relation', 'asset', 'link', 'owes us', 'in flight', 'address'];
  printLine(
    formatTable([head, ...rows], ['left', 'left', 'left', 'left', 'right', 'right', 'left']),
  );
}

async function show(api: NodeApi, id: string, { json }: OperatorOptions): Promise<void> {
  const account = await api.get<AccountView>(pathOf(id));
  const balance =
    account.asset === undefined ? undefined : await api.get<BalanceView>(`${pathOf(id)}/balance`);
  if (json === true) {
    printLine(JSON.stringify({ account, balance }));
    return;
  }
  const rows: [string, string][] = [
    ['account', `${account.id}, ${account.relation}`],
    ['link', account.problem ?? (account.connected ? 'up' : 'down')],
    ...(account.address === undefined
      ? []
      : ([['address', account.address]] as [string, string][])),
    ['in flight', String(account.inFlight)],
  ];
  if (balance !== undefined) {
    const { code, scale } = balance.asset;
    const amount = (text: string): string => `${formatAmount(BigInt(text), scale)} ${code}`;
    rows.push(
      ['it owes us', amount(balance.receivable)],
      ['we owe it', amount(balance.payable)],
      ['net', amount(balance.net)],
      ['held', `${amount(balance.heldIncoming)} in, ${amount(balance.heldOutgoing)} out`],
    );
  }
  for (const [name, limit] of Object.entries(account.limits)) {
    rows.push([name, typeof limit === 'string' ? `${limit} units` : JSON.stringify(limit)]);
  }
  rows.push(['from it', packets(account.incoming)], ['to it', packets(account.outgoing)]);
  printLine(formatTable(rows, ['left', 'left']));
}

/** `12 fulfilled; rejected: 3 F08, 1 T04`. */
function packets({ fulfilled, rejected }: DirectionView): string {
  const codes = Object.entries(rejected).map(([code, count]) => `${count} ${code}`);
  return `${fulfilled} fulfilled${codes.length === 0 ? '' : `; rejected: ${codes.join(', ')}`}`;
}

async function change(
  options: OperatorOptions,
  what: string,
  act: (api: NodeApi) => Promise<AccountView>,
): Promise<void> {
  const account = await act(nodeApiOf(options));
  printLine(options.json === true ? JSON.stringify(account) : `account ${account.id} is ${what}`);
}

function readDocument(file: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `cannot read ${file}: ${reason}`, { cause });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new CommandFailure(ExitCode.configuration, `${file} is no group of settings`);
  }
  return document as Record<string, unknown>;
}
