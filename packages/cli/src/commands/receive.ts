import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import {
  Cashbook,
  createSpspHandler,
  Outbox,
  parsePaymentPointer,
  PaymentPointerError,
  webhook,
  type PaymentPointer,
  type SpspHandler,
} from '@pennyswitch/spsp';
import { SpspHttpServer, type TlsFiles, type TlsTexts } from '@pennyswitch/spsp/node';
import { StreamReceiver } from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { IncomingPayments } from '../wallet/incoming-payments.js';
import { serveInvoices } from '../wallet/invoice-socket.js';
import { openJournal } from '../wallet/journal.js';
import { addUplinkOptions, profileOf, type UplinkFlags } from '../wallet/profile.js';
import { Wallet } from '../wallet/wallet.js';
import { listenSomewhere, type Listener } from '../node/listen.js';
import { printEvent, printLine, jsonAmount, showAmount, warn } from './output.js';
import { showQr } from './qr.js';
import { untilStopped } from './signals.js';

interface ReceiveFlags extends UplinkFlags {
  readonly pointer: string;
  readonly listen: Listener;
  readonly strictPort?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly books?: string;
  readonly webhook?: string;
  readonly json?: boolean;
}

/** Where invoices have their pointers, below the wallet's host. */
export const INVOICE_PATH = '/invoices/';
/** How often one address may ask for payment details, per minute. */
const QUERIES_PER_MINUTE = 600;

/** `pennyswitch receive` */
export function receiveCommand(): Command {
  const command = new Command('receive')
    .description('receive money: a wallet with an SPSP server for a payment pointer')
    .option('--pointer <pointer>', 'the payment pointer to answer for', '$wallet.localhost')
    .addOption(
      new Option('--listen <host:port>', 'where the HTTPS server of the pointer listens')
        .argParser(parseListener)
        .default({ host: '127.0.0.1', port: 8443 }, '127.0.0.1:8443'),
    )
    .option('--strict-port', 'end instead of taking another port if that one is in use')
    .option(
      '--tls-cert <file>',
      'certificate chain (PEM), read again when it changes; without, one is made that clients need --ca for',
    )
    .option('--tls-key <file>', 'its key (PEM)')
    .option(
      '--books <file>',
      'keep what came in, and invoices, in this file; without, they end with the process',
    )
    .option('--webhook <url>', 'post an event for each payment there, until it is accepted')
    .option('--json', 'print one JSON object per line for each thing that happens')
    .addHelpText(
      'after',
      '\nWith --books, invoices are made by `pennyswitch invoice create` while this runs.\n\n' +
        'PENNYSWITCH_RECEIVER_SECRET  the server secret, 32 bytes in base64; without it, a random one is used\n' +
        '                             and addresses that were given out do not outlive the process\n' +
        'PENNYSWITCH_WEBHOOK_SECRET   what events are signed with, 24 bytes or more in base64',
    );
  return addUplinkOptions(command).action(receive);
}

async function receive(flags: ReceiveFlags): Promise<void> {
  const pointer = readPointer(flags.pointer);
  const profile = profileOf(flags);
  const secret = readSecret('PENNYSWITCH_RECEIVER_SECRET', 32);
  const webhookSecret =
    flags.webhook === undefined ? undefined : readSecret('PENNYSWITCH_WEBHOOK_SECRET', 24, true);
  const tls = await certificateOf(flags, pointer);
  const stopped = untilStopped();
  const interrupted = new AbortController();
  void stopped.then(() => {
    interrupted.abort();
  });
  const wallet = await Wallet.open(profile, { warn, signal: interrupted.signal });
  const closers: (() => Promise<void>)[] = [() => wallet.close()];
  const payments = new IncomingPayments((payment) => {
    tellPayment(payment, wallet, flags);
  });
  try {
    const cashbook = await openCashbook(wallet, flags);
    closers.unshift(() => cashbook.close());
    const receiver = receiverOf(wallet, secret, cashbook, payments);
    wallet.connector.setLocalHandler(receiver.handle);
    const server = await serve(handlerOf(receiver, cashbook, pointer), flags, tls.source);
    closers.unshift(() => server.close());
    if (flags.books !== undefined) {
      const control = await serveInvoices(flags.books, cashbook, invoicePointer(pointer));
      closers.unshift(() => control.close());
    }
    if (flags.webhook !== undefined && webhookSecret !== undefined) {
      const outbox = new Outbox({
        cashbook,
        deliver: webhook({ url: flags.webhook, secret: webhookSecret }),
        logger: {
          ...console,
          warn: (message) => warn(`webhook: ${message}`),
          debug: () => undefined,
        },
      });
      closers.unshift(() => outbox.close());
    }
    announce(wallet, pointer, server, tls.ca, flags);
    await stopped;
  } finally {
    for (const close of closers) await close();
    payments.flush();
  }
  const total = { total: jsonAmount(payments.total, wallet.asset), packets: payments.packets };
  if (flags.json === true) printEvent('end', total);
  else printLine(`received ${showAmount(payments.total, wallet.asset)} in all`);
}

async function openCashbook(wallet: Wallet, { books, json }: ReceiveFlags): Promise<Cashbook> {
  const { asset } = wallet;
  const cashbook = await Cashbook.open({ journal: await openJournal(books), asset });
  cashbook.onEvent(({ invoice }) => {
    if (invoice?.isPaid !== true) return;
    const { id, amount } = invoice;
    if (json === true) printEvent('invoice-paid', { id, ...jsonAmount(amount, asset) });
    else printLine(`invoice ${id} is paid: ${showAmount(amount, asset)}`);
  });
  return cashbook;
}

