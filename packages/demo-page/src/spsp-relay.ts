import { readFileSync } from 'node:fs';
import { createNodeFetch } from '@pennyswitch/spsp/node';
import type { ConnectTo } from './connect-to.js';
import type { RelayedResponse } from './page/ticket.js';

/** A query may take so long, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** The longest answer that is passed on, in bytes. */
const MAX_BODY_BYTES = 16_384;
/** What is passed on of a query's header. */
const HEADERS = ['accept', 'web-monetization-id'];

/**
 * Passes SPSP queries on to hosts that a browser does not reach or whose certificates it does not trust: those that a person has
 * named, and no other.
 */
export class SpspRelay {
  readonly hosts: readonly string[];
  readonly #fetch: ReturnType<typeof createNodeFetch>;

  /** @param ca a file with authorities (PEM) to trust beside the usual ones. */
  constructor(targets: readonly ConnectTo[], ca: string | undefined) {
    this.hosts = targets.map(({ host }) => host);
    this.#fetch = createNodeFetch({
      connectTo: (host, port) => {
        const target = targets.find((each) => each.host === host && each.port === port);
        return target && { host: target.address, port: target.addressPort };
      },
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    });
  }

  /** @returns undefined for a host that nobody has named. @throws what the request throws. */
  async ask(
    url: string,
    header: (name: string) => string | undefined,
  ): Promise<RelayedResponse | undefined> {
    if (!URL.canParse(url)) return undefined;
    const { protocol, host } = new URL(url);
    if (protocol !== 'https:' || !this.hosts.includes(host)) return undefined;
    const headers = HEADERS.flatMap((name) => {
      const value = header(name);
      return value === undefined ? [] : [[name, value] as [string, string]];
    });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#fetch(url, { headers, signal });
    return {
      status: response.status,
      headers: [...response.headers],
      body: await shortText(response),
    };
  }
}

async function shortText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES)
      throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
