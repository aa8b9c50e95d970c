import { CcpRouter, type CcpAccountOptions, type CcpPolicy } from '@pennyswitch/ccp-routing';
import { EMPTY_PREFIX } from '@pennyswitch/ilp-address';
import type { SeededRandom } from '@pennyswitch/testkit';
import { EventQueue } from '../event-queue.js';
import { KnownHops, NO_HOP } from './known-hops.js';
import type { Graph, SimulatedEdge, SimulatedNode } from './graph.js';

/** What crossed links so far. */
export interface Traffic {
  /** Requests; each has a reply. */
  messages: number;
  /** Of requests and replies, as ILP packets. */
  bytes: number;
}

interface LiveNode {
  readonly node: SimulatedNode;
  readonly edges: readonly SimulatedEdge[];
  /** The edge to each neighbour. */
  readonly edgeTo: ReadonlyMap<number, LiveEdge>;
  router: CcpRouter;
  isThere: boolean;
  /** When it is to be woken next, if that is arranged. */
  wakeAt: number | undefined;
}

interface LiveEdge {
  readonly edge: SimulatedEdge;
  isUp: boolean;
  /** What each end believes: `a`, `b`. The truth arrives late. */
  readonly believed: [boolean, boolean];
  /** Grows when it goes down: what was on the way is lost. */
  era: number;
}

/** How long an end takes to notice that a link is down, at most, in milliseconds. */
const MAX_UNNOTICED_MS = 1_000;
/** How many routes a stub has: to itself, and the default route. */
const STUB_ROUTES = 2;
/** Virtual times start here: routers take milliseconds since 1970. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** All nodes with the real routing machine each, exchanging real packets on virtual time. */
export class SimulatedNetwork {
  readonly graph: Graph;
  readonly traffic: Traffic = { messages: 0, bytes: 0 };
  /** Milliseconds since the start. */
  now = 0;
  /** When the routing table of any node last changed. */
  lastChangeAt = 0;
  readonly #nodes: LiveNode[];
  readonly #edges: LiveEdge[];
  /** How many times a router was asked for a next hop. */
  hopsAsked = 0;
  readonly #knownHops: KnownHops;
  readonly #stubHops = new KnownHops(1);
  readonly #queue = new EventQueue();
  readonly #random: SeededRandom;
  readonly #policy: Partial<CcpPolicy>;
  #hash = 0x811c_9dc5;

