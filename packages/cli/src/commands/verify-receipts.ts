import { Command, Option } from 'commander';
import { createReceiptVerifier, ReceiptBook, SpspClient } from '@pennyswitch/spsp';
import { SpspHttpServer } from '@pennyswitch/spsp/node';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { listenSomewhere, type Listener } from '../node/listen.js';
import { addHttpsOptions, createFetch, type HttpsFlags } from '../wallet/https.js';
import { openJournal } from '../wallet/journal.js';
import { printEvent, printLine, warn } from './output.js';
import { certificateOf, parseListener, readPointer, readSecret } from './receive.js';
import { untilStopped } from './signals.js';

interface VerifierFlags extends HttpsFlags {
  readonly receiver: Readonly<Record<string, string>>;
  readonly host: string;
  readonly listen: Listener;
  readonly strictPort?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly books?: string;
  readonly json?: boolean;
}

/** `pennyswitch verify-receipts` */
export function verifyReceiptsCommand(): Command {
  const command = new Command('verify-receipts')
    .description('a verifier of STREAM receipts (RFC 0039) before the SPSP server of a receiver')
    .requiredOption(
      '--receiver <PATH=POINTER>',
      'the receiver whose queries are passed on from a path: /bob=$wallet.example/bob (repeatable)',
      collectReceiver,
    )
    .option('--host <name>', 'the name that payers know the verifier by', 'verifier.localhost')
    .addOption(
      new Option('--listen <host:port>', 'where its HTTPS server listens')
        .argParser(parseListener)
        .default({ host: '127.0.0.1', port: 8444 }, '127.0.0.1:8444'),
    )
    .option('--strict-port', 'end instead of taking another port if that one is in use')
    .option('--tls-cert <file>', 'certificate chain (PEM); without, one is made')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--books <file>', 'keep what was credited in this file');
  return addHttpsOptions(command)
    .option('--json', 'print one JSON object per line for each thing that happens')
    .addHelpText(
      'after',
      '\nPENNYSWITCH_VERIFIER_SECRET       32 bytes in base64 that receipt secrets follow from; without it, a random one\n' +
        'PENNYSWITCH_VERIFIER_SPEND_TOKEN  who may spend from balances; without it, nobody',
    )
    .action(verifyReceipts);
}

async function verifyReceipts(flags: VerifierFlags): Promise<void> {
  const secret = readSecret('PENNYSWITCH_VERIFIER_SECRET', 32);
  const spendToken = process.env.PENNYSWITCH_VERIFIER_SPEND_TOKEN;
  const stopped = untilStopped();
  const client = new SpspClient({ fetch: createFetch(flags) });
  const tls = await certificateOf(flags, { host: flags.host });
  const book = await ReceiptBook.open({ journal: await openJournal(flags.books) });
  const handler = createReceiptVerifier({
    secret,
    book,
    client,
    receiverOf: (path) => (Object.hasOwn(flags.receiver, path) ? flags.receiver[path] : undefined),
    rateLimit: { perMinute: 600, burst: 600 },
    onError: (error) => {
      warn(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
    },
    ...(spendToken === undefined ? {} : { spendToken }),
  });
  try {
    const options = { name: 'receipt verifier', strict: flags.strictPort === true, warn };
    const server = await listenSomewhere(flags.listen, options, ({ host, port }) =>
      SpspHttpServer.listen({ handler, host, port, tls: tls.source }),
    );
    const connectTo = `${flags.host}:443:${server.host}:${server.port}`;
    const pointers = Object.keys(flags.receiver).map((path) => `$${flags.host}${path}`);
    if (flags.json === true) printEvent('ready', { pointers, connectTo, ca: tls.ca });
    else {
      for (const pointer of pointers) printLine(`Payment pointer: ${pointer}`);
      const ca = tls.ca === undefined ? '' : ` --ca ${tls.ca}`;
      printLine(`To pay from this machine, add: --connect-to ${connectTo}${ca}`);
    }
    await stopped;
    await server.close();
  } finally {
    await book.close();
  }
}

function collectReceiver(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const match = /^(\/[^=]*)=(\$.+)$/.exec(text);
  if (match === null) {
    throw new CommandFailure(
      ExitCode.usage,
      `--receiver: expected /PATH=$POINTER, found ${JSON.stringify(text)}`,
    );
  }
  const [, path = '', pointer = ''] = match;
  return { ...earlier, [path]: readPointer(pointer, '--receiver').text };
}
