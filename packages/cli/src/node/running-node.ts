import type { BtpConnectError } from '@pennyswitch/btp';
import {
  btpLink,
  configuredRates,
  Connector,
  type AccountSettings,
  type Logger,
} from '@pennyswitch/connector-core';
import { createAdminApi } from '@pennyswitch/connector-core/admin';
import { createSettlementApi } from '@pennyswitch/connector-core/settlement-api';
import type { AccountConfig, NodeConfig } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { engineFetch } from './engine-fetch.js';
import { serveHttp, type RunningServer } from './http.js';
import { BtpLinks } from './links.js';
import { listenSomewhere, type ListenOptions, type Listener } from './listen.js';

/** What starting a node takes beside its configuration. */
export interface NodeEnvironment {
  readonly logger: Logger;
  /** Tells the operator something that is not for the log. */
  readonly warn: (message: string) => void;
  /** Told when the server at the other end of an account refuses its token. */
  readonly onRefused?: (account: string, error: BtpConnectError) => void;
}

/** Where a node listens. */
export interface NodeListeners {
  readonly btp: Listener | undefined;
  readonly admin: Listener | undefined;
  readonly settlementApi: Listener | undefined;
}

/** A connector with its links and HTTP interfaces, as the configuration says. */
export class RunningNode {
  readonly connector: Connector;
  readonly listeners: NodeListeners;
  readonly #links: BtpLinks;
  readonly #servers: readonly RunningServer[];

  private constructor(
    connector: Connector,
    links: BtpLinks,
    listeners: NodeListeners,
    servers: readonly RunningServer[],
  ) {
    this.connector = connector;
    this.#links = links;
    this.listeners = listeners;
    this.#servers = servers;
  }

  /**
   * Starts a node. It takes packets when this returns; peers that are away are connected to later.
   * @throws {@link CommandFailure}
   */
  static async start(config: NodeConfig, environment: NodeEnvironment): Promise<RunningNode> {
    const { logger, onRefused } = environment;
    const links = new BtpLinks(config.accounts, logger, (account, error) => {
      logger.error('the token of an account was refused', { account, error: error.message });
      onRefused?.(account, error);
    });
    if (links.server !== undefined && config.btp === undefined) {
      throw new CommandFailure(
        ExitCode.configuration,
        'btp: expected a host and port to listen on, since accounts have links with listen: true',
      );
    }
    const connector = createConnector(config, logger);
    const servers: RunningServer[] = [];
    try {
      await addAccounts(connector, config, links);
      const listeners = await openListeners(config, environment, connector, links, servers);
      await connector.start();
      links.connect();
      return new RunningNode(connector, links, listeners, servers);
    } catch (error) {
      await Promise.all(servers.map((server) => server.close()));
      await links.close();
      throw error;
    }
  }

  /** Takes no new packets, waits for those in flight, closes links and servers. */
  async stop(drainMs?: number): Promise<void> {
    await this.connector.stop(drainMs === undefined ? {} : { drainMs });
    await this.#links.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

function createConnector(config: NodeConfig, logger: Logger): Connector {
  const { address, network, rates, spread, routing, forwarding } = config;
  return new Connector({
    logger,
    fetch: engineFetch(config.accounts),
    ...(address === undefined ? {} : { address: address }),
    ...(network === undefined ? {} : { network }),
    ...(rates === undefined ? {} : { rates: configuredRates(definedOnly(rates)) }),
    ...(spread === undefined ? {} : { spread }),
    ...(routing === undefined
      ? {}
      : { routing: { secret: new Uint8Array(Buffer.from(routing.secret, 'base64')) } }),
    ...(forwarding === undefined ? {} : { policy: definedOnly(forwarding) }),
  });
}

async function addAccounts(
  connector: Connector,
  config: NodeConfig,
  links: BtpLinks,
): Promise<void> {
  for (const [id, account] of Object.entries(config.accounts)) {
    try {
      await connector.addAccount(accountSettings(id, account), btpLink(links.endpoint(id)));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CommandFailure(ExitCode.configuration, `accounts.${id}: ${reason}`, { cause });
    }
  }
}

function accountSettings(id: string, config: AccountConfig): AccountSettings {
  const { link: _link, settlement, limits, ...rest } = config;
  return {
    id,
    ...definedOnly(rest),
    ...(limits === undefined
      ? {}
      : { limits: definedOnly(limits) as NonNullable<AccountSettings['limits']> }),
    ...(settlement === undefined
      ? {}
      : {
          settlement: {
            engineUrl: settlement.engine,
            ...definedOnly({
              threshold: settlement.threshold,
              settleTo: settlement.settleTo,
              scale: settlement.scale,
            }),
          },
        }),
  };
}

async function openListeners(
  config: NodeConfig,
  { warn }: NodeEnvironment,
  connector: Connector,
  links: BtpLinks,
  servers: RunningServer[],
): Promise<NodeListeners> {
  const options = (name: string): ListenOptions => ({ name, strict: config.strictPorts, warn });
  const { admin, settlementApi } = config;
  const open = async (
    where: Listener | undefined,
    name: string,
    handler: () => (request: Request) => Response | Promise<Response>,
  ): Promise<Listener | undefined> => {
    if (where === undefined) return undefined;
    const answer = handler();
    const server = await listenSomewhere(where, options(name), (place) => serveHttp(place, answer));
    servers.push(server);
    return { host: server.host, port: server.port };
  };
  const { server } = links;
  return {
    admin: await open(
      admin,
      'admin API',
      () => createAdminApi(connector, { token: admin?.token ?? '' }).fetch,
    ),
    settlementApi: await open(
      settlementApi,
      'settlement API',
      () => createSettlementApi(connector, definedOnly({ token: settlementApi?.token })).fetch,
    ),
    btp:
      server === undefined || config.btp === undefined
        ? undefined
        : await listenSomewhere(config.btp, options('BTP'), (place) => server.listen({ ...place })),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined, which exact optional properties do not allow. */
function definedOnly<T extends object>(
  value: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, inner]) => inner !== undefined),
  ) as never;
}
