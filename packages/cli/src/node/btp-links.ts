import {
  BtpClient,
  BtpServer,
  equalSecrets,
  type BtpConnectError,
  type BtpEndpoint,
} from '@pennyswitch/btp';
import type { Logger } from '@pennyswitch/connector-core';
import type { LinkConfig, NodeConfig } from '../config/schema.js';
import { readPem, readTls } from './files.js';
import { tokensOf } from './tokens.js';

/** A BTP link as the configuration says it. */
export type BtpLinkConfig = Extract<LinkConfig, { type: 'btp' }>;

/** The BTP ends of a node: one server for those who connect to us, a client for each that we connect to. */
export class BtpLinks {
  /** Undefined where the configuration has no port for it. */
  readonly server: BtpServer | undefined;
  readonly #clients = new Map<string, BtpClient>();
  /** What those who connect to us have to show, by account. */
  readonly #tokens = new Map<string, readonly string[]>();
  readonly #logger: Logger;
  readonly #onRefused: (account: string, error: BtpConnectError) => void;

  /** @param onRefused told when a server refuses the token of an account. */
  constructor(
    config: NodeConfig['btp'],
    logger: Logger,
    onRefused: (account: string, error: BtpConnectError) => void,
  ) {
    this.#logger = logger;
    this.#onRefused = onRefused;
    if (config !== undefined) this.server = this.#createServer(config);
  }

  /** The end of the link of one account. @returns undefined where the peer would have to connect, and there is no port. */
  open(id: string, link: BtpLinkConfig): BtpEndpoint | undefined {
    if ('listen' in link) {
      this.setTokens(id, link.token);
      return this.server?.account(id);
    }
    const client = this.#createClient(id, link);
    this.#clients.set(id, client);
    return client;
  }

  /** Starts to connect where we connect, and goes on until it succeeds or the link is closed. */
  connect(id: string): void {
    // A refusal is told by its own event, and there is nobody here to tell of a link that is closed.
    this.#clients
      .get(id)
      ?.connect({ timeoutMs: Infinity })
      .catch(() => undefined);
  }

  /** Ends the connection where we connect, until {@link connect}. */
  async disconnect(id: string): Promise<void> {
    await this.#clients.get(id)?.disconnect();
  }

  /** Takes these tokens from the peer. @throws Error if the peer of another account has one of them: it would be either. */
  setTokens(id: string, tokens: string | readonly string[]): void {
    const own = tokensOf(tokens);
    for (const [other, theirs] of this.#tokens) {
      if (other !== id && theirs.some((token) => own.includes(token))) {
        throw new Error(`the peer of ${other} has the same token; each account needs its own`);
      }
    }
    this.#tokens.set(id, own);
  }

  /** Reads the certificate again. */
  renewTls(config: NodeConfig['btp']): void {
    if (config?.tls !== undefined) this.server?.setTls(readTls(config.tls));
  }

  /** Forgets an account whose link is closed. */
  async release(id: string): Promise<void> {
    this.#tokens.delete(id);
    this.#clients.delete(id);
    await this.server?.removeAccount(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    await this.server?.close();
  }

  #createServer({ tls }: NonNullable<NodeConfig['btp']>): BtpServer {
    const server = new BtpServer({
      logger: this.#logger,
      ...(tls !== undefined && { tls: readTls(tls) }),
      authenticate: ({ token }) => {
        // All are compared, so that the time tells nothing about which token is nearly right.
        let account: string | undefined;
        for (const [id, expected] of this.#tokens) {
          for (const each of expected) if (equalSecrets(token, each)) account = id;
        }
        return Promise.resolve(account);
      },
    });
    server.on('refused', ({ address, reason }) => {
      this.#logger.warn('a BTP client was refused', { address, reason });
    });
    return server;
  }

  #createClient(id: string, link: Extract<BtpLinkConfig, { url: string }>): BtpClient {
    const { url, username, token, ca } = link;
    const client = new BtpClient({
      url,
      logger: this.#logger,
      ...(username !== undefined && { username }),
      ...(token !== undefined && { token }),
      ...(ca !== undefined && { tls: { ca: readPem(ca) } }),
    });
    client.on('refused', (error) => {
      this.#onRefused(id, error);
    });
    return client;
  }
}
