import { Command, CommanderError } from 'commander';
import { demoCommand } from './commands/demo.js';
import { decodeCommand } from './commands/decode.js';
import { nodeCommand } from './commands/node.js';
import { payCommand } from './commands/pay.js';
import { receiveCommand } from './commands/receive.js';
import { testSettlementCommand } from './commands/test-settlement.js';
import { CommandFailure, ExitCode } from './exit-codes.js';
import { packageVersion } from './package-files.js';

/** The `pennyswitch` command with its subcommands. */
export function createProgram(): Command {
  const program = new Command('pennyswitch')
    .description('Interledger node, wallet and tools')
    .version(packageVersion())
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addCommand(demoCommand())
    .addCommand(nodeCommand())
    .addCommand(receiveCommand())
    .addCommand(payCommand())
    .addCommand(decodeCommand())
    .addCommand(testSettlementCommand(), { hidden: true });
  for (const command of program.commands) command.exitOverride();
  return program;
}

/**
 * Runs the command line and says how it ended.
 * @param argv the arguments behind the program's name.
 */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' });
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
