import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import {
  Agent,
  buildConnector,
  fetch as undiciFetch,
  type RequestInit as UndiciRequestInit,
} from 'undici';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** Options of curl's that change how a host is reached, but never which host has to prove itself. */
export interface HttpsFlags {
  /** A file of certificate authorities (PEM) to trust beside the usual ones. */
  readonly ca?: string;
  /** `HOST:PORT:ADDRESS:PORT`, repeatable: connect there instead; name and certificate stay those of HOST. */
  readonly connectTo?: readonly string[];
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A `fetch` for SPSP queries. @throws {@link CommandFailure} for flags that are wrong. */
export function createFetch({ ca, connectTo = [] }: HttpsFlags): Fetch {
  const targets = new Map(connectTo.map(parseConnectTo));
  const connect = buildConnector(
    ca === undefined ? {} : { ca: [...rootCertificates, readAuthorities(ca)] },
  );
  const dispatcher = new Agent({
    // A command asks once: nothing is gained by a connection that is kept, and the process would wait for it.
    keepAliveTimeout: 1,
    connect: (options, callback) => {
      const target = targets.get(`${options.hostname}:${options.port || '443'}`);
      connect(
        target === undefined
          ? options
          : { ...options, ...target, servername: options.servername ?? options.hostname },
        callback,
      );
    },
  });
  return async (url, init) => {
    // The same standard twice: undici's own types and the platform's do not know of each other.
    const response = await undiciFetch(url, { ...(init as UndiciRequestInit), dispatcher });
    return response as unknown as Response;
  };
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

function parseConnectTo(text: string): [string, { hostname: string; port: string }] {
  const match = CONNECT_TO.exec(text);
  if (match === null) {
    throw new CommandFailure(
      ExitCode.usage,
      `--connect-to: expected HOST:443:ADDRESS:PORT, found ${JSON.stringify(text)}`,
    );
  }
  const [, host = '', port = '', address = '', addressPort = ''] = match;
  return [
    `${host.toLowerCase()}:${port}`,
    { hostname: address.replace(/^\[|\]$/g, ''), port: addressPort },
  ];
}
