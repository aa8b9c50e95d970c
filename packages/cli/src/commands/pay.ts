import { Command, Option } from 'commander';
import { PaymentPointerError, SpspClient, SpspError, type SpspResult } from '@pennyswitch/spsp';
import {
  PaymentError,
  payQuote,
  quotePayment,
  type PaymentOutcome,
  type PaymentProgress,
  type Quote,
  type QuoteOptions,
} from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { parseAmount } from '../text/amount.js';
import { ProgressBar } from '../text/progress.js';
import { createFetch, type HttpsFlags } from '../wallet/https.js';
import { quoteAtRate } from '../wallet/minimum-rate.js';
import {
  addUplinkOptions,
  parseRate,
  parseShare,
  profileOf,
  type UplinkFlags,
} from '../wallet/profile.js';
import { Wallet } from '../wallet/wallet.js';
import { printEvent, printLine, showAmount, warn } from './output.js';
import { describeOutcome, exitCodeOf, jsonOutcome, jsonQuote } from './payment-report.js';
import { untilStopped } from './signals.js';

interface PayFlags extends UplinkFlags, HttpsFlags {
  readonly slippage: string;
  readonly price?: Readonly<Record<string, string>>;
  readonly minRate?: string;
  readonly json?: boolean;
  readonly events?: boolean;
  readonly hold?: boolean;
}

/** `pennyswitch pay POINTER AMOUNT` */
export function payCommand(): Command {
  const command = new Command('pay')
    .description('pay a payment pointer')
    .argument(
      '<pointer>',
      "who is paid: '$wallet.example/bob', or the https URL of an SPSP endpoint",
    )
    .argument('<amount>', "how much to send, in the asset of the uplink's account: 12.50")
    .option(
      '--slippage <share>',
      'how much worse than expected the rate may be',
      parseShare,
      '0.01',
    )
    .option(
      '--price <CODE=PRICE...>',
      'what an asset is worth in a common measure (repeatable): the expected rate, instead of what probes show',
      collectPrice,
    )
    .addOption(
      new Option(
        '--min-rate <rate>',
        "the least of the receiver's asset for 1 of ours, instead of --slippage and --price; the receiver refuses what is worse",
      )
        .argParser(parseRate)
        .conflicts('price'),
    )
    .option(
      '--ca <file>',
      "certificate authorities (PEM) to trust for the pointer's server, beside the usual ones",
    )
    .option(
      '--connect-to <HOST:443:ADDRESS:PORT...>',
      "connect to another address, as curl's --connect-to does",
    )
    .option('--json', 'print one JSON object at the end, and nothing else on standard output')
    .addOption(
      new Option(
        '--events',
        'print one JSON object per line for each thing that happens',
      ).conflicts('json'),
    )
    .addOption(
      new Option(
        '--hold',
        'keep the wallet running after the payment, until SIGTERM; Ctrl-C ends the payment alone',
      ).hideHelp(),
    )
    .addHelpText(
      'after',
      '\nCtrl-C sends no more packets, waits for those in flight and tells what was sent and delivered.',
    );
  return addUplinkOptions(command).action(pay);
}

async function pay(pointer: string, amountText: string, flags: PayFlags): Promise<void> {
  const client = new SpspClient({ fetch: createFetch(flags) });
  const profile = profileOf(flags);
  const interrupted = new AbortController();
  const stopped = untilStopped(flags.hold === true ? ['SIGTERM'] : undefined).then((signal) => {
    interrupted.abort();
    return signal;
  });
  if (flags.hold === true) {
    process.once('SIGINT', () => {
      interrupted.abort();
    });
  }
  const wallet = await Wallet.open(profile, { warn, signal: interrupted.signal });
  try {
    const { asset, address } = wallet;
    if (flags.events === true) printEvent('wallet', { address, asset });
    const amount = parseAmount(amountText, asset.scale);
    if (typeof amount === 'string') throw new CommandFailure(ExitCode.usage, amount);
    const details = await query(client, pointer, interrupted.signal);
    if (details.host !== details.finalHost) {
      warn(`${details.host} answered through ${details.finalHost}: is that who you want to pay?`);
    }
    const quote = await makeQuote(wallet, details, amount, flags, interrupted.signal);
    const outcome = await execute(quote, flags, interrupted.signal);
    process.exitCode = report(pointer, quote, outcome, flags);
    if (flags.hold === true) await stopped;
  } finally {
    await wallet.close();
  }
}

