import type { IldcpResponse } from '@pennyswitch/ildcp';
import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { EventEmitter } from 'eventemitter3';
import { Account } from '../account/account.js';
import { isSameRouting } from '../account/routing-settings.js';
import type { AccountSettings } from '../account/settings.js';
import type { Clock, Logger, RandomBytes } from '../environment.js';
import { ConnectorError, LedgerError, messageOf } from '../errors.js';
import type { ConnectorEvents } from '../events.js';
import type { LedgerStore } from '../ledger/ledger-store.js';
import type { Link } from '../links/link.js';
import type { Forwarder } from '../pipeline/forwarder.js';
import type { Routing } from '../routing/routing.js';
import type { Settlement } from '../settlement/settlement.js';
import { notify } from '../notify.js';
import { segmentOf, type NodeState } from './node-state.js';
import { ParentConfiguration } from './parent-configuration.js';

/** What taking accounts in and out of service needs. */
export interface AccountServiceOptions {
  readonly node: NodeState;
  readonly routing: Routing;
  readonly settlement: Settlement;
  readonly forwarder: Forwarder;
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  readonly events: EventEmitter<ConnectorEvents>;
  /** Whether a parent gives the node's address: it has none of its own. */
  readonly inheritsAddress: boolean;
  readonly addressRefreshMs: number;
}

/** How an account goes out of service. */
export interface RemoveAccountOptions {
  /** Deletes its book too. Otherwise the balance is there again when the account is. */
  readonly forget?: boolean;
  /** How long to wait for its packets to end, in milliseconds; default 30 000. */
  readonly drainMs?: number;
}

/** How long packets under way are waited for, in milliseconds, where nothing else is said. */
export const DRAIN_MS = 30_000;

