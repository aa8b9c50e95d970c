import { InvalidArgumentError, Option, type Command } from 'commander';
import { checkConfig, loadConfig } from '../config/load.js';
import { walletProfileSchema, type WalletProfile } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** The options by which `pay` and `receive` are told of their uplink. */
export interface UplinkFlags {
  readonly uplink?: string;
  readonly profile?: string;
}

/** Adds `--uplink` and `--profile` to a command. */
export function addUplinkOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--uplink <url>', 'the connector to be a child of: btp+wss://:TOKEN@HOST:PORT')
        .env('PENNYSWITCH_UPLINK')
        .conflicts('profile'),
    )
    .option(
      '--profile <file>',
      'the uplink and more from a YAML or JSON file that only you can read (mode 0600)',
    );
}

/** The profile that the flags stand for. @throws {@link CommandFailure} */
export function profileOf({ uplink, profile }: UplinkFlags): WalletProfile {
  if (profile !== undefined) return loadConfig(profile, walletProfileSchema, { isSecret: true });
  if (uplink === undefined) {
    throw new CommandFailure(ExitCode.usage, 'which connector? Give --uplink or --profile');
  }
  return checkConfig({ uplink: { url: uplink } }, walletProfileSchema, '--uplink', {});
}

/** Reads an option that is a decimal from 0 to below 1. */
export function parseShare(text: string): string {
  if (!/^0(\.[0-9]+)?$/.test(text)) {
    throw new InvalidArgumentError('expected a decimal from 0 to below 1, for example 0.01');
  }
  return text;
}

/** Reads an option that is a decimal above 0. */
export function parseRate(text: string): string {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || /^[0.]+$/.test(text)) {
    throw new InvalidArgumentError('expected a decimal above 0, for example 1.08');
  }
  return text;
}