async function query(
  client: SpspClient,
  pointer: string,
  signal: AbortSignal,
): Promise<SpspResult> {
  try {
    return await client.query(pointer, { signal });
  } catch (cause) {
    if (cause instanceof PaymentPointerError) {
      throw new CommandFailure(ExitCode.unknownPointer, cause.message, { cause });
    }
    if (!(cause instanceof SpspError)) throw cause;
    if (cause.code === 'ABORTED') {
      throw new CommandFailure(ExitCode.ok, 'stopped. Nothing was sent.', { cause });
    }
    const unknown = cause.code === 'NOT_FOUND' || cause.code === 'BAD_ENDPOINT';
    throw new CommandFailure(
      unknown ? ExitCode.unknownPointer : ExitCode.pointerOffline,
      `${pointer}: ${cause.message}. Nothing was sent.`,
      { cause },
    );
  }
}

async function makeQuote(
  wallet: Wallet,
  { destination, sharedSecret }: SpspResult,
  amount: bigint,
  { slippage, price, minRate, events }: PayFlags,
  signal: AbortSignal,
): Promise<Quote> {
  try {
    const options: QuoteOptions = {
      send: wallet.connector.sendLocal,
      credentials: { destination, sharedSecret },
      source: { asset: wallet.asset },
      amount: { type: 'fixed-source', amount },
      slippage,
      signal,
      ...(price === undefined ? {} : { prices: price }),
    };
    const quote = await (minRate === undefined
      ? quotePayment(options)
      : quoteAtRate(options, minRate));
    if (events === true) printEvent('quote', jsonQuote(quote));
    return quote;
  } catch (cause) {
    if (!(cause instanceof PaymentError)) throw cause;
    throw new CommandFailure(exitCodeOf(cause), `${cause.message}. Nothing was sent.`, { cause });
  }
}

async function execute(
  quote: Quote,
  flags: PayFlags,
  signal: AbortSignal,
): Promise<PaymentOutcome> {
  const onProgress = flags.events === true ? eventProgress() : barProgress(quote);
  const outcome = await payQuote(quote, { onProgress, signal });
  if (flags.events !== true) onProgress.finish();
  return outcome;
}

type ProgressListener = ((progress: PaymentProgress) => void) & { finish: () => void };

/** How often progress is told to a program, in milliseconds. */
const EVENT_INTERVAL_MS = 50;

function eventProgress(): ProgressListener {
  let toldAt = 0;
  const listener = ({
    sent,
    delivered,
    fulfilledPackets,
    rejectedPackets,
  }: PaymentProgress): void => {
    const now = Date.now();
    if (now - toldAt < EVENT_INTERVAL_MS) return;
    toldAt = now;
    printEvent('progress', {
      sent: sent.toString(),
      delivered: delivered.toString(),
      fulfilledPackets,
      rejectedPackets,
    });
  };
  return Object.assign(listener, { finish: () => undefined });
}

/** The bar goes to standard error: standard output is for the result. */
function barProgress({ maxSource, sourceAsset }: Quote): ProgressListener {
  const bar = new ProgressBar(process.stderr);
  const listener = ({ sent, fulfilledPackets }: PaymentProgress): void => {
    bar.update(sent, maxSource, `${showAmount(sent, sourceAsset)} in ${fulfilledPackets} packets`);
  };
  return Object.assign(listener, {
    finish: () => {
      bar.finish();
    },
  });
}

/** Prints how it ended; returns the exit code. */
function report(pointer: string, quote: Quote, outcome: PaymentOutcome, flags: PayFlags): ExitCode {
  if (flags.events === true) {
    const fulfilledAmounts = outcome.packets.fulfilledAmounts.map(String);
    printEvent('result', { ...jsonOutcome(pointer, quote, outcome), fulfilledAmounts });
  } else if (flags.json === true) {
    printLine(JSON.stringify(jsonOutcome(pointer, quote, outcome)));
  } else {
    printLine(describeOutcome(pointer, quote, outcome));
  }
  const { error } = outcome;
  if (error === undefined || error.code === 'CANCELLED') return ExitCode.ok;
  warn(error.message);
  return exitCodeOf(error);
}

function collectPrice(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const match = /^([^=]+)=([0-9]+(?:\.[0-9]+)?)$/.exec(text);
  if (match === null) {
    throw new CommandFailure(
      ExitCode.usage,
      `--price: expected CODE=PRICE such as EUR=1.08, found ${JSON.stringify(text)}`,
    );
  }
  return { ...earlier, [match[1] ?? '']: match[2] ?? '' };
}