function receiverOf(
  wallet: Wallet,
  secret: Uint8Array,
  cashbook: Cashbook,
  payments: IncomingPayments,
): StreamReceiver {
  const books = cashbook.receiverOptions;
  return new StreamReceiver({
    secret,
    address: () => wallet.connector.address,
    asset: wallet.asset,
    ...books,
    onReceived: (money) => {
      books.onReceived(money);
      payments.add(money);
    },
  });
}

function handlerOf(
  receiver: StreamReceiver,
  cashbook: Cashbook,
  pointer: PaymentPointer,
): SpspHandler {
  return createSpspHandler({
    answer: cashbook.answer(receiver, {
      tagOf: (path) => (path === pointer.path ? pointer.text : undefined),
      invoicePath: INVOICE_PATH,
    }),
    rateLimit: { perMinute: QUERIES_PER_MINUTE, burst: QUERIES_PER_MINUTE },
    onError: (error) => {
      warn(`an SPSP query failed: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
}

function serve(
  handler: SpspHandler,
  flags: ReceiveFlags,
  tls: TlsTexts | TlsFiles,
): Promise<SpspHttpServer> {
  const onReload = (error: Error | undefined): void => {
    warn(
      error === undefined
        ? 'took the new certificate'
        : `the old certificate stays: ${error.message}`,
    );
  };
  const options = { name: 'SPSP', strict: flags.strictPort === true, warn };
  return listenSomewhere(flags.listen, options, ({ host, port }) =>
    SpspHttpServer.listen({ handler, host, port, tls, onReload }),
  );
}

/** The pointer of an invoice of this wallet. */
function invoicePointer({ host }: PaymentPointer): (id: string) => string {
  return (id) => parsePaymentPointer(`$${host}${INVOICE_PATH}${id}`).text;
}

function tellPayment(
  {
    connectionId,
    tag,
    amount,
    packets,
  }: Parameters<ConstructorParameters<typeof IncomingPayments>[0]>[0],
  { asset }: Wallet,
  { json }: ReceiveFlags,
): void {
  const invoice = tag?.startsWith('invoice:') === true ? tag.slice('invoice:'.length) : undefined;
  if (json === true) {
    const facts = { connectionId, ...jsonAmount(amount, asset), packets };
    printEvent('payment', invoice === undefined ? facts : { ...facts, invoice });
    return;
  }
  const purpose = invoice === undefined ? '' : ` for invoice ${invoice}`;
  printLine(`received ${showAmount(amount, asset)} in ${packets} packets${purpose}`);
}

function announce(
  wallet: Wallet,
  pointer: PaymentPointer,
  { host, port }: SpspHttpServer,
  ca: string | undefined,
  { json }: ReceiveFlags,
): void {
  const { address, asset } = wallet;
  const { code, scale } = asset;
  const connectTo = `${pointer.host}:443:${host}:${port}`;
  if (json === true) {
    const facts = { pointer: pointer.text, address, asset: { code, scale }, connectTo };
    printEvent('ready', ca === undefined ? facts : { ...facts, ca });
    return;
  }
  printLine(showQr(pointer.text));
  printLine(`Payment pointer: ${pointer.text}`);
  printLine(`ILP address:     ${address} (${code}, scale ${scale})`);
  printLine(
    `To pay from this machine, add: --connect-to ${connectTo}${ca === undefined ? '' : ` --ca ${ca}`}`,
  );
}

/** The certificate that was given, or one of an authority that is made for this run and put into a file. */
export async function certificateOf(
  { tlsCert, tlsKey }: Pick<ReceiveFlags, 'tlsCert' | 'tlsKey'>,
  { host: name }: Pick<PaymentPointer, 'host'>,
): Promise<{ source: TlsTexts | TlsFiles; ca?: string }> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CommandFailure(ExitCode.usage, '--tls-cert and --tls-key come together');
  }
  if (tlsCert !== undefined && tlsKey !== undefined) {
    // Read here once for an error that names the option; the server reads them again when they change.
    readPem('--tls-cert', tlsCert);
    readPem('--tls-key', tlsKey);
    return { source: { certFile: tlsCert, keyFile: tlsKey } };
  }
  const { makeCertificates } = await import('../wallet/certificates.js');
  const { ca, certificate, privateKey } = await makeCertificates(name);
  const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-'));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, ca);
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { source: { cert: certificate, key: privateKey }, ca: file };
}

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `${option}: ${reason}`, { cause });
  }
}

/** @throws {@link CommandFailure} that names the option. */
export function readPointer(text: string, option = '--pointer'): PaymentPointer {
  try {
    return parsePaymentPointer(text);
  } catch (error) {
    if (!(error instanceof PaymentPointerError)) throw error;
    throw new CommandFailure(ExitCode.usage, `${option}: ${error.message}`, { cause: error });
  }
}

/** A secret from the environment; without it a random one, unless somebody else must know it too. */
export function readSecret(name: string, leastBytes: number, isShared = false): Uint8Array {
  const text = process.env[name];
  if (text === undefined && !isShared) return randomBytes(leastBytes);
  const secret = new Uint8Array(Buffer.from(text ?? '', 'base64'));
  if (isShared ? secret.length < leastBytes : secret.length !== leastBytes) {
    throw new CommandFailure(
      ExitCode.configuration,
      `${name} has ${secret.length} bytes and must have ${leastBytes}${isShared ? ' or more' : ''}, in base64`,
    );
  }
  return secret;
}

export function parseListener(text: string): Listener {
  const match = /^(.+):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new CommandFailure(
      ExitCode.usage,
      `--listen: expected HOST:PORT, found ${JSON.stringify(text)}`,
    );
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}
