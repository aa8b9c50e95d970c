import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { BtpClient, BtpServer, equalSecrets } from '@pennyswitch/btp';
import { btpLink, Connector, type Asset } from '@pennyswitch/connector-core';

/** How a {@link Provider} is made. */
export interface ProviderOptions {
  /** The connector that it is a child of, `btp+ws://:TOKEN@HOST:PORT`. */
  readonly uplink: string;
  /** The server to take the page's WebSocket on. */
  readonly server: Server;
  /** The origins of the page: no other may connect. */
  readonly origins: readonly string[];
  /** How much the page may spend in all, in whole units of the uplink's asset; default 5. */
  readonly budget?: bigint;
}

/** Where BTP is on the page's server. */
export const BTP_PATH = '/btp';
const UPLINK_TIMEOUT_MS = 15_000;
const DRAIN_MS = 2_000;

/**
 * Who gives the page access to Interledger (RFC 0028 "Terminology"): a connector with two accounts, its uplink and the page. What
 * the page may spend is the limit of its account.
 */
export class Provider {
  /** What the page shows to get in. */
  readonly token: string;
  readonly asset: Asset;
  /** What the page may spend in all, in units. */
  readonly budget: bigint;
  readonly #connector: Connector;

  private constructor(connector: Connector, asset: Asset, budget: bigint, token: string) {
    this.#connector = connector;
    this.asset = asset;
    this.budget = budget;
    this.token = token;
  }

  /** Connects to the uplink, and lets the page in. @throws ConnectorError `TIMEOUT` where the uplink gives no address. */
  static async start(options: ProviderOptions): Promise<Provider> {
    const { uplink, server, origins, budget = 5n } = options;
    const connector = new Connector();
    const client = new BtpClient({ url: uplink });
    const routes = { sendRoutes: false, receiveRoutes: false };
    await connector.addAccount({ id: 'uplink', relation: 'parent', ...routes }, btpLink(client));
    await connector.start();
    client.connect({ timeoutMs: Infinity }).catch(() => undefined);
    try {
      await connector.whenAddressed({ timeoutMs: UPLINK_TIMEOUT_MS });
      const { asset } = connector.account('uplink');
      if (asset === undefined) throw new Error('the uplink gave an address, but no asset');
      const token = randomBytes(16).toString('hex');
      const link = new BtpServer({
        authenticate: (credentials) =>
          Promise.resolve(equalSecrets(credentials.token, token) ? 'page' : undefined),
        allowedOrigins: origins,
        path: BTP_PATH,
      });
      link.attach(server);
      const units = budget * 10n ** BigInt(asset.scale);
      const limits = { maximumBalance: units };
      await connector.addAccount(
        { id: 'page', relation: 'child', asset, limits },
        btpLink(link.account('page')),
      );
      return new Provider(connector, asset, units, token);
    } catch (error) {
      await connector.stop({ drainMs: 0 });
      throw error;
    }
  }

  /** What the page owes for what it has sent, in units. */
  async spent(): Promise<bigint> {
    return (await this.#connector.balance('page')).net;
  }

  /** Takes no more packets, waits for those in flight but not for long, closes the links. */
  close(): Promise<void> {
    return this.#connector.stop({ drainMs: DRAIN_MS });
  }
}