/** Everything that follows from an account coming, going, or its link doing so. */
export class AccountService {
  readonly #options: AccountServiceOptions;
  readonly #parents = new Map<string, ParentConfiguration>();
  readonly #unsubscribe = new Map<string, () => void>();
  /** Those whose removal is under way: it would take along what a new one of the same id has in store and engine. */
  readonly #leaving = new Set<string>();
  #isStarted = false;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  /** Takes an account into service, see {@link Connector.addAccount}. */
  async add(settings: AccountSettings, link: Link): Promise<void> {
    const { clock, node, store, forwarder } = this.#options;
    const account = new Account(settings, link, clock.now());
    this.#checkFits(account);
    if (account.asset !== undefined) {
      await store.openAccount(account.id, account.asset);
      this.#checkFits(account);
    }
    node.addAccount(account);
    link.setHandler((octets) => forwarder.handle(account, octets));
    if (this.#isStarted) await this.#activate(account);
    notify(this.#options, 'accountAdded', account.id);
  }

  /** Takes an account out of service, see {@link Connector.removeAccount}. */
  async remove(account: Account, options: RemoveAccountOptions): Promise<void> {
    const { node, forwarder, settlement, store } = this.#options;
    this.#deactivate(account);
    node.removeAccount(account);
    this.#leaving.add(account.id);
    try {
      account.link.setHandler(() => Promise.resolve(forwarder.refusal()));
      await forwarder.whenIdle(options.drainMs ?? DRAIN_MS, account);
      await account.link.close();
      await settlement.removeAccount(account.id);
      if (options.forget === true) await store.deleteAccount(account.id);
    } finally {
      this.#leaving.delete(account.id);
    }
    notify(this.#options, 'accountRemoved', account.id);
  }

  /** Takes other settings for an account, see {@link Connector.changeAccount}. */
  async change(account: Account, settings: AccountSettings): Promise<void> {
    const { clock, routing, settlement } = this.#options;
    const before = account.settings;
    account.change(settings, clock.now());
    if (this.#isStarted) {
      if (differInRoutes(before, settings)) routing.changeAccount(account);
      // A threshold may be passed by being lowered.
      if (account.asset !== undefined) await settlement.resume(account);
    }
    notify(this.#options, 'accountChanged', account.id);
  }

  async start(): Promise<void> {
    this.#isStarted = true;
    for (const account of this.#options.node.accounts.values()) await this.#activate(account);
  }

  /** Stops asking parents, and closes all links. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    const accounts = [...this.#options.node.accounts.values()];
    for (const account of accounts) this.#deactivate(account);
    await Promise.allSettled(accounts.map((account) => account.link.close()));
  }

  /** Takes this node's address; children and routes follow in the same step. */
  setAddress(address: IlpAddress): void {
    const { node, routing, logger } = this.#options;
    if (address === node.address) return;
    node.setAddress(address);
    routing.setAddress(address);
    logger.info('this node has an address', { address });
    notify(this.#options, 'address', address);
  }

  #checkFits(account: Account): void {
    const { node } = this.#options;
    if (node.accounts.has(account.id)) {
      throw new ConnectorError('DUPLICATE_ACCOUNT', `there is an account ${account.id} already`);
    }
    if (this.#leaving.has(account.id)) {
      throw new ConnectorError(
        'DUPLICATE_ACCOUNT',
        `the account ${account.id} is still being removed; add it again when that is done`,
      );
    }
    const sibling = account.relation === 'child' ? node.childOf(segmentOf(account)) : undefined;
    if (sibling !== undefined) {
      throw new ConnectorError(
        'DUPLICATE_ACCOUNT',
        `account ${account.id} and ${sibling.id} would have the same address: both have the segment ${segmentOf(account)}`,
      );
    }
    const inherits = this.#inherits(account);
    if (!inherits && account.settings.asset === undefined) {
      throw new ConnectorError('BAD_SETTING', `account ${account.id} needs an asset`);
    }
    if (!inherits) return;
    const other = [...node.accounts.values()].find((each) => this.#inherits(each));
    if (other !== undefined) {
      throw new ConnectorError(
        'BAD_SETTING',
        `account ${account.id}: only one parent gives the address, and ${other.id} does already (RFC 0034); set inheritAddress: false and an asset`,
      );
    }
  }

  #inherits(account: Account): boolean {
    return (
      account.relation === 'parent' &&
      (account.settings.inheritAddress ?? this.#options.inheritsAddress)
    );
  }

  async #activate(account: Account): Promise<void> {
    const { routing, settlement } = this.#options;
    settlement.addAccount(account);
    routing.addAccount(account);
    if (this.#inherits(account)) this.#parents.set(account.id, this.#askParent(account));
    this.#unsubscribe.set(
      account.id,
      account.link.onConnectionChange((connected) => {
        this.#changeLink(account, connected);
      }),
    );
    if (account.link.isConnected) this.#changeLink(account, true);
    if (account.asset !== undefined) await settlement.resume(account);
  }

  #deactivate(account: Account): void {
    this.#options.routing.removeAccount(account);
    this.#parents.get(account.id)?.stop();
    this.#parents.delete(account.id);
    this.#unsubscribe.get(account.id)?.();
    this.#unsubscribe.delete(account.id);
  }

  #changeLink(account: Account, connected: boolean): void {
    const { routing, logger } = this.#options;
    logger.info(connected ? 'a link is up' : 'a link is down', { account: account.id });
    if (connected) this.#parents.get(account.id)?.refresh();
    routing.changeLink(account, connected);
    notify(this.#options, 'link', account.id, connected);
  }

  #askParent(parent: Account): ParentConfiguration {
    const { clock, randomBytes, logger, addressRefreshMs } = this.#options;
    return new ParentConfiguration({
      parent,
      clock,
      randomBytes,
      logger,
      refreshMs: addressRefreshMs,
      onConfigured: (response) => this.#configure(parent, response),
    });
  }

  /** Takes what a parent says. The asset goes first: without it the address is of no use. */
  async #configure(parent: Account, response: IldcpResponse): Promise<void> {
    const { store, settlement, logger } = this.#options;
    const wasKnown = parent.asset !== undefined;
    try {
      const asset = { code: response.assetCode, scale: response.assetScale };
      if (!wasKnown) await store.openAccount(parent.id, asset);
      parent.learnAsset(asset);
      this.setAddress(response.clientAddress);
    } catch (error) {
      const problem = asProblem(error);
      logger.error(problem.message, { account: parent.id });
      notify(this.#options, 'accountProblem', parent.id, problem);
      throw problem;
    }
    if (!wasKnown) await settlement.resume(parent);
  }
}

function differInRoutes(a: AccountSettings, b: AccountSettings): boolean {
  return (
    a.sendRoutes !== b.sendRoutes ||
    a.receiveRoutes !== b.receiveRoutes ||
    a.staticRoutes?.join(' ') !== b.staticRoutes?.join(' ') ||
    !isSameRouting(a.routing, b.routing)
  );
}

/** What somebody must look at: the parent contradicts configuration, or the book that an earlier run left. */
function asProblem(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const code =
    error instanceof LedgerError && error.code === 'ASSET_CHANGED' ? 'ASSET_MISMATCH' : 'STORE';
  return new ConnectorError(code, messageOf(error), { cause: error });
}
