import {
  BtpClient,
  BtpServer,
  equalSecrets,
  type BtpConnectError,
  type BtpEndpoint,
} from '@pennyswitch/btp';
import type { Logger } from '@pennyswitch/connector-core';
import type { AccountConfig, NodeConfig } from '../config/schema.js';

/** The BTP ends of a node: one server for those who connect to us, a client for each that we connect to. */
export class BtpLinks {
  /** Undefined where no account is connected to. */
  readonly server: BtpServer | undefined;
  readonly #clients = new Map<string, BtpClient>();
  readonly #logger: Logger;

  /** @param onRefused told when a server refuses the token of an account. */
  constructor(
    accounts: NodeConfig['accounts'],
    logger: Logger,
    onRefused: (account: string, error: BtpConnectError) => void,
  ) {
    this.#logger = logger;
    const tokens = new Map<string, string>();
    for (const [id, { link }] of Object.entries(accounts)) {
      if ('listen' in link) tokens.set(id, link.token);
      else this.#clients.set(id, this.#createClient(id, link, onRefused));
    }
    if (tokens.size > 0) this.server = this.#createServer(tokens);
  }

  /** The end of the link of one account. */
  endpoint(id: string): BtpEndpoint {
    const endpoint = this.#clients.get(id) ?? this.server?.account(id);
    if (endpoint === undefined) throw new Error(`account ${id} has no link`);
    return endpoint;
  }

  /** Starts to connect wherever we connect, and goes on until it succeeds or the node is stopped. */
  connect(): void {
    for (const client of this.#clients.values()) {
      // A refusal is told by its own event, and there is nobody here to tell of a node that stops.
      client.connect({ timeoutMs: Infinity }).catch(() => undefined);
    }
  }

  /** Closes what the connector does not close with its accounts. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    await this.server?.close();
  }

  #createServer(tokens: ReadonlyMap<string, string>): BtpServer {
    const server = new BtpServer({
      logger: this.#logger,
      authenticate: ({ token }) => {
        // All are compared, so that the time tells nothing about which token is nearly right.
        let account: string | undefined;
        for (const [id, expected] of tokens) if (equalSecrets(token, expected)) account = id;
        return Promise.resolve(account);
      },
    });
    server.on('refused', ({ address, reason }) => {
      this.#logger.warn('a BTP client was refused', { address, reason });
    });
    return server;
  }

  #createClient(
    id: string,
    link: Extract<AccountConfig['link'], { url: string }>,
    onRefused: (account: string, error: BtpConnectError) => void,
  ): BtpClient {
    const client = new BtpClient({
      url: link.url,
      logger: this.#logger,
      ...(link.username === undefined ? {} : { username: link.username }),
      ...(link.token === undefined ? {} : { token: link.token }),
    });
    client.on('refused', (error) => {
      onRefused(id, error);
    });
    return client;
  }
}
