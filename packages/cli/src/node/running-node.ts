import { isDeepStrictEqual } from 'node:util';
import type { BtpConnectError } from '@pennyswitch/btp';
import { Connector, GroupLinks, MemoryTable } from '@pennyswitch/connector-core';
import { createAdminApi, createMetrics } from '@pennyswitch/connector-core/admin';
import { createSettlementApi } from '@pennyswitch/connector-core/settlement-api';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { linkSchema, type NodeConfig } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { packageVersion } from '../package-files.js';
import { NodeAccounts } from './accounts.js';
import { serveHttp, type FetchHandler, type RunningServer } from './http.js';
import { Links } from './links.js';
import { listenSomewhere, type ListenOptions, type Listener } from './listen.js';
import type { NodeLogger } from './logger.js';
import { PacketLog } from './packet-log.js';
import { NodeRates } from './rates.js';
import { openStore, type OpenStore } from './store.js';
import { needingRestart, type ReloadReport } from './reload.js';
import { tokensOf } from './tokens.js';

/** What starting a node takes beside its configuration. */
export interface NodeEnvironment {
  readonly logger: NodeLogger;
  /** Tells the operator something that is not for the log. */
  readonly warn: (message: string) => void;
  /** Told when the server at the other end of an account refuses its token. */
  readonly onRefused?: (account: string, error: BtpConnectError) => void;
}

/** Where a node listens. */
export interface NodeListeners {
  readonly btp: Listener | undefined;
  readonly http: Listener | undefined;
  readonly admin: Listener | undefined;
  readonly settlementApi: Listener | undefined;
}

/** What a node is made of. */
interface Parts {
  readonly connector: Connector;
  readonly links: Links;
  readonly accounts: NodeAccounts;
  readonly rates: NodeRates;
  readonly packetLog: PacketLog;
  readonly logger: NodeLogger;
  readonly closeStore: () => Promise<void>;
}

