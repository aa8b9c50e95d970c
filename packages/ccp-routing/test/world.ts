import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { CcpRouter, type CcpAccountOptions, type CcpPolicy } from '../src/index.js';

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function seededBytes(random: () => number): (length: number) => Uint8Array {
  return (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

export const START: number = Date.UTC(2026, 0, 1);

/** What may happen to a packet between two nodes. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly maxDelayMs: number;
}

export const FAIR: Weather = { loss: 0, duplication: 0, maxDelayMs: 5 };

interface Wire {
  readonly ends: readonly [string, string];
  isUp: boolean;
  /** Grows when it goes down: what was on the way is lost. */
  era: number;
}

/** Routers wired to each other, on a time of their own. An account is named after the node at its other end. */
export class World {
  now: number = START;
  weather: Weather = FAIR;
  /** Every request that was sent: from, to, and its bytes. */
  readonly sent: { at: number; from: string; to: string; prepare: Uint8Array }[] = [];
  readonly #random: () => number;
  readonly #nodes = new Map<string, CcpRouter>();
  readonly #options = new Map<string, { address?: string; policy?: Partial<CcpPolicy> }>();
  readonly #accounts = new Map<string, Map<string, CcpAccountOptions>>();
  readonly #wires: Wire[] = [];
  #events: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(seed = 1) {
    this.#random = seeded(seed);
  }

  get random(): () => number {
    return this.#random;
  }

  node(name: string): CcpRouter {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  get names(): string[] {
    return [...this.#nodes.keys()];
  }

  get wires(): readonly { readonly ends: readonly [string, string]; readonly isUp: boolean }[] {
    return this.#wires;
  }

  /** Adds a node, or one instead of another of the name. */
  add(name: string, options: { address?: string; policy?: Partial<CcpPolicy> } = {}): CcpRouter {
    const router = new CcpRouter({
      address: parseIlpAddress(options.address ?? `g.${name}`),
      routingSecret: new Uint8Array(32).fill(name.charCodeAt(0)),
      randomBytes: seededBytes(this.#random),
      ...(options.policy && { policy: options.policy }),
    });
    this.#nodes.set(name, router);
    this.#options.set(name, options);
    return router;
  }

  /** An account at each end, and a link that is up. */
  connect(a: string, aToB: CcpAccountOptions, b: string, bToA: CcpAccountOptions): void {
    this.#addAccount(a, b, aToB);
    this.#addAccount(b, a, bToA);
    this.#wires.push({ ends: [a, b], isUp: false, era: 0 });
    this.setUp(a, b, true);
  }

  /** Starts a node anew with the same configuration; links that were up come up again. */
  restart(name: string): void {
    const up = this.#wires.filter(({ ends, isUp }) => ends.includes(name) && isUp);
    for (const { ends } of up) this.setUp(...ends, false);
    this.add(name, this.#options.get(name));
    for (const [id, options] of this.#accounts.get(name) ?? []) this.#addAccount(name, id, options);
    for (const { ends } of up) this.setUp(...ends, true);
  }

  peers(a: string, b: string): void {
    this.connect(a, { relation: 'peer' }, b, { relation: 'peer' });
  }

  /** @param childSegment the child's segment below the parent's address, if it has its address from there. */
  parentOf(parent: string, child: string, childSegment?: string): void {
    const toChild = { relation: 'child', sendRoutes: true, receiveRoutes: true } as const;
    this.connect(
      parent,
      childSegment === undefined ? toChild : { ...toChild, childSegment },
      child,
      { relation: 'parent' },
    );
  }

  setUp(a: string, b: string, isUp: boolean): void {
    const wire = this.#wire(a, b);
    if (wire.isUp === isUp) return;
    wire.isUp = isUp;
    wire.era += 1;
    for (const [self, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const router = this.node(self);
      if (isUp) router.handleConnected(other, this.now);
      else router.handleDisconnected(other, this.now);
      this.pump(self);
    }
  }

  /** Sends what a node has to send. */
  pump(name: string): void {
    const router = this.node(name);
    for (let next = router.poll(this.now); next !== undefined; next = router.poll(this.now)) {
      const { accountId, id, prepare } = next;
      this.sent.push({ at: this.now, from: name, to: accountId, prepare });
      this.#travel(name, accountId, () => {
        const target = this.node(accountId);
        const reply = target.handlePrepare(name, prepare, this.now);
        this.pump(accountId);
        this.#travel(accountId, name, () => {
          if (this.node(name) !== router) return;
          router.handleReply(id, reply, this.now);
          this.pump(name);
        });
      });
    }
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.now + ms;
    for (const name of this.#nodes.keys()) this.pump(name);
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
  }

  /** Where a packet goes from a node, hop by hop; ends with the node that it stays at, or with `?` for none. */
  trace(from: string, destination: string): string[] {
    const path = [from];
    for (let at = from; path.length < 30;) {
      const [hop] = this.node(at).nextHops(parseIlpAddress(destination));
      if (hop === undefined) {
        const own: IlpAddress | undefined = this.node(at).address;
        return own !== undefined && `${destination}.`.startsWith(`${own}.`) ? path : [...path, '?'];
      }
      if (!this.#wire(at, hop.accountId).isUp) return [...path, '?'];
      at = hop.accountId;
      path.push(at);
    }
    return [...path, '…'];
  }

  #addAccount(name: string, id: string, options: CcpAccountOptions): void {
    this.node(name).addAccount(id, options, this.now);
    const known = this.#accounts.get(name) ?? new Map<string, CcpAccountOptions>();
    this.#accounts.set(name, known.set(id, options));
  }

  #next(end: number): { at: number; run: () => void } | undefined {
    let dueNode: string | undefined;
    let dueAt = Infinity;
    for (const [name, router] of this.#nodes) {
      const deadline = router.deadline();
      if (deadline !== undefined && deadline < dueAt) [dueNode, dueAt] = [name, deadline];
    }
    const [event] = this.#events;
    if (event !== undefined && event.at <= dueAt) {
      if (event.at > end) return undefined;
      this.#events.shift();
      return event;
    }
    if (dueNode === undefined || dueAt > end) return undefined;
    const name = dueNode;
    return { at: dueAt, run: () => this.pump(name) };
  }

  #travel(from: string, to: string, arrive: () => void): void {
    const wire = this.#wire(from, to);
    const { era } = wire;
    const { loss, duplication, maxDelayMs } = this.weather;
    if (!wire.isUp || this.#random() < loss) return;
    const copies = this.#random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = this.now + Math.ceil(this.#random() * maxDelayMs);
      this.#events.push({
        at,
        order: this.#order++,
        run: () => {
          if (wire.isUp && wire.era === era) arrive();
        },
      });
    }
    this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  #wire(a: string, b: string): Wire {
    const wire = this.#wires.find(({ ends }) => ends.includes(a) && ends.includes(b));
    if (wire === undefined) throw new Error(`no wire between ${a} and ${b}`);
    return wire;
  }
}

/** What a node knows, as `prefix > next hop (path)`, without what it is told by configuration. */
export function tableOf(router: CcpRouter): string[] {
  return router.routes().map(({ prefix, nextHops, candidates }) => {
    return `${prefix} > ${nextHops.join(' ')} (${(candidates[0]?.path ?? []).join(' ')})`;
  });
}
