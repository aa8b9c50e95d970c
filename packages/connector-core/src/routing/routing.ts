import {
  CcpRouter,
  completePolicy,
  pageOf,
  type CandidateListing,
  type CcpAccountListing,
  type CcpPolicy,
  type NextHop,
  type RouteListing,
  type RoutePage,
  type RouteQuery,
} from '@pennyswitch/ccp-routing';
import type { IlpAddress, Network } from '@pennyswitch/ilp-address';
import type { Account } from '../account/account.js';
import type { Clock, Logger, RandomBytes } from '../environment.js';
import type { PeerProtocol } from '../peer-protocols/peer-protocols.js';
import { ccpOptionsOf } from './account-options.js';
import type { ProcessGroup } from '../group/process-group.js';
import { RoutingDriver } from './routing-driver.js';
import { SharedRoutes, type SharedRoute } from './shared-routes.js';

const SECRET_LENGTH = 32;

/** What routing needs. */
export interface RoutingOptions {
  /** 32 bytes that authenticate our routes; random if missing. */
  readonly secret?: Uint8Array;
  readonly policy?: Partial<CcpPolicy>;
  readonly network: Network | undefined;
  readonly findAccount: (id: string) => Account | undefined;
  readonly onChange: () => void;
  /** The processes that are one node together with this one. */
  readonly group?: ProcessGroup | undefined;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** One prefix of the routing table, with where it leads and why. */
export interface RouteSnapshot {
  /** Empty for the default route. */
  readonly prefix: string;
  /** The account that packets go to; undefined where they end at this node. */
  readonly nextHop: string | undefined;
  /** Accounts that are as good, for packets that the first cannot take. */
  readonly alternatives: readonly string[];
  /** The nodes on the way as far as they are known, the next one first. */
  readonly path: readonly string[];
  /** Why this way is the best, in words. */
  readonly why: string;
  /** Every way that is known, the best first. */
  readonly candidates: readonly CandidateListing[];
  /** The accounts that are told this route. */
  readonly toldTo: readonly string[];
  /** Those that are not told it although others are, and the rule that decides. */
  readonly keptFrom: RouteListing['keptFrom'];
  /** The rule by which nobody is told it, if so. */
  readonly keptBack: RouteListing['keptBack'];
}

/** The routing table, and the exchange of routes with peers, in terms of this connector's accounts. */
export class Routing {
  readonly #clock: Clock;
  readonly #router: CcpRouter;
  readonly #driver: RoutingDriver;
  readonly #shared: SharedRoutes | undefined;

  constructor(options: RoutingOptions) {
    this.#clock = options.clock;
    this.#router = new CcpRouter({
      network: options.network,
      routingSecret: options.secret ?? options.randomBytes(SECRET_LENGTH),
      randomBytes: options.randomBytes,
      onChange: options.onChange,
      ...(options.policy && { policy: options.policy }),
      onPrefixChange: (prefix) => this.#shared?.handleChange(prefix),
    });
    this.#driver = new RoutingDriver({ ...options, router: this.#router });
    const { group } = options;
    if (group === undefined) return;
    const { holdDownMs } = completePolicy(options.policy);
    const parts = { router: this.#router, driver: this.#driver, group, holdDownMs };
    this.#shared = new SharedRoutes({ ...options, ...parts });
  }

  /** Begins to speak with peers, or leaves it to the process that does. */
  async start(): Promise<void> {
    if (this.#shared === undefined) this.#driver.start();
    else await this.#shared.start();
  }

  stop(): void {
    this.#shared?.stop();
    this.#driver.stop();
  }

  /** Tells others of us under a new address; our children's routes follow. */
  setAddress(address: IlpAddress): void {
    this.#router.setAddress(address, this.#clock.now());
    this.#driver.pump();
  }

  addAccount(account: Account): void {
    this.#router.addAccount(account.id, ccpOptionsOf(account), this.#clock.now());
    this.#driver.pump();
  }

  removeAccount(account: Account): void {
    this.#router.removeAccount(account.id, this.#clock.now());
    this.#driver.pump();
  }

  /** The account's routes are to be told, taken or set differently. */
  changeAccount(account: Account): void {
    this.#router.changeAccount(account.id, ccpOptionsOf(account), this.#clock.now());
    this.#driver.pump();
  }

  /** The account's link came up or went down. */
  changeLink(account: Account, connected: boolean): void {
    if (connected) {
      this.#router.handleConnected(account.id, this.#clock.now());
      this.#shared?.handleConnected(account.id);
    } else this.#router.handleDisconnected(account.id, this.#clock.now());
    this.#driver.pump();
  }

  /** Ways to a destination, best first. */
  findNextHops(destination: IlpAddress): readonly NextHop[] {
    return (this.#shared ?? this.#router).nextHops(destination);
  }

  /** Takes what peers tell and ask of routes: everything under `peer.route`. */
  protocol(): PeerProtocol {
    return {
      name: 'route',
      handle: ({ account, prepare, now }) => {
        if (this.#shared !== undefined) {
          return this.#shared.handlePrepare(account.id, prepare, now);
        }
        const reply = this.#router.handlePrepare(account.id, prepare.bytes, now);
        this.#driver.pump();
        return reply;
      },
    };
  }

  /** Every route with why it is as it is. */
  snapshot(): RouteSnapshot[] {
    return [...this.page({}).routes];
  }

  /** A part of the table. */
  page(query: RouteQuery): RoutePage<RouteSnapshot> {
    const taken = [...(this.#shared?.taken() ?? [])];
    if (taken.length === 0) {
      const { routes, total } = this.#router.page(query);
      return { routes: routes.map(snapshotRoute), total };
    }
    const all = new Map(taken.map((route) => [route.prefix as string, snapshotShared(route)]));
    for (const listing of this.#router.routes()) {
      if (!all.has(listing.prefix)) all.set(listing.prefix, snapshotRoute(listing));
    }
    return pageOf(all.values(), query, ({ nextHop }) => nextHop);
  }

  /** The exchange of routes over each account: what was taken, what was not and by which rule, who is where. */
  exchanges(): CcpAccountListing[] {
    return this.#router.accounts();
  }
}

function snapshotRoute(listing: RouteListing): RouteSnapshot {
  const { prefix, nextHops, candidates, reason, toldTo, keptFrom, keptBack } = listing;
  return {
    prefix,
    nextHop: nextHops[0],
    alternatives: nextHops.slice(1),
    path: candidates[0]?.path ?? [],
    why: reason,
    candidates,
    toldTo,
    keptFrom,
    keptBack,
  };
}

/** What another process told of a route; the ways that it did not choose are known there. */
function snapshotShared({ prefix, hops, path, why }: SharedRoute): RouteSnapshot {
  const [nextHop, ...alternatives] = hops.map(({ accountId }) => accountId);
  return {
    ...{ prefix, nextHop, alternatives, path },
    why: `${why}, says the process that speaks with peers`,
    ...{ candidates: [], toldTo: [], keptFrom: {}, keptBack: undefined },
  };
}
