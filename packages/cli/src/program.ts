import { Command, CommanderError } from 'commander';
import { CommandFailure, ExitCode } from './exit-codes.js';
import { packageVersion } from './package-files.js';

/**
 * The subcommands, each in a module that is loaded when it is needed: a network of seven processes starts in half the time
 * when none of them loads what only the others use.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
  node: async () => (await import('./commands/node.js')).nodeCommand(),
  config: async () => (await import('./commands/config.js')).configCommand(),
  receive: async () => (await import('./commands/receive.js')).receiveCommand(),
  pay: async () => (await import('./commands/pay.js')).payCommand(),
  invoice: async () => (await import('./commands/invoice.js')).invoiceCommand(),
  'verify-receipts': async () =>
    (await import('./commands/verify-receipts.js')).verifyReceiptsCommand(),
  account: async () => (await import('./commands/account.js')).accountCommand(),
  routes: async () => (await import('./commands/routes.js')).routesCommand(),
  rates: async () => (await import('./commands/rates.js')).ratesCommand(),
  settle: async () => (await import('./commands/settle.js')).settleCommand(),
  decode: async () => (await import('./commands/decode.js')).decodeCommand(),
  'test-settlement': async () =>
    (await import('./commands/test-settlement.js')).testSettlementCommand(),
};

/** Those that no person runs by hand. */
const HIDDEN: ReadonlySet<string> = new Set(['test-settlement']);

/** The `pennyswitch` command, with the subcommand that `argv` names, or all of them where it names none. */
async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('pennyswitch')
    .description('Interledger node, wallet and tools')
    .version(packageVersion())
    .exitOverride();
  const [name = ''] = argv;
  const names = Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS);
  for (const each of names) {
    const command = await COMMANDS[each]?.();
    if (command !== undefined) {
      for (const inner of command.commands) inner.exitOverride();
      program.addCommand(command.exitOverride(), { hidden: HIDDEN.has(each) });
    }
  }
  return program;
}

/**
 * Runs the command line and says how it ended.
 * @param argv the arguments behind the program's name.
 */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    const program = await createProgram(argv);
    await program.parseAsync(argv, { from: 'user' });
    return (process.exitCode as ExitCode | undefined) ?? ExitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    }
    if (error instanceof CommandFailure) {
      process.stderr.write(`pennyswitch: ${error.message}\n`);
      return error.exitCode;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`pennyswitch: this is a bug: ${text}\n`);
    return ExitCode.internal;
  }
}
