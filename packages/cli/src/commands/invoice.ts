import { Command, InvalidArgumentError } from 'commander';
import { formatAmount } from '../text/amount.js';
import { formatTable } from '../text/table.js';
import { askInvoices, type InvoiceView } from '../wallet/invoice-socket.js';
import { printLine, showAmount } from './output.js';
import { showQr } from './qr.js';

interface InvoiceFlags {
  readonly books: string;
  readonly json?: boolean;
}

interface CreateFlags extends InvoiceFlags {
  readonly description?: string;
  readonly expires?: number;
}

/** `pennyswitch invoice create|list|show|cancel` */
export function invoiceCommand(): Command {
  const invoice = new Command('invoice').description(
    'invoices of a `pennyswitch receive --books` that runs: pointers that accept up to an amount',
  );
  withBooks(invoice.command('create'))
    .description('make an invoice and print its payment pointer')
    .argument('<amount>', "how much, in the wallet's asset: 12.50")
    .option('--description <text>', 'what it is for; whoever pays sees it')
    .option('--expires <duration>', 'how long it is good: 90m, 24h, 30d', parseDuration)
    .action(create);
  withBooks(invoice.command('list', { isDefault: true }))
    .description('all invoices')
    .action(list);
  withBooks(invoice.command('show')).description('one invoice').argument('<id>').action(show);
  withBooks(invoice.command('cancel'))
    .description('take no more money for an invoice; what came in stays')
    .argument('<id>')
    .action(cancel);
  return invoice;
}

function withBooks(command: Command): Command {
  return command
    .requiredOption('--books <file>', 'the books of the wallet')
    .option('--json', 'print JSON');
}

async function create(amount: string, flags: CreateFlags): Promise<void> {
  const { description, expires } = flags;
  const expiresAt = expires === undefined ? undefined : Date.now() + expires;
  const wish = { amount, description, expiresAt };
  const view = (await askInvoices(flags.books, 'POST', '/invoices', wish)) as InvoiceView;
  if (flags.json !== true) printLine(showQr(view.pointer));
  tell(view, flags);
}

async function list({ books, json }: InvoiceFlags): Promise<void> {
  const views = (await askInvoices(books, 'GET', '/invoices')) as InvoiceView[];
  if (json === true) {
    printLine(JSON.stringify(views));
    return;
  }
  const rows = views.map(({ id, amount, received, asset, status, description }) => [
    id,
    status,
    formatAmount(BigInt(received), asset.scale),
    `${formatAmount(BigInt(amount), asset.scale)} ${asset.code}`,
    description ?? '',
  ]);
  const header = ['invoice', 'status', 'received', 'of', 'for'];
  printLine(formatTable([header, ...rows], ['left', 'left', 'right', 'right', 'left']));
}

async function show(id: string, flags: InvoiceFlags): Promise<void> {
  tell((await askInvoices(flags.books, 'GET', pathOf(id))) as InvoiceView, flags);
}

async function cancel(id: string, flags: InvoiceFlags): Promise<void> {
  tell((await askInvoices(flags.books, 'DELETE', pathOf(id))) as InvoiceView, flags);
}

function pathOf(id: string): string {
  return `/invoices/${encodeURIComponent(id)}`;
}

function tell(view: InvoiceView, { json }: InvoiceFlags): void {
  if (json === true) {
    printLine(JSON.stringify(view));
    return;
  }
  const { pointer, amount, received, asset, status, description, expiresAt } = view;
  printLine(`Payment pointer: ${pointer}`);
  printLine(`Amount:          ${showAmount(BigInt(amount), asset)}`);
  if (description !== null) printLine(`For:             ${description}`);
  printLine(`Status:          ${status}, ${showAmount(BigInt(received), asset)} received`);
  if (expiresAt !== null) printLine(`Good until:      ${new Date(expiresAt).toISOString()}`);
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDuration(text: string): number {
  const match = /^([1-9][0-9]{0,4})([mhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected a duration such as 90m, 24h or 30d');
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
}
