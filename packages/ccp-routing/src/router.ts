import {
  EMPTY_PREFIX,
  type IlpAddress,
  type IlpAddressPrefix,
  type Network,
} from '@pennyswitch/ilp-address';
import {
  decodeFulfill,
  encodeReject,
  IlpError,
  isFulfillmentOf,
  PEER_PROTOCOL_CONDITION,
  PrepareView,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { CcpAccount, type CcpAccountOptions } from './account.js';
import { mayTakeDefaultRoute, nextHopsOf } from './best-route.js';
import { BroadcastLog } from './broadcast-log.js';
import { decodeRouteControlRequest } from './control-request.js';
import { listAccount, listRoute, type CcpAccountListing, type RouteListing } from './listing.js';
import {
  CCP_CONTROL_DESTINATION,
  CCP_UPDATE_DESTINATION,
  encodeCcpResponse,
  isPeerCondition,
  type CcpPrepare,
} from './peer-packet.js';
import { Bits } from './bits.js';
import { completePolicy, type CcpPolicy } from './policy.js';
import { Importer } from './importer.js';
import { bestWay, type NextHop, type RouteEntry } from './route.js';
import { OriginRoutes } from './origin-routes.js';
import { Requests, type CcpRequest } from './requests.js';
import { pageOf, type RoutePage, type RouteQuery } from './route-page.js';
import { RouteStore } from './route-store.js';
import { randomTableId, type RoutingTableId } from './table-id.js';
import { decodeRouteUpdateRequest } from './update-request.js';

/** How a router is set up. */
export interface CcpRouterOptions {
  /** Our address; until there is one, nothing is told or taken. */
  readonly address?: IlpAddress | undefined;
  /** The network that routes must be of; if missing, that of our address. */
  readonly network?: Network | undefined;
  /** Authenticates the routes that start here; 32 bytes, kept from start to start, told to whoever shall check them. */
  readonly routingSecret: Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly policy?: Partial<CcpPolicy>;
  /** Called after a call that changed routes; not for what is asked for later by {@link CcpRouter.poll}. */
  readonly onChange?: () => void;
  /** Called for each prefix that may lead another way than before, whatever changed it. */
  readonly onPrefixChange?: (prefix: IlpAddressPrefix) => void;
}

/**
 * The routing of one node: what leads where, told to it by configuration and by the CCP of its peers, and told on to them.
 *
 * A machine without clock, timer or link. Every call takes the time in milliseconds since 1970. After any call that
 * takes a time, whoever drives it sends what {@link poll} gives until there is nothing, and comes back at
 * {@link deadline}.
 */
export class CcpRouter {
  readonly #policy: CcpPolicy;
  readonly #origins: OriginRoutes;
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #onChange: (() => void) | undefined;
  readonly #store: RouteStore;
  readonly #importer: Importer;
  readonly #accounts = new Map<string, CcpAccount>();
  readonly #requests = new Requests();
  readonly #bits = new Bits();
  #tableId: RoutingTableId;
  #defaultRoute: CcpAccount | undefined;
  #reportedVersion = 0;

  /** @throws {@link RangeError} for a policy out of its range. */
  constructor(options: CcpRouterOptions) {
    this.#policy = completePolicy(options.policy);
    this.#randomBytes = options.randomBytes;
    this.#onChange = options.onChange;
    this.#tableId = randomTableId(options.randomBytes);
    const [a = 0, b = 0, c = 0, d = 0] = options.randomBytes(4);
    const log = new BroadcastLog(this.#policy.maxWithdrawals);
    const seed = (a << 24) | (b << 16) | (c << 8) | d;
    this.#store = new RouteStore(this.#policy, seed, log, {
      renumbered: () => {
        this.#renumber();
      },
      changed: options.onPrefixChange,
    });
    this.#importer = new Importer(this.#store, this.#policy, options.network);
    this.#origins = new OriginRoutes(this.#store, options.routingSecret);
    if (options.address !== undefined) this.setAddress(options.address, 0);
  }

  /** Our address, as it was set. */
  get address(): IlpAddress | undefined {
    return this.#origins.own;
  }

  /** Grows with every change of the routing table. */
  get version(): number {
    return this.#store.version;
  }

  /** How many prefixes the routing table has. */
  get size(): number {
    return this.#store.table.size;
  }

  /**
   * Gives this node its address, another one, or none. Children's prefixes follow; what was told is told anew, and
   * peers are asked again for theirs, since the rules by which routes are taken depend on it.
   */
  setAddress(address: IlpAddress | undefined, now: number): void {
    if (address === this.address) return;
    this.#importer.own = address;
    this.#origins.setOwn(address, [...this.#accounts.values()]);
    for (const { receiver } of this.#accounts.values()) receiver?.handleRulesChanged(now);
    this.#report();
  }

  /** Adds an account, not connected yet. @throws {@link Error} if there is one of this id. */
  addAccount(id: string, options: CcpAccountOptions, _now: number): void {
    if (this.#accounts.has(id))
      throw new Error(`there is an account ${JSON.stringify(id)} already`);
    const account = new CcpAccount(id, options, {
      peerTransit: this.#policy.peerTransit,
      sender: (self) => ({
        policy: this.#policy,
        log: this.#store.log,
        bit: this.#bits.take(id),
        speaker: () => this.address,
        tableId: () => this.#tableId,
        drawTableId: () => randomTableId(this.#randomBytes),
        announce: (entry) => this.#store.announcementTo(entry, self),
      }),
      receiver: (self) => ({
        policy: this.#policy,
        add: (route, generation) => this.#importer.add(self, route, generation),
        withdraw: (prefix) => this.#importer.withdraw(self, prefix),
        sweep: (generation) => this.#importer.sweep(self, generation),
      }),
    });
    this.#accounts.set(id, account);
    this.#origins.addAccount(account);
    this.#report();
  }

  /**
   * Gives an account other options; relation and segment stay as they were. Nothing is lost on the way: routes that the
   * new options still allow stay, the others go as soon as the peer has been asked, or told, again.
   * @throws {@link Error} if there is none of this id.
   */
  changeAccount(id: string, options: CcpAccountOptions, now: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined) throw new Error(`there is no account ${JSON.stringify(id)}`);
    const before = account.staticRoutes;
    account.change(options, now);
    for (const prefix of before) {
      if (!account.staticRoutes.includes(prefix)) this.#origins.removeStatic(prefix, account);
    }
    for (const prefix of account.staticRoutes) {
      if (!before.includes(prefix)) this.#origins.addStatic(prefix, account);
    }
    this.#report();
  }

  /** Removes an account and all routes to it. */
  removeAccount(id: string, now: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    this.handleDisconnected(id, now);
    if (this.#defaultRoute === account) this.#defaultRoute = undefined;
    this.#origins.removeAccount(account);
    this.#accounts.delete(id);
    this.#bits.giveBack(id);
    this.#report();
  }

  /** The link of an account came up: routes over it count, and the peer is asked for its own. */
  handleConnected(id: string, now: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined || account.isConnected) return;
    account.isConnected = true;
    this.#store.reorder(account);
    account.sender?.handleConnected();
    account.receiver?.handleConnected(now);
    this.#report();
  }

  /** The link of an account went down: what was learned over it is gone, what is configured becomes the last choice. */
  handleDisconnected(id: string, _now: number): void {
    const account = this.#accounts.get(id);
    if (account?.isConnected !== true) return;
    account.isConnected = false;
    account.sender?.handleDisconnected();
    account.receiver?.handleDisconnected();
    for (const kind of ['update', 'control'] as const) this.#requests.forget({ account, kind });
    this.#store.reorder(account);
    this.#report();
  }

  /** Adds a route by configuration; the empty prefix is the default route. Nothing happens for an unknown account. */
  addStaticRoute(prefix: IlpAddressPrefix, accountId: string, _now: number): void {
    const account = this.#accounts.get(accountId);
    if (account !== undefined) this.#origins.addStatic(prefix, account);
    this.#report();
  }

  /** Takes it back. */
  removeStaticRoute(prefix: IlpAddressPrefix, accountId: string, _now: number): void {
    const account = this.#accounts.get(accountId);
    if (account !== undefined) this.#origins.removeStatic(prefix, account);
    this.#report();
  }

  /** Sends what no other route leads to over this account, instead of the one set here before; undefined: none. */
  setDefaultRoute(accountId: string | undefined, now: number): void {
    const before = this.#defaultRoute;
    if (before !== undefined) this.removeStaticRoute(EMPTY_PREFIX, before.id, now);
    this.#defaultRoute = accountId === undefined ? undefined : this.#accounts.get(accountId);
    if (accountId !== undefined) this.addStaticRoute(EMPTY_PREFIX, accountId, now);
  }

  /**
   * The accounts that packets to a destination go to, the best first; those behind it are as good, and can be tried where
   * it refuses for now. Empty where there is no route, and for our own address and what no child has below it.
   * A default route takes no `private.` and `local.` out of the domain where they are valid (RFC 0015).
   */
  nextHops(destination: IlpAddress): readonly NextHop[] {
    const entry = this.#store.table.resolve(destination);
    if (entry === undefined) return NO_HOPS;
    if (entry.prefix === '' && !mayTakeDefaultRoute(destination, this.address)) return NO_HOPS;
    return nextHopsOf(entry);
  }

  /** The prefix whose route {@link nextHops} follows; undefined without one. */
  matchingPrefix(destination: IlpAddress): IlpAddressPrefix | undefined {
    return this.#store.table.resolve(destination)?.prefix;
  }

  /**
   * Answers a Prepare to `peer.route.…` that came over an account's link.
   * @returns the Fulfill or Reject. Never throws for what a peer sends.
   */
  handlePrepare(accountId: string, prepare: CcpPrepare | Uint8Array, now: number): Uint8Array {
    try {
      this.#handle(this.#accounts.get(accountId), viewOf(prepare), now);
      return encodeCcpResponse();
    } catch (error) {
      if (error instanceof IlpError) return error.encode(this.address);
      if (!(error instanceof OerDecodeError)) throw error;
      const message = `the request cannot be read: ${error.message}`;
      return encodeReject({
        code: 'F00',
        triggeredBy: this.address ?? '',
        message,
        data: NO_DATA,
      });
    } finally {
      this.#report();
    }
  }

  /** The next request to send, or undefined for none now. */
  poll(now: number): CcpRequest | undefined {
    if (this.address === undefined) return undefined;
    for (const account of this.#accounts.values()) {
      if (!account.isConnected) continue;
      const request = this.#pollAccount(account, now);
      if (request !== undefined) return request;
    }
    this.#report();
    return undefined;
  }

  /** What came of a request: the reply, or undefined where there was none. Late ones are ignored. */
  handleReply(id: number, reply: Uint8Array | undefined, now: number): void {
    const request = this.#requests.close(id);
    if (request === undefined) return;
    const { account, kind } = request;
    const machine = kind === 'update' ? account.sender : account.receiver;
    machine?.handleReply(reply !== undefined && isAcceptance(reply), now);
    this.#report();
  }

  /** When to poll again although nothing happened, in milliseconds since 1970; undefined: not needed. */
  deadline(): number | undefined {
    if (this.address === undefined) return undefined;
    let earliest = Infinity;
    for (const { sender, receiver } of this.#accounts.values()) {
      earliest = Math.min(
        earliest,
        sender?.deadline() ?? Infinity,
        receiver?.deadline() ?? Infinity,
      );
    }
    return earliest === Infinity ? undefined : earliest;
  }

  /** All prefixes of the routing table, in no particular order. */
  *prefixes(): Generator<IlpAddressPrefix> {
    for (const { prefix } of this.#store.table.values()) yield prefix;
  }

  /** The routing table, in the order of prefixes. Of a large one ask for a {@link page}. */
  routes(): RouteListing[] {
    return [...this.page().routes];
  }

  /** A part of the routing table, in the order of prefixes. */
  page(query: RouteQuery = {}): RoutePage<RouteListing> {
    const accountOf = (entry: RouteEntry): string | undefined => bestWay(entry)?.account?.id;
    const { routes, total } = pageOf(this.#store.table.values(), query, accountOf);
    const accounts = [...this.#accounts.values()];
    return { routes: routes.map((entry) => listRoute(entry, this.#store, accounts)), total };
  }

  /** One prefix of the routing table; undefined where it is not in it. */
  route(prefix: IlpAddressPrefix): RouteListing | undefined {
    const entry = this.#store.table.get(prefix);
    return entry && listRoute(entry, this.#store, this.#accounts.values());
  }

  /** What is going on with each account. */
  accounts(): CcpAccountListing[] {
    return Array.from(this.#accounts.values(), listAccount);
  }

  #handle(account: CcpAccount | undefined, prepare: CcpPrepare, now: number): void {
    const { destination, data } = prepare;
    if (!isPeerCondition(prepare.executionCondition)) {
      throw new IlpError('F01', 'the condition is not that of bilateral protocols.');
    }
    if (prepare.expiresAtMs <= now) throw new IlpError('R02', 'the request has expired.');
    if (account === undefined) throw new IlpError('F00', 'routes are not exchanged here.');
    if (!account.isConnected) throw new IlpError('T00', 'the link is not up yet.');
    switch (destination) {
      case CCP_CONTROL_DESTINATION:
        if (account.sender === undefined) throw new IlpError('F00', 'no routes are sent to you.');
        // Also without an address of our own: a deployed parent asks before it gives us one, and not again for long.
        account.sender.handleControl(decodeRouteControlRequest(data));
        return;
      case CCP_UPDATE_DESTINATION:
        if (account.receiver === undefined) {
          throw new IlpError('F00', 'no routes are taken from you.');
        }
        if (this.address === undefined) throw new IlpError('T00', 'this node has no address yet.');
        if (account.receiver.handleUpdate(decodeRouteUpdateRequest(data), now) === 'gap') {
          throw new IlpError('F00', 'epochs before this update are missing.');
        }
        return;
      default:
        throw new IlpError('F01', 'no such routing request.');
    }
  }

  #pollAccount(account: CcpAccount, now: number): CcpRequest | undefined {
    const { replyTimeoutMs } = this.#policy;
    const control = account.receiver?.poll(now);
    if (control !== undefined) {
      return this.#requests.open({ account, kind: 'control' }, control, now, replyTimeoutMs);
    }
    const update = account.sender?.poll(now);
    return update && this.#requests.open({ account, kind: 'update' }, update, now, replyTimeoutMs);
  }

  #renumber(): void {
    this.#tableId = randomTableId(this.#randomBytes);
    for (const { sender } of this.#accounts.values()) sender?.handleRenumbered();
  }

  #report(): void {
    const version = this.#store.version;
    if (version === this.#reportedVersion) return;
    this.#reportedVersion = version;
    this.#onChange?.();
  }
}

const NO_HOPS: readonly NextHop[] = [];
const NO_DATA = new Uint8Array(0);

function viewOf(prepare: CcpPrepare | Uint8Array): CcpPrepare {
  return prepare instanceof Uint8Array ? new PrepareView(prepare) : prepare;
}

function isAcceptance(reply: Uint8Array): boolean {
  try {
    return isFulfillmentOf(decodeFulfill(reply).fulfillment, PEER_PROTOCOL_CONDITION);
  } catch (error) {
    if (error instanceof OerDecodeError) return false;
    throw error;
  }
}
