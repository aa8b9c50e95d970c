import { Command, Option } from 'commander';
import {
  AmountError,
  parsePaymentPointer,
  PaymentPointerError,
  quote,
  SpspClient,
  SpspError,
  type SpspAmount,
} from '@pennyswitch/spsp';
import {
  PaymentError,
  type Asset,
  type PaymentOutcome,
  type PaymentProgress,
  type Quote,
} from '@pennyswitch/stream';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { ProgressBar } from '../text/progress.js';
import { askYesNo, canAsk } from '../wallet/ask.js';
import { addHttpsOptions, createFetch, type HttpsFlags } from '../wallet/https.js';
import {
  addUplinkOptions,
  parseRate,
  parseShare,
  profileOf,
  type UplinkFlags,
} from '../wallet/profile.js';
import { Wallet } from '../wallet/wallet.js';
import { printEvent, printLine, showAmount, warn } from './output.js';
import { PaymentFile } from '../wallet/payment-file.js';
import { resumeOffer, type Offer } from './pay-resume.js';
import { DEFAULT_PATIENCE_S, parsePatience, policyOf } from './pay-patience.js';
import { describeQuote } from './pay-quote.js';
import { describeOutcome, exitCodeOf, jsonOutcome, jsonQuote } from './payment-report.js';
import { untilStopped } from './signals.js';

interface PayFlags extends UplinkFlags, HttpsFlags {
  readonly asset?: string;
  readonly deliver?: boolean;
  readonly yes?: boolean;
  readonly slippage: string;
  readonly price?: Readonly<Record<string, string>>;
  readonly minRate?: string;
  readonly patience: number;
  readonly state?: string;
  readonly json?: boolean;
  readonly events?: boolean;
  readonly hold?: boolean;
}

