import type { CcpAccountListing, RoutePage, RouteQuery } from '@pennyswitch/ccp-routing';
import type { IlpAddress, Network } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { EventEmitter } from 'eventemitter3';
import type { Account } from './account/account.js';
import type { AccountSettings } from './account/settings.js';
import type { ConnectorOptions } from './connector-options.js';
import {
  silentLogger,
  systemClock,
  systemRandomBytes,
  type Clock,
  type Logger,
} from './environment.js';
import { ConnectorError } from './errors.js';
import type { ConnectorEvents } from './events.js';
import type { LateFulfillment, LedgerStore, LostPacket } from './ledger/ledger-store.js';
import { MemoryLedgerStore } from './ledger/memory-store.js';
import type { Link } from './links/link.js';
import { notify } from './notify.js';
import { AccountService, DRAIN_MS, type RemoveAccountOptions } from './node/account-service.js';
import { NodeState } from './node/node-state.js';
import { configProtocol } from './peer-protocols/config-protocol.js';
import { PeerProtocols, type PeerProtocol } from './peer-protocols/peer-protocols.js';
import { settleProtocol } from './peer-protocols/settle-protocol.js';
import { composePipelines } from './pipeline/built-in.js';
import { Duplicates } from './pipeline/duplicates.js';
import { Forwarder } from './pipeline/forwarder.js';
import { completePolicy } from './pipeline/policy.js';
import { Conversions } from './rate/conversions.js';
import { sameAssetOnly } from './rate/rate-provider.js';
import { Routing, type RouteSnapshot } from './routing/routing.js';
import { Settlement, type SettlementControl } from './settlement/settlement.js';
import {
  explainRoute,
  snapshotAccount,
  snapshotBalance,
  snapshotPacket,
  snapshotRates,
  type AccountSnapshot,
  type BalanceSnapshot,
  type InFlightSnapshot,
  type RateSnapshot,
  type RouteLookup,
} from './snapshots.js';

const ADDRESS_REFRESH_MS = 10 * 60 * 1000;
const ADDRESS_TIMEOUT_MS = 30_000;

/**
 * An Interledger node: forwards packets between its accounts, keeps what each owes, and knows the way. A wallet is one with
 * a single parent, {@link sendLocal} and {@link setLocalHandler}.
 */
export class Connector extends EventEmitter<ConnectorEvents> {
  /** Settling with peers, by hand and for a settlement engine (RFC 0038). */
  readonly settlement: SettlementControl;
  readonly #settlement: Settlement;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #store: LedgerStore;
  readonly #node: NodeState;
  readonly #conversions: Conversions;
  readonly #routing: Routing;
  readonly #forwarder: Forwarder;
  readonly #protocols = new PeerProtocols();
  readonly #accounts: AccountService;
  #isStarted = false;

