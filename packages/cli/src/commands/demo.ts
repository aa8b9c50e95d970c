import { Command } from 'commander';
import type { ChildEvent } from '../demo/child.js';
import { runDemo, type DemoOptions, type PaymentResult } from '../demo/demo.js';
import type { DemoNetwork } from '../demo/demo-network.js';
import { ACCOUNTS } from '../demo/network.js';
import { POINTER, POINTER_HOST } from '../demo/plan.js';
import { describeNodes, describeResult, jsonResult } from '../demo/report.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { parseAmount } from '../text/amount.js';
import { ProgressBar } from '../text/progress.js';
import { printLine, showAmount, warn } from './output.js';
import { untilStopped } from './signals.js';

interface DemoFlags {
  readonly amount: string;
  readonly stay?: boolean;
  readonly json?: boolean;
}

const ASSET = ACCOUNTS[0]?.asset ?? { code: '', scale: 0 };

/** `pennyswitch demo`, which `npm start` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'run a whole network on this machine and pay through it: sender - A - B - C - receiver',
    )
    .option('--amount <amount>', `how much to send, in ${ASSET.code}`, '10.00')
    .option('--stay', 'leave the network up, and print how a second terminal can pay through it')
    .option('--json', 'print one JSON object at the end, and nothing else on standard output')
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const total = parseAmount(flags.amount, ASSET.scale);
  if (typeof total === 'string') throw new CommandFailure(ExitCode.usage, `--amount: ${total}`);
  const interrupt = new AbortController();
  const interrupted = untilStopped().then(() => {
    interrupt.abort();
  });
  const say = flags.json === true ? (): void => undefined : printLine;
  say(
    'Starting connectors A, B and C, a settlement system, a receiver and a sender, each a process of its own …',
  );
  const bar = new ProgressBar(process.stderr);
  const options: DemoOptions = {
    amount: flags.amount,
    guest: flags.stay === true,
    signal: interrupt.signal,
    onStderr: (name, line) => {
      warn(`${name}: ${line.replace(/^pennyswitch: /, '')}`);
    },
    onNodes: (nodes) => {
      say(`\n${describeNodes(nodes)}\n`);
      say(`Paying ${showAmount(total, ASSET)} to ${POINTER}:`);
    },
    onProgress: (event) => {
      if (flags.json !== true) showProgress(bar, event, total);
    },
    afterPayment: () => {
      bar.finish();
      return Promise.resolve();
    },
    whileUp: async (network, result) => {
      say(`\n${describeResult(result)}\n`);
      if (result.failure !== undefined) warn(result.failure);
      else say('The books agree.');
      if (flags.json === true) printLine(JSON.stringify(jsonResult(result)));
      if (flags.stay !== true) return;
      describeStay(network, say);
      await interrupted;
    },
  };
  const result = await runDemo(options);
  process.exitCode = result.exitCode;
}

function showProgress(bar: ProgressBar, event: ChildEvent, total: bigint): void {
  if (event.event === 'quote') {
    const limit = (event as unknown as { maxPacketAmount: string | null }).maxPacketAmount;
    if (limit !== null) {
      process.stderr.write(
        `The path takes packets of ${showAmount(BigInt(limit), ASSET)} at most (F08).\n`,
      );
    }
  } else if (event.event === 'progress') {
    const { sent, fulfilledPackets } = event as unknown as {
      sent: string;
      fulfilledPackets: number;
    };
    bar.update(
      BigInt(sent),
      total,
      `${showAmount(BigInt(sent), ASSET)} in ${fulfilledPackets} packets`,
    );
  } else if (event.event === 'result') {
    const { sent, packets } = event as unknown as PaymentResult;
    const text = `${showAmount(BigInt(sent.amount), ASSET)} in ${packets.fulfilled} packets`;
    bar.update(BigInt(sent.amount), total, text);
  }
}

function describeStay(network: DemoNetwork, say: (line: string) => void): void {
  const { guestUplink, spspPort } = network.plan;
  say(`\nThe network stays up until Ctrl-C. Pay ${POINTER} from a second terminal:\n`);
  say(
    `npx pennyswitch pay '${POINTER}' 5 --yes --uplink ${guestUplink} --connect-to ${POINTER_HOST}:443:127.0.0.1:${spspPort} --ca ${network.caFile}`,
  );
}