/** `pennyswitch pay POINTER [AMOUNT]` */
export function payCommand(): Command {
  const command = new Command('pay')
    .description('pay a payment pointer')
    .argument(
      '<pointer>',
      "who is paid: '$wallet.example/bob', or the https URL of an SPSP endpoint",
    )
    .argument('[amount]', 'how much: 12.50; without, what is due of the invoice behind the pointer')
    .option(
      '--asset <code>',
      "what the amount is in, for example EUR: our own asset, or the receiver's, who then gets exactly that",
    )
    .option('--deliver', 'the amount is what arrives, not what is sent')
    .option('-y, --yes', 'pay without asking')
    .option(
      '--slippage <share>',
      'how much worse than expected the rate may be',
      parseShare,
      '0.01',
    )
    .option(
      '--price <CODE=PRICE>',
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
      '--patience <seconds>',
      'how long to go on without an answer or any progress, from 4 to 600',
      parsePatience,
      DEFAULT_PATIENCE_S,
    )
    .option(
      '--state <file>',
      'keep the payment in this file: the same command goes on with it where it was interrupted, and never pays twice',
    );
  addHttpsOptions(command)
    .option(
      '--json',
      'print one JSON object at the end, and nothing else on standard output; asks nothing',
    )
    .addOption(
      new Option(
        '--events',
        'print one JSON object per line for each thing that happens; asks nothing',
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
      '\nBefore it pays it shows what it will cost and asks. Where there is no terminal to ask at, it pays only with --yes.\n' +
        'Ctrl-C sends no more packets, waits for those in flight and tells what was sent and delivered.',
    );
  return addUplinkOptions(command).action(pay);
}

async function pay(
  pointer: string,
  amountText: string | undefined,
  flags: PayFlags,
): Promise<void> {
  const isForPrograms = flags.json === true || flags.events === true;
  if (!isForPrograms && flags.yes !== true && !canAsk()) {
    throw new CommandFailure(
      ExitCode.usage,
      'there is no terminal to ask at: give --yes to pay without being asked',
    );
  }
  checkArguments(pointer, amountText);
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
  const { signal } = interrupted;
  const file =
    flags.state === undefined
      ? undefined
      : await PaymentFile.open(flags.state, pointer, amountText);
  const wallet = await openWallet(profile, file, signal);
  try {
    const { asset, address } = wallet;
    if (flags.events === true) printEvent('wallet', { address, asset });
    const amount = amountOf(amountText, flags, asset);
    const offer = await makeOffer(wallet, client, { pointer, amount, file }, flags, signal);
    if (!isForPrograms) {
      process.stderr.write(`${describeQuote(pointer, offer, flags.price)}\n`);
      if (flags.yes !== true && !(await askYesNo('Pay?', signal))) {
        await offer.close();
        throw new CommandFailure(ExitCode.ok, 'not paid. Nothing was sent.');
      }
    }
    const outcome = await execute(offer, file, flags, signal);
    process.exitCode = report(pointer, offer.offer, outcome, flags);
    if (flags.hold === true) await stopped;
  } finally {
    await wallet.close();
    await file?.close();
  }
}

async function openWallet(
  profile: ReturnType<typeof profileOf>,
  file: PaymentFile | undefined,
  signal: AbortSignal,
): Promise<Wallet> {
  try {
    return await Wallet.open(profile, { warn, signal });
  } catch (error) {
    await file?.close();
    throw error;
  }
}

/** What is wrong whatever the uplink says is told before it is asked. @throws {@link CommandFailure} */
function checkArguments(pointer: string, amount: string | undefined): void {
  try {
    if (!/^https:/i.test(pointer)) parsePaymentPointer(pointer);
  } catch (cause) {
    if (!(cause instanceof PaymentPointerError)) throw cause;
    // A shell takes what follows an unquoted dollar sign for the name of a variable.
    const message =
      cause.code === 'NO_DOLLAR'
        ? `expected a payment pointer, in a shell in single quotes: '$wallet.example/bob'; or an https URL; found ${JSON.stringify(pointer.slice(0, 100))}`
        : cause.message;
    throw new CommandFailure(ExitCode.unknownPointer, message, { cause });
  }
  if (amount !== undefined && !/^[0-9]+(\.[0-9]+)?$/.test(amount)) {
    const shown = JSON.stringify(amount.slice(0, 100));
    throw new CommandFailure(ExitCode.usage, `${shown} is no decimal amount such as 12.50`);
  }
}

/** An amount in our own asset is what we send, one in another is what arrives. */
function amountOf(text: string | undefined, { asset, deliver }: PayFlags, own: Asset): SpspAmount {
  if (text === undefined) return { due: true };
  const arrives = deliver === true || (asset !== undefined && asset !== own.code);
  return arrives ? { deliver: text, asset } : { send: text, asset };
}

async function makeOffer(
  wallet: Wallet,
  client: SpspClient,
  { pointer, amount, file }: { pointer: string; amount: SpspAmount; file: PaymentFile | undefined },
  { slippage, price, minRate, patience, events }: PayFlags,
  signal: AbortSignal,
): Promise<Offer> {
  const path = { send: wallet.connector.sendLocal, policy: policyOf(patience), signal };
  const isResumed = file?.payment !== undefined;
  try {
    const offer = isResumed
      ? await resumeOffer(file, client, pointer, path)
      : await quote({
          ...{ ...path, pointer, amount, client, slippage, source: { asset: wallet.asset } },
          ...(price === undefined ? {} : { prices: price }),
          ...(minRate === undefined ? {} : { minRate }),
        });
    const { host, finalHost } = offer.details;
    if (host !== finalHost) {
      warn(`${host} answered through ${finalHost}: is that who you want to pay?`);
    }
    if (isResumed) warn('going on with the payment that was interrupted');
    if (events === true) printEvent('quote', jsonQuote(offer.offer));
    return offer;
  } catch (cause) {
    throw failureOf(cause, pointer, isResumed ? 'Nothing more was sent' : 'Nothing was sent');
  }
}

/** Why there is no quote, in one line. */
function failureOf(cause: unknown, pointer: string, sent: string): unknown {
  if (cause instanceof PaymentPointerError) {
    return new CommandFailure(ExitCode.unknownPointer, cause.message, { cause });
  }
  if (cause instanceof AmountError) {
    return new CommandFailure(ExitCode.usage, `${cause.message}. ${sent}.`, { cause });
  }
  if (cause instanceof PaymentError) {
    return new CommandFailure(exitCodeOf(cause), `${cause.message}. ${sent}.`, { cause });
  }
  if (!(cause instanceof SpspError)) return cause;
  if (cause.code === 'ABORTED') {
    return new CommandFailure(ExitCode.ok, `stopped. ${sent}.`, { cause });
  }
  const isUnknown = ['NOT_FOUND', 'GONE', 'BAD_ENDPOINT'].includes(cause.code);
  return new CommandFailure(
    isUnknown ? ExitCode.unknownPointer : ExitCode.pointerOffline,
    `${pointer}: ${cause.message}. ${sent}.`,
    { cause },
  );
}

async function execute(
  offer: Offer,
  file: PaymentFile | undefined,
  flags: PayFlags,
  signal: AbortSignal,
): Promise<PaymentOutcome> {
  const onProgress = flags.events === true ? eventProgress() : barProgress(offer.offer);
  // With a file it is the file that a payment goes on from.
  const keep = file === undefined ? {} : { save: file.save };
  const outcome = await offer.pay({ onProgress, signal, ...keep });
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
