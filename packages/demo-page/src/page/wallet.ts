/** A wallet in a page: a connector with one account, its provider, over BTP. */
import { BtpClient } from '@pennyswitch/btp';
import { btpLink, Connector, type Asset } from '@pennyswitch/connector-core';
import { SpspClient } from '@pennyswitch/spsp';
import type { RelayedResponse, WalletTicket } from './ticket.js';

const CONNECT_TIMEOUT_MS = 15_000;

/** What a page pays with. */
export interface PageWallet {
  readonly asset: Asset;
  readonly address: string;
  /** What the page may spend in all, in units. */
  readonly budget: bigint;
  /** Sends a Prepare, and returns the Fulfill or Reject. */
  readonly send: Connector['sendLocal'];
  /** Asks SPSP servers. */
  readonly client: SpspClient;
}

/** Opens the wallet that the page's server has a ticket for. @throws Error where the provider does not answer. */
export async function openWallet(): Promise<PageWallet> {
  const response = await fetch('/wallet.json');
  if (!response.ok) throw new Error(`no wallet: status ${response.status}`);
  const { uplink, budget, relayedHosts } = (await response.json()) as WalletTicket;
  const link = new BtpClient({ url: uplink });
  const connector = new Connector();
  const routes = { sendRoutes: false, receiveRoutes: false };
  await connector.addAccount({ id: 'provider', relation: 'parent', ...routes }, btpLink(link));
  await connector.start();
  await link.connect({ timeoutMs: CONNECT_TIMEOUT_MS });
  const address = await connector.whenAddressed();
  const { asset } = connector.account('provider');
  if (asset === undefined) throw new Error('the provider does not say what it counts in');
  return {
    asset,
    address,
    budget: BigInt(budget),
    send: connector.sendLocal,
    client: new SpspClient({ fetch: (url, init) => ask(url, init, relayedHosts) }),
  };
}

/** A `fetch` that goes straight to SPSP servers, but to those that a browser does not reach by way of the page's server. */
async function ask(
  url: string,
  init: RequestInit,
  relayedHosts: readonly string[],
): Promise<Response> {
  if (!relayedHosts.includes(new URL(url).host)) return fetch(url, init);
  const { headers, signal } = init;
  const relayed = await fetch(`/spsp?url=${encodeURIComponent(url)}`, {
    ...(headers === undefined ? {} : { headers }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!relayed.ok) throw new Error(await relayed.text());
  const answer = (await relayed.json()) as RelayedResponse;
  const fields = answer.headers.map(([name, value]): [string, string] => [name, value]);
  const hasBody = answer.body !== '';
  return new Response(hasBody ? answer.body : null, { status: answer.status, headers: fields });
}
