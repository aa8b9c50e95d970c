import {
  CCP_CONTROL_DESTINATION,
  decodeRouteControlRequest,
  encodeRouteControlRequest,
  mayTakeDefaultRoute,
  randomTableId,
  RoutingTable,
  type CcpRouter,
  type NextHop,
  type RouteControlMode,
} from '@pennyswitch/ccp-routing';
import type { IlpAddress, IlpAddressPrefix } from '@pennyswitch/ilp-address';
import {
  encodeReject,
  PacketType,
  PEER_PROTOCOL_CONDITION,
  PrepareView,
} from '@pennyswitch/ilp-packet';
import type { Clock, Logger, RandomBytes } from '../environment.js';
import { messageOf } from '../errors.js';
import type { ProcessGroup } from '../group/process-group.js';
import type { SharedTable } from '../group/shared-table.js';
import { LinkError } from '../links/link.js';
import type { RoutingDriver } from './routing-driver.js';

/** What sharing routes needs. */
export interface SharedRoutesOptions {
  readonly group: ProcessGroup;
  readonly router: CcpRouter;
  readonly driver: RoutingDriver;
  /** How long routes of a leader that is gone are kept, in milliseconds: as long as peers keep ours. */
  readonly holdDownMs: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** A route as the leader tells it to the other processes. */
export interface SharedRoute {
  readonly prefix: IlpAddressPrefix;
  readonly hops: readonly NextHop[];
  readonly path: readonly string[];
  readonly why: string;
}

/** Questions to the leader: a peer's routing packet that came to another process. */
const TOPIC = 'ccp';
/** Changes of one moment are told together. */
const GATHER_MS = 20;
/** After a change could not be told. */
const RETRY_MS = 1_000;
/** So many prefixes are told in one step. */
const MAX_STEP = 500;
const NO_HOPS: readonly NextHop[] = [];

/**
 * The routes of processes that act as one connector. To peers they are one node, so one of them speaks CCP, the leader: what
 * peers tell another process is handed to it, and the routes that it finds are in a table that all have. When it
 * dies, the next leader goes on telling whoever wanted to be told, asks peers for their routes, and keeps those of before
 * until it has them.
 */
export class SharedRoutes {
  readonly #options: SharedRoutesOptions;
  readonly #copy = new RoutingTable<SharedRoute>();
  /** Prefixes that have to be told. */
  readonly #dirty = new Set<IlpAddressPrefix>();
  #routes: SharedTable | undefined;
  /** What each peer asked for last: `sync` to be told our routes, or `idle`. */
  #modes: SharedTable | undefined;
  /** Peers that have asked this process itself. */
  readonly #heard = new Set<string>();
  #isLeading = false;
  /** Whether routes of an earlier leader count. */
  #isRestoring = false;
  #isTelling = false;
  #restoreTimer: unknown;
  #tellTimer: unknown;
  #stopListening: (() => void)[] = [];

  constructor(options: SharedRoutesOptions) {
    this.#options = options;
  }

  /** @throws {@link LedgerError} `STORE_UNAVAILABLE`. */
  async start(): Promise<void> {
    const { group, clock } = this.#options;
    const routes = await group.openTable('routes');
    this.#routes = routes;
    this.#modes = await group.openTable('ccp-modes');
    this.#follow([...routes.entries()].map(([prefix]) => prefix));
    group.answer(TOPIC, (account, octets) => {
      if (this.#isLeading) return this.#handleHere(account, new PrepareView(octets), clock.now());
      throw new LinkError('REFUSED', 'no', 'this process does not lead');
    });
    this.#stopListening = [
      routes.onChange((prefixes) => {
        this.#follow(prefixes);
      }),
      group.onLead((isLeader) => {
        this.#changeRole(isLeader);
      }),
    ];
    this.#changeRole(group.isLeader);
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#changeRole(false);
  }

