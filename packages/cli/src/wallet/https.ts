import { readFileSync } from 'node:fs';
import type { FetchFunction } from '@pennyswitch/spsp';
import { createNodeFetch } from '@pennyswitch/spsp/node';
import type { Command } from 'commander';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** Options of curl's that change how a host is reached, but never which host has to prove itself. */
export interface HttpsFlags {
  /** A file of certificate authorities (PEM) to trust beside the usual ones. */
  readonly ca?: string;
  /** `HOST:PORT:ADDRESS:PORT`, repeatable: connect there instead; name and certificate stay those of HOST. */
  readonly connectTo?: readonly string[];
}

/** Adds `--ca` and `--connect-to` to a command. */
export function addHttpsOptions(command: Command): Command {
  return command
    .option(
      '--ca <file>',
      "certificate authorities (PEM) to trust for the pointer's server, beside the usual ones",
    )
    .option(
      '--connect-to <where>',
      "connect to another address, as curl's --connect-to does: HOST:443:ADDRESS:PORT (repeatable)",
      (text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text],
    );
}

/**
 * A `fetch` for SPSP queries. It goes where a person tells it to, private networks included.
 * @throws {@link CommandFailure} for flags that are wrong.
 */
export function createFetch({ ca, connectTo = [] }: HttpsFlags): FetchFunction {
  const targets = new Map(connectTo.map(parseConnectTo));
  return createNodeFetch({
    allowPrivateAddresses: true,
    connectTo: (host, port) => targets.get(`${host}:${port}`),
    ...(ca === undefined ? {} : { ca: readAuthorities(ca) }),
  });
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `--ca: ${reason}`, { cause });
  }
}

const HOST = String.raw`\[[0-9A-Fa-f:.]+\]|[^:\[\]]+`;
const CONNECT_TO = new RegExp(`^(${HOST}):([0-9]{1,5}):(${HOST}):([0-9]{1,5})$`);

function parseConnectTo(text: string): [string, { host: string; port: number }] {
  const match = CONNECT_TO.exec(text);
  if (match === null) {
    throw new CommandFailure(
      ExitCode.usage,
      `--connect-to: expected HOST:443:ADDRESS:PORT, found ${JSON.stringify(text)}`,
    );
  }
  const [, host = '', port = '', address = '', addressPort = ''] = match;
  return [
    `${host.toLowerCase().replace(/^\[|\]$/g, '')}:${port}`,
    { host: address.replace(/^\[|\]$/g, ''), port: Number(addressPort) },
  ];
}
