import { BtpServer } from '@pennyswitch/btp';
import {
  btpLink,
  Connector,
  MemoryLink,
  type AccountSettings,
  type ConnectorOptions,
} from '@pennyswitch/connector-core';
import { StreamReceiver } from '@pennyswitch/stream';

export const USD = { code: 'USD', scale: 6 };

/** One of our connectors behind a BTP server. Accounts that connect to it are named by their token. */
export class OurNode {
  readonly connector: Connector;
  readonly server: BtpServer;
  #port: number;
  readonly #ending: (() => Promise<unknown>)[] = [];

  /** @param port where it listens; 0 for one that is free. */
  constructor(options: ConnectorOptions = {}, port = 0) {
    this.connector = new Connector(options);
    this.server = new BtpServer({ authenticate: ({ token }) => Promise.resolve(token) });
    this.#port = port;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  /** Starts it with these accounts, and listens. */
  async start(...accounts: readonly Partial<AccountSettings>[]): Promise<this> {
    for (const settings of accounts) {
      const { id = '', relation = 'peer' } = settings;
      const link = btpLink(this.server.account(id));
      await this.connector.addAccount({ asset: USD, ...settings, id, relation }, link);
    }
    await this.connector.start();
    const { port } = await this.server.listen({ port: this.#port, host: '127.0.0.1' });
    this.#port = port;
    return this;
  }

  /** Where the peer of an account connects to. */
  urlFor(account: string): string {
    return `btp+ws://:${account}@127.0.0.1:${this.#port}`;
  }

  /** A wallet below this connector, in memory. */
  async addWallet(id: string): Promise<Wallet> {
    const [ours, theirs] = MemoryLink.pair();
    await this.connector.addAccount({ id, relation: 'child', asset: USD }, ours);
    const wallet = new Wallet();
    await wallet.connector.addAccount({ id: 'up', relation: 'parent' }, theirs);
    await wallet.connector.start();
    this.#ending.push(() => wallet.connector.stop());
    return wallet;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#ending.map((end) => end()));
    await this.connector.stop({ drainMs: 100 });
    await this.server.close();
  }
}

/** A node with one parent, which gives it its address, and a STREAM receiver. */
export class Wallet {
  readonly connector: Connector = new Connector();
  readonly receiver: StreamReceiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(9),
    address: () => this.connector.address,
    asset: USD,
  });

  constructor() {
    this.connector.setLocalHandler((prepare) => this.receiver.handle(prepare));
  }
}

/** A wallet that a connector dials: the connector is its parent all the same. */
export async function startWalletServer(): Promise<{
  wallet: Wallet;
  url: string;
  stop(): Promise<void>;
}> {
  const wallet = new Wallet();
  const server = new BtpServer({ authenticate: () => Promise.resolve('up') });
  await wallet.connector.addAccount(
    { id: 'up', relation: 'parent' },
    btpLink(server.account('up')),
  );
  await wallet.connector.start();
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  return {
    wallet,
    url: `btp+ws://:x@127.0.0.1:${port}`,
    stop: async () => {
      await wallet.connector.stop({ drainMs: 100 });
      await server.close();
    },
  };
}