  constructor(graph: Graph, random: SeededRandom, policy: Partial<CcpPolicy> = {}) {
    this.graph = graph;
    this.#random = random;
    this.#knownHops = new KnownHops(graph.nodes.length);
    this.#policy = { peerTransit: false, ...policy };
    const edgesOf = graph.nodes.map((): SimulatedEdge[] => []);
    for (const edge of graph.edges) {
      edgesOf[edge.a]?.push(edge);
      edgesOf[edge.b]?.push(edge);
    }
    this.#edges = graph.edges.map((edge) => ({
      edge,
      isUp: false,
      believed: [false, false],
      era: 0,
    }));
    this.#nodes = graph.nodes.map((node) => {
      const edges = edgesOf[node.index] ?? [];
      const router = this.#makeRouter(node, edges);
      const edgeTo = new Map(
        edges.map((edge) => [
          edge.a === node.index ? edge.b : edge.a,
          this.#edges[edge.index] as LiveEdge,
        ]),
      );
      return { node, edges, edgeTo, router, isThere: false, wakeAt: undefined };
    });
  }

  /** A number that two runs share only if the same packets crossed the same links at the same times. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  router(node: number): CcpRouter {
    return this.#live(node).router;
  }

  isThere(node: number): boolean {
    return this.#live(node).isThere;
  }

  isUp(edge: number): boolean {
    return this.#liveEdge(edge).isUp;
  }

  /** Where a node sends packets for another; undefined where it does not know, or the link is down in truth. */
  nextHop(at: number, to: number): number | undefined {
    const live = this.#live(at);
    if (!live.isThere) return undefined;
    const next = this.#hopOf(live, to);
    return live.edgeTo.get(next)?.isUp === true ? next : undefined;
  }

  /**
   * Asks every node for its next hops to all others before they are wanted one by one: those of one node after the other
   * take a fraction of the time, since its table is at hand then.
   */
  prepareHops(): void {
    for (const live of this.#nodes) {
      if (!live.isThere || live.node.numbering === 'stub') continue;
      for (const { node } of this.#nodes) this.#hopOf(live, node.index);
    }
  }

  /** The edges of a node. */
  edgesOf(node: number): readonly SimulatedEdge[] {
    return this.#live(node).edges;
  }

  /** A node comes, as new, and with it its links to those that are there. */
  join(index: number): void {
    const live = this.#live(index);
    if (live.isThere) return;
    live.isThere = true;
    live.router = this.#makeRouter(live.node, live.edges);
    live.wakeAt = undefined;
    for (const edge of live.edges) this.setUp(edge.index, true);
  }

  /** It goes, and forgets everything. */
  leave(index: number): void {
    const live = this.#live(index);
    for (const edge of live.edges) this.setUp(edge.index, false);
    live.isThere = false;
  }

  /** Brings a link up, if both its ends are there, or down. The ends notice later. */
  setUp(index: number, isUp: boolean): void {
    const live = this.#liveEdge(index);
    const { edge } = live;
    if (live.isUp === isUp || (isUp && !(this.isThere(edge.a) && this.isThere(edge.b)))) return;
    live.isUp = isUp;
    live.era += 1;
    const { era } = live;
    for (const [end, node] of [edge.a, edge.b].entries()) {
      const delay = isUp ? edge.latencyMs * (1 + end) : this.#random.int(0, MAX_UNNOTICED_MS);
      const { router } = this.#live(node);
      this.after(delay, () => {
        // What happened to the link since then is told apart.
        if (live.era !== era || this.#live(node).router !== router) return;
        this.#tell(live, end as 0 | 1, isUp);
      });
    }
  }

  /** Does something later. */
  after(delayMs: number, run: () => void): void {
    this.#queue.push(this.now + delayMs, run);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const at = this.#queue.nextAt;
      if (at === undefined || at > end) break;
      this.now = at;
      this.#queue.pop()?.run();
    }
    this.now = end;
  }

  /** What a router says of a destination, as the other node's number; {@link NO_HOP} for nothing. */
  #hopOf({ router, node }: LiveNode, to: number): number {
    // A stub with its default route alone says the same of everybody else, and is asked once.
    const isSimple = node.numbering === 'stub' && router.size === STUB_ROUTES;
    const known = isSimple ? this.#stubHops : this.#knownHops;
    const place = isSimple ? 0 : to;
    const before = known.get(router, node.index, place);
    if (before !== undefined) return before;
    this.hopsAsked += 1;
    const [hop] = router.nextHops(this.#live(to).node.address);
    const next = hop === undefined ? NO_HOP : Number(hop.accountId);
    known.set(router, node.index, place, next);
    return next;
  }

  #tell(live: LiveEdge, end: 0 | 1, isUp: boolean): void {
    const { edge } = live;
    const [self, other] = end === 0 ? [edge.a, edge.b] : [edge.b, edge.a];
    const { router } = this.#live(self);
    const time = EPOCH_MS + this.now;
    // A link that was lost and came back before anybody noticed is a new one all the same.
    if (live.believed[end] && isUp) router.handleDisconnected(String(other), time);
    live.believed[end] = isUp;
    if (isUp) router.handleConnected(String(other), time);
    else router.handleDisconnected(String(other), time);
    if (this.isThere(self)) this.#pump(this.#live(self));
  }

  /** Sends what a node has to send, and arranges to come back when it says. */
  #pump(live: LiveNode): void {
    const { router, node } = live;
    const time = EPOCH_MS + this.now;
    for (let next = router.poll(time); next !== undefined; next = router.poll(time)) {
      this.#send(live, Number(next.accountId), next.id, next.prepare);
    }
    const deadline = router.deadline();
    if (deadline === undefined) return;
    const at = Math.max(this.now, deadline - EPOCH_MS);
    if (live.wakeAt !== undefined && live.wakeAt <= at) return;
    live.wakeAt = at;
    this.#queue.push(at, () => {
      if (live.router !== router || live.wakeAt !== at) return;
      live.wakeAt = undefined;
      if (live.isThere) this.#pump(this.#live(node.index));
    });
  }

  #send(from: LiveNode, to: number, id: number, prepare: Uint8Array): void {
    const { router } = from;
    const self = from.node.index;
    const live = from.edgeTo.get(to) as LiveEdge;
    this.traffic.messages += 1;
    this.traffic.bytes += prepare.length;
    this.#note(self, to, prepare.length);
    if (!live.isUp) return;
    const { era, edge } = live;
    this.after(edge.latencyMs, () => {
      if (live.era !== era) return;
      const target = this.#live(to);
      const reply = target.router.handlePrepare(String(self), prepare, EPOCH_MS + this.now);
      this.traffic.bytes += reply.length;
      this.after(edge.latencyMs, () => {
        if (live.era !== era || from.router !== router) return;
        router.handleReply(id, reply, EPOCH_MS + this.now);
        this.#pump(from);
      });
      this.#pump(target);
    });
  }

  #makeRouter(node: SimulatedNode, edges: readonly SimulatedEdge[]): CcpRouter {
    const random = this.#random.fork();
    const router = new CcpRouter({
      address: node.address,
      routingSecret: random.bytes(32),
      randomBytes: random.bytes,
      policy: this.#policy,
      onChange: () => {
        this.lastChangeAt = this.now;
      },
    });
    for (const edge of edges) {
      const other = edge.a === node.index ? edge.b : edge.a;
      router.addAccount(String(other), this.#accountOptions(node, other, edge), EPOCH_MS);
    }
    return router;
  }

  #accountOptions(node: SimulatedNode, other: number, edge: SimulatedEdge): CcpAccountOptions {
    if (edge.kind === 'peers') return { relation: 'peer' };
    if (edge.b === node.index) {
      // Connectors know a way to everything that they can reach; only stubs have a default route.
      return node.numbering === 'stub'
        ? {
            relation: 'parent',
            sendRoutes: false,
            receiveRoutes: false,
            staticRoutes: [EMPTY_PREFIX],
          }
        : { relation: 'parent', staticRoutes: [] };
    }
    const child = this.graph.nodes[other] as SimulatedNode;
    const segment = child.address.slice(child.address.lastIndexOf('.') + 1);
    if (child.numbering === 'stub') return { relation: 'child', childSegment: segment };
    const routes = { relation: 'child', sendRoutes: true, receiveRoutes: true } as const;
    const isInside = child.address.startsWith(`${node.address}.`);
    return isInside ? { ...routes, childSegment: segment } : routes;
  }

  #live(node: number): LiveNode {
    return this.#nodes[node] as LiveNode;
  }

  #liveEdge(edge: number): LiveEdge {
    return this.#edges[edge] as LiveEdge;
  }

  #note(...facts: number[]): void {
    for (const fact of [this.now, ...facts]) {
      this.#hash = Math.imul(this.#hash ^ fact, 0x0100_0193);
    }
  }
}
