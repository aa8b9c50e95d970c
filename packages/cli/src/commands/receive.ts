import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import {
  createSpspHandler,
  parsePaymentPointer,
  PaymentPointerError,
  type PaymentPointer,
} from '@pennyswitch/spsp';
import { StreamReceiver } from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { IncomingPayments } from '../wallet/incoming-payments.js';
import { addUplinkOptions, profileOf, type UplinkFlags } from '../wallet/profile.js';
import { Wallet } from '../wallet/wallet.js';
import { serveHttp, type RunningServer } from '../node/http.js';
import { listenSomewhere, type Listener } from '../node/listen.js';
import { printEvent, printLine, jsonAmount, showAmount, warn } from './output.js';
import { untilStopped } from './signals.js';

interface ReceiveFlags extends UplinkFlags {
  readonly pointer: string;
  readonly listen: Listener;
  readonly strictPort?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly json?: boolean;
}

/** `pennyswitch receive` */
export function receiveCommand(): Command {
  const command = new Command('receive')
    .description('receive money: a wallet with an SPSP server for a payment pointer')
    .option('--pointer <pointer>', 'the payment pointer to answer for', '$wallet.localhost')
    .option(
      '--listen <host:port>',
      'where the HTTPS server of the pointer listens',
      parseListener,
      {
        host: '127.0.0.1',
        port: 8443,
      },
    )
    .option('--strict-port', 'end instead of taking another port if that one is in use')
    .option(
      '--tls-cert <file>',
      'certificate chain (PEM); without, one is made that clients need --ca for',
    )
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--json', 'print one JSON object per line for each thing that happens')
    .addHelpText(
      'after',
      '\nThe server secret, 32 bytes in base64, comes from PENNYSWITCH_RECEIVER_SECRET; without it, a random one is used\nand addresses that were given out do not outlive the process.',
    );
  return addUplinkOptions(command).action(receive);
}

async function receive(flags: ReceiveFlags): Promise<void> {
  const pointer = readPointer(flags.pointer);
  const profile = profileOf(flags);
  const secret = readSecret(process.env.PENNYSWITCH_RECEIVER_SECRET);
  const stopped = untilStopped();
  const interrupted = new AbortController();
  void stopped.then(() => {
    interrupted.abort();
  });
  const wallet = await Wallet.open(profile, { warn, signal: interrupted.signal });
  const payments = new IncomingPayments(({ connectionId, amount, packets }) => {
    if (flags.json === true) {
      printEvent('payment', { connectionId, ...jsonAmount(amount, wallet.asset), packets });
    } else {
      printLine(`received ${showAmount(amount, wallet.asset)} in ${packets} packets`);
    }
  });
  const receiver = new StreamReceiver({
    secret,
    address: () => wallet.connector.address,
    asset: wallet.asset,
    onReceived: (money) => {
      payments.add(money);
    },
  });
  wallet.connector.setLocalHandler(receiver.handle);
  let server: RunningServer | undefined;
  try {
    const tls = await certificateOf(flags, pointer);
    server = await serve(receiver, pointer, flags, tls);
    announce(wallet, pointer, server, tls.ca, flags);
    await stopped;
  } finally {
    await server?.close();
    await wallet.close();
    payments.flush();
  }
  const total = { total: jsonAmount(payments.total, wallet.asset), packets: payments.packets };
  if (flags.json === true) printEvent('end', total);
  else printLine(`received ${showAmount(payments.total, wallet.asset)} in all`);
}

function serve(
  receiver: StreamReceiver,
  pointer: PaymentPointer,
  flags: ReceiveFlags,
  tls: { readonly cert: string; readonly key: string },
): Promise<RunningServer> {
  const handler = createSpspHandler({
    answer: ({ path, receipts }) => {
      if (path !== pointer.path) return undefined;
      const tag = pointer.text;
      return receipts === undefined
        ? { credentials: receiver.createCredentials({ tag }) }
        : { credentials: receiver.createCredentials({ tag, receipts }), receiptsEnabled: true };
    },
    onError: (error) => {
      warn(`an SPSP query failed: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  const options = { name: 'SPSP', strict: flags.strictPort === true, warn };
  return listenSomewhere(flags.listen, options, (where) => serveHttp(where, handler, tls));
}

function announce(
  wallet: Wallet,
  pointer: PaymentPointer,
  { host, port }: RunningServer,
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
  printLine(`Payment pointer: ${pointer.text}`);
  printLine(`ILP address:     ${address} (${code}, scale ${scale})`);
  printLine(
    `To pay from this machine, add: --connect-to ${connectTo}${ca === undefined ? '' : ` --ca ${ca}`}`,
  );
}

/** The certificate that was given, or one of an authority that is made for this run and put into a file. */
async function certificateOf(
  { tlsCert, tlsKey }: ReceiveFlags,
  pointer: PaymentPointer,
): Promise<{ cert: string; key: string; ca?: string }> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CommandFailure(ExitCode.usage, '--tls-cert and --tls-key come together');
  }
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { cert: readPem('--tls-cert', tlsCert), key: readPem('--tls-key', tlsKey) };
  }
  const { makeCertificates } = await import('../wallet/certificates.js');
  const { ca, certificate, privateKey } = await makeCertificates(pointer.host);
  const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-'));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, ca);
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { cert: certificate, key: privateKey, ca: file };
}

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `${option}: ${reason}`, { cause });
  }
}

function readPointer(text: string): PaymentPointer {
  try {
    return parsePaymentPointer(text);
  } catch (error) {
    if (!(error instanceof PaymentPointerError)) throw error;
    throw new CommandFailure(ExitCode.usage, `--pointer: ${error.message}`, { cause: error });
  }
}

function readSecret(text: string | undefined): Uint8Array {
  if (text === undefined) return randomBytes(32);
  const secret = new Uint8Array(Buffer.from(text, 'base64'));
  if (secret.length !== 32) {
    throw new CommandFailure(
      ExitCode.configuration,
      `PENNYSWITCH_RECEIVER_SECRET has ${secret.length} bytes and must have 32, in base64`,
    );
  }
  return secret;
}

function parseListener(text: string): Listener {
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
