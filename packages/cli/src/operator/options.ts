import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { nodeConfigSchema } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { tokensOf } from '../node/tokens.js';
import { NodeApi } from './node-api.js';

/** What every command that speaks to a node takes. */
export interface OperatorOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

const DEFAULT_URL = 'http://127.0.0.1:7770';

/** Adds the options that say which node is meant. A token is no option: others can read command lines. */
export function withOperatorOptions(command: Command): Command {
  return command
    .option('--config <file>', "take address and token from the node's configuration file")
    .addOption(
      new Option('--admin <url>', `the node's admin API (default ${DEFAULT_URL})`).env(
        'PENNYSWITCH_ADMIN',
      ),
    )
    .option(
      '--token-file <file>',
      'a file with the token; otherwise PENNYSWITCH_ADMIN_TOKEN in the environment',
    )
    .option('--json', 'print what the node answers as JSON');
}

/** The node that the options mean. @throws {@link CommandFailure} */
export function nodeApiOf({ config: file, admin, tokenFile }: OperatorOptions): NodeApi {
  const configured = file === undefined ? undefined : adminOf(file);
  const token =
    tokenFile === undefined
      ? (process.env['PENNYSWITCH_ADMIN_TOKEN'] ?? configured?.token)
      : readToken(tokenFile);
  return new NodeApi({ url: admin ?? configured?.url ?? DEFAULT_URL, token });
}

function adminOf(file: string): { url: string; token: string | undefined } {
  const { admin } = loadConfig(file, nodeConfigSchema);
  if (admin === undefined) {
    throw new CommandFailure(ExitCode.configuration, `${file} has no admin: { port, token }`);
  }
  const host = /^(0\.0\.0\.0|::)$/.test(admin.host) ? '127.0.0.1' : admin.host;
  const authority = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${authority}:${admin.port}`, token: tokensOf(admin.token).at(-1) };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `cannot read ${file}: ${reason}`, { cause });
  }
}