  /** Something about a prefix changed in this process's own routing table. */
  handleChange(prefix: IlpAddressPrefix): void {
    if (!this.#isLeading) return;
    this.#dirty.add(prefix);
    this.#tellSoon(GATHER_MS);
  }

  /** The link of an account is up: its peer may wait for routes that an earlier leader began to tell. */
  handleConnected(account: string): void {
    if (this.#isLeading) this.#askAsBefore(account, this.#options.clock.now());
  }

  /** Answers a peer's packet to `peer.route.…`, or has the leader answer it. */
  handlePrepare(
    account: string,
    prepare: PrepareView,
    now: number,
  ): Uint8Array | Promise<Uint8Array> {
    return this.#isLeading
      ? this.#handleHere(account, prepare, now)
      : this.#handOver(account, prepare);
  }

  /** Ways to a destination, best first. */
  nextHops(destination: IlpAddress): readonly NextHop[] {
    const { router } = this.#options;
    if (this.#isLeading && !this.#isRestoring) return router.nextHops(destination);
    const shared = this.#copy.resolve(destination);
    if (shared === undefined) return router.nextHops(destination);
    const ownLength = router.matchingPrefix(destination)?.length ?? -1;
    const { length } = shared.prefix;
    if (ownLength > length || (this.#isLeading && ownLength === length)) {
      return router.nextHops(destination);
    }
    return length > 0 || mayTakeDefaultRoute(destination, router.address) ? shared.hops : NO_HOPS;
  }

  /** The routes that this process takes from another one. */
  taken(): Iterable<SharedRoute> {
    return this.#isLeading && !this.#isRestoring ? [] : this.#copy.values();
  }

  #follow(prefixes: readonly string[]): void {
    for (const prefix of prefixes as readonly IlpAddressPrefix[]) {
      const text = this.#routes?.get(prefix);
      if (text === undefined) this.#copy.delete(prefix);
      else this.#copy.set(prefix, readRoute(prefix, text));
    }
  }

  #changeRole(isLeader: boolean): void {
    if (isLeader === this.#isLeading) return;
    const { clock, driver } = this.#options;
    this.#isLeading = isLeader;
    this.#heard.clear();
    if (isLeader) {
      this.#lead();
      return;
    }
    driver.stop();
    clock.clearTimeout(this.#restoreTimer);
    clock.clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    this.#dirty.clear();
    this.#forgetPeers();
  }

  #lead(): void {
    const { driver, clock, holdDownMs } = this.#options;
    const now = clock.now();
    this.#isRestoring = (this.#routes?.size ?? 0) > 0;
    if (this.#isRestoring) {
      this.#restoreTimer = clock.setTimeout(() => {
        this.#endRestoring();
      }, holdDownMs);
    }
    for (const [account] of this.#modes?.entries() ?? []) this.#askAsBefore(account, now);
    this.#markAll();
    driver.start();
    this.#tellSoon(GATHER_MS);
  }

  #endRestoring(): void {
    this.#isRestoring = false;
    this.#markAll();
    for (const [prefix] of this.#routes?.entries() ?? []) {
      this.#dirty.add(prefix as IlpAddressPrefix);
    }
    this.#tellSoon(GATHER_MS);
  }

  #markAll(): void {
    for (const { prefix } of this.#options.router.routes()) {
      this.#dirty.add(prefix);
    }
  }

  /** What peers told this process is told to another one now. */
  #forgetPeers(): void {
    const { router, clock } = this.#options;
    const now = clock.now();
    for (const { id, isConnected } of router.accounts()) {
      if (!isConnected) continue;
      router.handleDisconnected(id, now);
      router.handleConnected(id, now);
    }
  }