  /** @throws {@link ConnectorError} or {@link RateError} for options out of their range. */
  constructor(options: ConnectorOptions = {}) {
    super();
    const randomBytes = options.randomBytes ?? systemRandomBytes;
    const clock = options.clock ?? systemClock;
    const environment = { clock, randomBytes, logger: options.logger ?? silentLogger };
    const store = options.store ?? new MemoryLedgerStore({ randomBytes });
    const policy = completePolicy(options.policy ?? {});
    const duplicates = new Duplicates(randomBytes);
    const conversions = new Conversions(options.rates ?? sameAssetOnly, options.spread);
    this.#conversions = conversions;
    this.#clock = clock;
    this.#logger = environment.logger;
    this.#store = store;
    this.#node = new NodeState({
      network: options.network,
      findNextHops: (destination) => this.#routing.findNextHops(destination),
      load: () => this.#forwarder,
    });
    this.#routing = new Routing({
      ...environment,
      ...options.routing,
      group: options.group,
      network: options.network,
      findAccount: (id) => this.#node.accounts.get(id),
      onChange: () => {
        notify({ events: this, logger: environment.logger }, 'routes');
      },
    });
    const settlement = new Settlement({
      ...environment,
      store,
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      events: this,
    });
    this.settlement = settlement;
    this.#settlement = settlement;
    this.#forwarder = new Forwarder({
      ...environment,
      ...composePipelines(
        {
          node: this.#node,
          policy,
          protocols: this.#protocols,
          duplicates,
          conversions,
          store,
        },
        options.handlers ?? [],
      ),
      node: this.#node,
      duplicates,
      policy,
      store,
      settlement,
      events: this,
    });
    this.#accounts = new AccountService({
      ...environment,
      node: this.#node,
      routing: this.#routing,
      settlement,
      forwarder: this.#forwarder,
      store,
      events: this,
      inheritsAddress: options.address === undefined,
      addressRefreshMs: options.addressRefreshMs ?? ADDRESS_REFRESH_MS,
    });
    this.handlePeerProtocol(configProtocol(this.#node));
    this.handlePeerProtocol(this.#routing.protocol());
    this.handlePeerProtocol(settleProtocol(settlement, environment.logger));
    if (options.address !== undefined) this.#accounts.setAddress(options.address);
  }

  /** This node's address; undefined until configuration or a parent says. */
  get address(): IlpAddress | undefined {
    return this.#node.address;
  }

  /** The network that the node runs on; undefined until its address says. */
  get network(): Network | undefined {
    return this.#node.network;
  }

  /** Whether new packets are taken. */
  get isRunning(): boolean {
    return this.#node.isAccepting;
  }

  /**
   * Takes an account and its link into service, before {@link start} or after it.
   * @throws {@link ConnectorError} `BAD_SETTING`, `DUPLICATE_ACCOUNT`; {@link LedgerError} `ASSET_CHANGED` if the store's
   * book of that id counts another asset.
   */
  async addAccount(settings: AccountSettings, link: Link): Promise<void> {
    await this.#accounts.add(settings, link);
  }

  /**
   * Gives an account other settings while it runs: limits, routes, when to settle.
   * @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`; `BAD_SETTING`, also for what only a new account can have: relation,
   * asset, segment, settlement engine.
   */
  async changeAccount(settings: AccountSettings): Promise<void> {
    await this.#accounts.change(this.#requireAccount(settings.id), settings);
  }

  /**
   * Takes an account out of service: no new packets, then those under way end, then its link is closed.
   * @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`.
   */
  async removeAccount(id: string, options: RemoveAccountOptions = {}): Promise<void> {
    await this.#accounts.remove(this.#requireAccount(id), options);
  }

  /**
   * Takes packets, asks the parent for the address and exchanges routes. Does not wait for anybody: a node whose parent is
   * away runs, and gets its address later.
   */
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#node.isAccepting = true;
    await this.#routing.start();
    await this.#accounts.start();
  }

  /**
   * Takes no new packets (T03), waits until those under way have ended, and closes the links, for good.
   * @param options.drainMs how long to wait at most, in milliseconds; default 30 000.
   */
  async stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#node.isAccepting = false;
    await this.#forwarder.whenIdle(options.drainMs ?? DRAIN_MS);
    this.#routing.stop();
    this.#settlement.stop();
    await this.#accounts.stop();
    this.#isStarted = false;
    notify({ events: this, logger: this.#logger }, 'stopped');
  }

  /** Sets who answers packets to this node's own address, and below it where no child is. */
  setLocalHandler(handler: IlpPacketHandler | undefined): void {
    this.#forwarder.localHandler = handler;
    this.#node.hasLocalHandler = handler !== undefined;
  }

  /**
   * Sends a packet that starts here, in units of the account that it goes out on. The same checks and books as for any other;
   * its expiry stays as the caller set it, and so do the caller's bytes.
   */
  readonly sendLocal: IlpPacketHandler = (prepare) =>
    this.#forwarder.handle(undefined, prepare.slice());

  /** Answers a bilateral protocol of the application, `peer.NAME`. */
  handlePeerProtocol(protocol: PeerProtocol): void {
    this.#protocols.add(protocol);
  }

  /**
   * Resolves with the node's address as soon as it has one.
   * @throws {@link ConnectorError} `TIMEOUT` if there is none in time, or the signal is aborted.
   */
  whenAddressed(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<IlpAddress> {
    const { timeoutMs = ADDRESS_TIMEOUT_MS, signal } = options;
    if (this.address !== undefined) return Promise.resolve(this.address);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#clock.clearTimeout(timer);
        this.off('address', found);
        signal?.removeEventListener('abort', giveUp);
      };
      const found = (address: IlpAddress): void => {
        end();
        resolve(address);
      };
      const giveUp = (): void => {
        end();
        reject(new ConnectorError('TIMEOUT', 'no parent has given this node an address'));
      };
      const timer = this.#clock.setTimeout(giveUp, timeoutMs);
      this.on('address', found);
      signal?.addEventListener('abort', giveUp);
    });
  }

  /** All accounts. */
  accounts(): AccountSnapshot[] {
    return [...this.#node.accounts.keys()].map((id) => this.account(id));
  }

  /** One account. @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`. */
  account(id: string): AccountSnapshot {
    return snapshotAccount(this.#requireAccount(id), this.address);
  }

  /** What was said about one account; the settlement engine's token is in it. @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`. */
  accountSettings(id: string): AccountSettings {
    return this.#requireAccount(id).settings;
  }

  /** The books of all accounts whose asset is known. */
  async balances(): Promise<BalanceSnapshot[]> {
    const known = [...this.#node.accounts.values()].filter(({ asset }) => asset !== undefined);
    return Promise.all(known.map(({ id }) => this.balance(id)));
  }

  /**
   * The book of one account.
   * @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`; `NOT_CONFIGURED` while its asset is not known.
   */
  async balance(id: string): Promise<BalanceSnapshot> {
    const { asset } = this.#requireAccount(id);
    if (asset === undefined) {
      throw new ConnectorError('NOT_CONFIGURED', `the asset of account ${id} is not known`);
    }
    return snapshotBalance(id, asset, await this.#store.balance(id));
  }

  /** Every route that packets take, with why. */
  routes(): RouteSnapshot[] {
    return this.#routing.snapshot();
  }

  /** A part of the routing table, in the order of prefixes: for tables of many thousands. */
  routePage(query: RouteQuery): RoutePage<RouteSnapshot> {
    return this.#routing.page(query);
  }

  /** The exchange of routes over each account: how many were taken, which were not and by which rule. */
  routeExchanges(): CcpAccountListing[] {
    return this.#routing.exchanges();
  }

  /** Where packets to one destination go, and why. */
  lookupRoute(destination: IlpAddress): RouteLookup {
    const nextHops = this.#node.findHops(destination).map((hop) => hop?.id);
    return explainRoute(destination, nextHops, this.routes());
  }

  /** The rates between every two assets of the accounts, as packets are converted now. */
  rates(): RateSnapshot[] {
    return snapshotRates(this.#node.accounts.values(), this.#conversions);
  }

  /** Figures of the store, if it has any; names that end in `_total` only grow. */
  storeStatistics(): Readonly<Record<string, number>> {
    return this.#store.statistics?.() ?? {};
  }

  /** Asks the store for something small. Rejects if it cannot be reached. */
  async checkStore(): Promise<void> {
    await this.#store.outbox(new Set());
  }

  /** Packets that have no reply yet. */
  packetsInFlight(): InFlightSnapshot[] {
    return this.#forwarder.packetsInFlight().map(snapshotPacket);
  }

  /** Fulfillments that came too late to count, for reconciliation with the peer. */
  async lateFulfillments(): Promise<readonly LateFulfillment[]> {
    return this.#store.lateFulfillments();
  }

  /** Packets that went out and got no reply, for reconciliation with the peer. */
  async lostPackets(): Promise<readonly LostPacket[]> {
    return this.#store.lostPackets();
  }

  #requireAccount(id: string): Account {
    const account = this.#node.accounts.get(id);
    if (account === undefined) {
      throw new ConnectorError('UNKNOWN_ACCOUNT', `there is no account ${id}`);
    }
    return account;
  }
}
