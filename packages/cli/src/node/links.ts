import { isDeepStrictEqual } from 'node:util';
import type { BtpConnectError } from '@pennyswitch/btp';
import {
  btpLink,
  ConnectorError,
  httpLink,
  type GroupLinks,
  type Link,
  type Logger,
  type ProcessGroup,
} from '@pennyswitch/connector-core';
import type { LinkConfig, NodeConfig } from '../config/schema.js';
import { CommandFailure } from '../exit-codes.js';
import { BtpLinks } from './btp-links.js';
import { HttpLinks } from './http-links.js';

/** The processes that act as one node, and the links that they have in common. */
export interface LinkGroup {
  readonly processes: ProcessGroup;
  readonly links: GroupLinks;
}

/** The links of a node's accounts, whatever carries them. */
export class Links {
  readonly btp: BtpLinks;
  readonly http: HttpLinks;
  readonly #group: LinkGroup | undefined;
  /** Accounts whose links shall be there. */
  readonly #toConnect = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param group the other processes of the node, if there are any.
   * @param onRefused told when a server refuses the token of an account.
   * @throws {@link CommandFailure} for a certificate that cannot be read.
   */
  constructor(
    config: NodeConfig,
    logger: Logger,
    group: LinkGroup | undefined,
    onRefused: (account: string, error: BtpConnectError) => void,
  ) {
    this.btp = new BtpLinks(config.btp, logger, onRefused);
    this.http = new HttpLinks(config.http, logger);
    this.#group = group;
    group?.processes.onLead((isLeader) => {
      this.#turn = this.#turn.then(() => this.#changeRole(isLeader));
    });
  }

  /**
   * Makes the link of an account; closing it releases what it holds here.
   * @throws {@link ConnectorError} `BAD_SETTING` for a link that cannot be.
   */
  open(id: string, config: LinkConfig): Link {
    const link = this.#make(id, config);
    const { btp, http } = this;
    if (config.type === 'http') return releasing(link, () => http.release(id));
    const shared = this.#group?.links.share(id, link) ?? link;
    return releasing(shared, () => {
      this.#toConnect.delete(id);
      return btp.release(id);
    });
  }

  /**
   * Starts to connect where we connect. Of processes that act as one node, the one that leads does: a peer expects one connection.
   */
  connect(id: string): void {
    this.#toConnect.add(id);
    if (this.#group?.processes.isLeader ?? true) this.btp.connect(id);
  }

  /** Takes what the peer has to show from another version of the link's settings. */
  setIncoming(id: string, config: LinkConfig): void {
    if (config.type === 'http') this.http.setIncoming(id, config);
    else if ('listen' in config) this.btp.setTokens(id, config.token);
  }

  /** Reads certificates again, for new connections. @throws {@link CommandFailure}; then the old ones stay. */
  renewTls(config: NodeConfig): void {
    this.btp.renewTls(config.btp);
    this.http.renewTls(config.http);
  }

  /** Closes what the connector does not close with its accounts. */
  async close(): Promise<void> {
    await Promise.all([this.btp.close(), this.http.close()]);
  }

  async #changeRole(isLeader: boolean): Promise<void> {
    const ids = [...this.#toConnect];
    if (isLeader) for (const id of ids) this.btp.connect(id);
    else await Promise.all(ids.map((id) => this.btp.disconnect(id)));
  }

  #make(id: string, config: LinkConfig): Link {
    try {
      if (config.type === 'btp') {
        const endpoint = this.btp.open(id, config);
        if (endpoint !== undefined) return btpLink(endpoint);
      } else {
        const endpoint = this.http.open(id, config);
        if (endpoint !== undefined) return httpLink(endpoint);
      }
    } catch (cause) {
      if (cause instanceof CommandFailure) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConnectorError('BAD_SETTING', `link: ${reason}`, { cause });
    }
    const { type } = config;
    throw new ConnectorError(
      'BAD_SETTING',
      `link: the peer is to connect to us, but the configuration has no ${type}: { host, port } to listen on`,
    );
  }
}

/** Whether two versions of a link differ at most in what the peer has to show, which can change under way. */
export function differsInIncomingOnly(a: LinkConfig, b: LinkConfig): boolean {
  return isDeepStrictEqual(withoutIncoming(a), withoutIncoming(b));
}

function withoutIncoming(link: LinkConfig): object {
  if (link.type === 'http') return { ...link, incoming: link.incoming !== undefined };
  return 'listen' in link ? { ...link, token: '' } : link;
}

/** The same link, with something to do when it is closed. */
function releasing(link: Link, release: () => Promise<void>): Link {
  return {
    get isConnected() {
      return link.isConnected;
    },
    send: (octets, options) => link.send(octets, options),
    setHandler: (handler) => {
      link.setHandler(handler);
    },
    onConnectionChange: (listener) => link.onConnectionChange(listener),
    close: async () => {
      await link.close();
      await release();
    },
  };
}