  #handleHere(account: string, prepare: PrepareView, now: number): Uint8Array {
    const { router, driver } = this.#options;
    const reply = router.handlePrepare(account, prepare.bytes, now);
    driver.pump();
    const isAccepted = reply[0] === PacketType.fulfill;
    if (isAccepted && prepare.destination === CCP_CONTROL_DESTINATION) {
      this.#heard.add(account);
      this.#rememberMode(account, decodeRouteControlRequest(prepare.data).mode);
    }
    return reply;
  }

  async #handOver(account: string, prepare: PrepareView): Promise<Uint8Array> {
    const { group, router, logger } = this.#options;
    try {
      const { leader } = group;
      if (leader === undefined) throw new Error('no process leads');
      const question = { topic: TOPIC, account, octets: prepare.bytes };
      return await group.ask(leader, question, prepare.expiresAtMs);
    } catch (error) {
      logger.warn('a routing packet did not reach the process that speaks with peers', {
        account,
        error: messageOf(error),
      });
      return encodeReject({
        code: 'T00',
        triggeredBy: router.address ?? '',
        message: 'no process of this node exchanges routes right now.',
        data: new Uint8Array(0),
      });
    }
  }

  #rememberMode(account: string, mode: RouteControlMode): void {
    if (this.#modes === undefined || this.#modes.get(account) === mode) return;
    this.#modes.write(new Map([[account, mode]]), { asLeader: true }).catch((error: unknown) => {
      this.#options.logger.warn('that a peer wants routes is known to this process only', {
        account,
        error: messageOf(error),
      });
    });
  }

  /**
   * Lets a peer ask again for what it asked an earlier leader: it does not know that there is another one, and deployed peers
   * ask once. It has a table of which this process knows nothing, so all is told, withdrawals too.
   */
  #askAsBefore(account: string, now: number): void {
    const { router, randomBytes } = this.#options;
    const mode = this.#modes?.get(account);
    if (mode !== 'sync' || this.#heard.has(account)) return;
    const lastKnownRoutingTableId = randomTableId(randomBytes);
    const data = encodeRouteControlRequest({
      mode,
      lastKnownRoutingTableId,
      lastKnownEpoch: 0,
      features: [],
    });
    const request = {
      destination: CCP_CONTROL_DESTINATION,
      executionCondition: PEER_PROTOCOL_CONDITION,
      expiresAtMs: Infinity,
      data,
    };
    const reply = router.handlePrepare(account, request, now);
    if (reply[0] === PacketType.fulfill) this.#heard.add(account);
  }

  #tellSoon(delayMs: number): void {
    const { clock } = this.#options;
    if (this.#tellTimer !== undefined || this.#isTelling) return;
    this.#tellTimer = clock.setTimeout(() => {
      this.#tellTimer = undefined;
      void this.#tell();
    }, delayMs);
  }

  /** Tells the other processes what changed, some prefixes at a time. */
  async #tell(): Promise<void> {
    if (this.#routes === undefined || this.#isTelling) return;
    this.#isTelling = true;
    let delayMs = GATHER_MS;
    try {
      while (this.#isLeading && this.#dirty.size > 0) await this.#tellSome(this.#routes);
    } catch (error) {
      delayMs = RETRY_MS;
      this.#options.logger.warn('the other processes do not know the routes of this one', {
        error: messageOf(error),
      });
    } finally {
      this.#isTelling = false;
      if (this.#isLeading && this.#dirty.size > 0) this.#tellSoon(delayMs);
    }
  }

  async #tellSome(table: SharedTable): Promise<void> {
    const prefixes = [...this.#dirty].slice(0, MAX_STEP);
    const changes = new Map<string, string | undefined>();
    for (const prefix of prefixes) {
      this.#dirty.delete(prefix);
      const text = this.#textOf(prefix);
      if (text === undefined && this.#isRestoring) continue;
      if (text !== table.get(prefix)) changes.set(prefix, text);
    }
    if (changes.size === 0) return;
    try {
      // Not written means that another process leads; this one hears of it soon.
      await table.write(changes, { asLeader: true });
    } catch (error) {
      for (const prefix of prefixes) this.#dirty.add(prefix);
      throw error;
    }
  }

  /** Undefined for what leads nowhere, or ends here: every process knows its own address. */
  #textOf(prefix: IlpAddressPrefix): string | undefined {
    const listing = this.#options.router.route(prefix);
    if (listing === undefined || listing.nextHops.length === 0) return undefined;
    return JSON.stringify([listing.nextHops, listing.candidates[0]?.path ?? [], listing.reason]);
  }
}

function readRoute(prefix: IlpAddressPrefix, text: string): SharedRoute {
  const [accounts, path, why] = JSON.parse(text) as [string[], string[], string];
  return { prefix, path, why, hops: accounts.map((accountId) => ({ accountId })) };
}