/** A connector with its links and HTTP interfaces, as the configuration says. */
export class RunningNode {
  readonly #parts: Parts;
  readonly #servers: RunningServer[] = [];
  /** What cannot change stays as this says. */
  readonly #startedWith: NodeConfig;
  #config: NodeConfig;
  #listeners: NodeListeners | undefined;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(config: NodeConfig, parts: Parts) {
    this.#startedWith = config;
    this.#config = config;
    this.#parts = parts;
  }

  get connector(): Connector {
    return this.#parts.connector;
  }

  get listeners(): NodeListeners {
    const nowhere = { btp: undefined, http: undefined, admin: undefined, settlementApi: undefined };
    return this.#listeners ?? nowhere;
  }

  /**
   * Starts a node. It takes packets when this returns; peers that are away are connected to later.
   * @throws {@link CommandFailure}
   */
  static async start(config: NodeConfig, environment: NodeEnvironment): Promise<RunningNode> {
    const node = new RunningNode(config, await makeParts(config, environment));
    try {
      await node.#start(environment);
      return node;
    } catch (error) {
      await node.#close();
      throw error;
    }
  }

  /**
   * Takes another version of the configuration as far as that is possible while the node runs: accounts, rates and spreads,
   * tokens, certificates, log level.
   */
  reload(next: NodeConfig): Promise<ReloadReport> {
    const report = this.#reloading.then(() => this.#reload(next));
    this.#reloading = report.catch(() => undefined);
    return report;
  }

  /** Takes no new packets, waits for those in flight, closes links and servers. */
  async stop(drainMs: number = this.#config.drainMs): Promise<void> {
    await this.connector.stop({ drainMs });
    await this.#close();
  }

  async #start(environment: NodeEnvironment): Promise<void> {
    const { connector, accounts, links, logger, packetLog } = this.#parts;
    await accounts.start(this.#config.accounts, (id, cause) => {
      if (cause instanceof CommandFailure) return cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new CommandFailure(ExitCode.configuration, `accounts.${id}: ${reason}`, { cause });
    });
    this.#listeners = await this.#listen(environment);
    packetLog.follow(logger.level);
    await connector.start();
    for (const { id } of connector.accounts()) links.connect(id);
    connector.on('accountAdded', (id) => {
      links.connect(id);
    });
  }

  async #reload(next: NodeConfig): Promise<ReloadReport> {
    const { accounts, logger, packetLog } = this.#parts;
    const before = this.#config;
    const done: string[] = [];
    const failed: string[] = [];
    const attempt = (what: string, differs: boolean, act: () => void): void => {
      if (!differs) return;
      try {
        act();
        done.push(what);
      } catch (error) {
        failed.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    const differ = (...names: (keyof NodeConfig)[]): boolean =>
      names.some((name) => !isDeepStrictEqual(before[name], next[name]));
    attempt('log level', differ('logLevel'), () => {
      logger.level = next.logLevel;
      packetLog.follow(next.logLevel);
    });
    attempt('rates and spreads', differ('rates', 'spread', 'spreads'), () => {
      this.#parts.rates.use(next);
    });
    // The files may have changed where their names have not.
    const hasTls = next.btp?.tls !== undefined || next.http?.tls !== undefined;
    attempt('certificates read again', hasTls, () => {
      this.#parts.links.renewTls(next);
    });
    for (const name of ['admin', 'settlementApi'] as const) {
      const isThere = before[name] !== undefined && next[name] !== undefined;
      const differs = !isDeepStrictEqual(before[name]?.token, next[name]?.token);
      attempt(`tokens of ${name}`, isThere && differs, () => undefined);
    }
    this.#config = next;
    const changes = await accounts.reload(next.accounts, next.drainMs);
    return {
      done: [...done, ...changes.done],
      failed: [...failed, ...changes.failed],
      needsRestart: needingRestart(this.#startedWith, next),
    };
  }

  async #listen({ warn }: NodeEnvironment): Promise<NodeListeners> {
    const { btp, http, admin, settlementApi, strictPorts } = this.#config;
    const { connector, links } = this.#parts;
    const options = (name: string): ListenOptions => ({ name, strict: strictPorts, warn });
    const serve = async (
      where: Listener | undefined,
      name: string,
      handler: () => FetchHandler,
    ): Promise<Listener | undefined> => {
      if (where === undefined) return undefined;
      const answer = handler();
      const server = await listenSomewhere(where, options(name), (at) => serveHttp(at, answer));
      this.#servers.push(server);
      return { host: server.host, port: server.port };
    };
    const open = async (
      where: Listener | undefined,
      name: string,
      server: { listen(at: { host: string; port: number }): Promise<Listener> } | undefined,
    ): Promise<Listener | undefined> => {
      if (where === undefined || server === undefined) return undefined;
      const { host, port } = await listenSomewhere(where, options(name), ({ host, port }) =>
        server.listen({ host, port }),
      );
      return { host, port };
    };
    return {
      admin: await serve(admin, 'admin API', () => this.#adminApi()),
      settlementApi: await serve(settlementApi, 'settlement API', () => {
        const token = (): readonly string[] => tokensOf(this.#config.settlementApi?.token ?? []);
        return createSettlementApi(connector, { token }).fetch;
      }),
      btp: await open(btp, 'BTP', links.btp.server),
      http: await open(http, 'ILP over HTTP', links.http.server),
    };
  }

  #adminApi(): FetchHandler {
    const { connector, accounts } = this.#parts;
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const api = createAdminApi(connector, {
      token: () => tokensOf(this.#config.admin?.token ?? []),
      version: packageVersion(),
      metrics: createMetrics(connector, registry),
      accounts: {
        linkSchema,
        add: (settings, link) => accounts.add(settings, link),
        change: (settings) => accounts.change(settings),
        remove: (id, options) => accounts.remove(id, options),
      },
    });
    return api.fetch;
  }

  async #close(): Promise<void> {
    const { accounts, links, rates, closeStore } = this.#parts;
    accounts.stop();
    rates.stop();
    await links.close();
    await Promise.all(this.#servers.map((server) => server.close()));
    await closeStore();
  }
}

async function makeParts(config: NodeConfig, environment: NodeEnvironment): Promise<Parts> {
  const opened = await openStore(config.store, environment.logger);
  try {
    return await assemble(config, environment, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function assemble(
  config: NodeConfig,
  { logger, onRefused }: NodeEnvironment,
  { store, group, close: closeStore }: OpenStore,
): Promise<Parts> {
  const rates = new NodeRates(logger);
  rates.use(config);
  const { address, network, routing, forwarding } = config;
  const linkGroup = group && {
    processes: group,
    links: await GroupLinks.open({ group, logger }),
  };
  const links = new Links(config, logger, linkGroup, (account, error) => {
    logger.error('the token of an account was refused', { account, error: error.message });
    onRefused?.(account, error);
  });
  const connector = new Connector({
    logger,
    rates,
    ...(store !== undefined && { store }),
    ...(group !== undefined && { group }),
    spread: rates.spread,
    ...(address !== undefined && { address }),
    ...(network !== undefined && { network }),
    ...(routing !== undefined && {
      routing: {
        ...(routing.secret !== undefined && {
          secret: new Uint8Array(Buffer.from(routing.secret, 'base64')),
        }),
        ...(routing.policy !== undefined && { policy: routing.policy }),
      },
    }),
    ...(forwarding !== undefined && { policy: forwarding }),
  });
  const table = (await group?.openTable('accounts')) ?? new MemoryTable();
  const accounts = new NodeAccounts({ connector, links, table, logger });
  const packetLog = new PacketLog(connector, logger);
  return { connector, links, accounts, rates, logger, packetLog, closeStore };
}
