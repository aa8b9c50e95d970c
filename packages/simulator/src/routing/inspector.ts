import type { SimulatedNetwork } from './network.js';
import { Solver, WAY } from './solver.js';

/** A pair of nodes that should reach each other and do not, or the other way round. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly problem: string;
}

/** Of the destinations that were good, the part that is looked at again each time. */
const LOOKED_AT_AGAIN = 0.02;
/** The part of all next hops that is asked for one by one before all are asked for. */
const MANY = 0.02;
/** What becomes of a packet that follows next hops. */
const ARRIVES = 0;
const ENDS = 1;
const CIRCLES = 2;
type End = typeof ARRIVES | typeof ENDS | typeof CIRCLES;

const SOURCE_OF_WAY = ['', 'parent', 'peer', 'child', 'local'];

/**
 * Compares what the routers would do with packets with what the solver says, for all pairs of nodes. While the network is
 * on its way a destination is given up at the first node that has no path to it, and begun there the next time.
 */
export class Inspector {
  readonly #network: SimulatedNetwork;
  readonly #count: number;
  readonly #solver: Solver;
  /** Bits by destination and node: whether policy lets the node reach it. */
  readonly #reachable: (Uint8Array | undefined)[];
  /** Destinations that some node has no path to, and one such node. */
  readonly #pending = new Map<number, number>();
  /** By node: in which walk it was met, in which survey its end was last known, and that. */
  readonly #met: Uint32Array;
  readonly #known: Uint32Array;
  readonly #end: Uint8Array;
  #walk = 0;
  #survey = 0;
  /** Whose turn it was to be looked at again. */
  #next = 0;

  /** Takes the links as they are now. */
  constructor(network: SimulatedNetwork) {
    this.#network = network;
    this.#count = network.graph.nodes.length;
    this.#solver = new Solver(network.graph, (edge) => network.isUp(edge));
    this.#reachable = Array.from({ length: this.#count }, () => undefined);
    this.#met = new Uint32Array(this.#count);
    this.#known = new Uint32Array(this.#count);
    this.#end = new Uint8Array(this.#count);
    for (let to = 0; to < this.#count; to++) if (this.#isJudged(to)) this.#pending.set(to, 0);
  }

  /** How many ordered pairs policy lets reach each other. */
  countPairs(): number {
    let pairs = 0;
    for (let to = 0; to < this.#count; to++) {
      if (!this.#isJudged(to)) continue;
      const reachable = this.#reachableTo(to);
      for (let from = 0; from < this.#count; from++) if (isSet(reachable, from)) pairs += 1;
    }
    return pairs;
  }

  /** Whether all paths are there now: those that were not the last time, and of the others each time some in turn. */
  isConverged(): boolean {
    const asked = this.#network.hopsAsked;
    let isPrepared = false;
    for (const [to, witness] of this.#pending) {
      this.#look(to, witness);
      // Where it comes to most of them, all at once are quicker.
      if (isPrepared || this.#network.hopsAsked - asked < this.#count ** 2 * MANY) continue;
      isPrepared = true;
      this.#network.prepareHops();
    }
    if (this.#pending.size > 0) return false;
    for (let left = Math.ceil(this.#count * LOOKED_AT_AGAIN); left > 0; left--) {
      this.#next = (this.#next + 1) % this.#count;
      if (this.#isJudged(this.#next)) this.#look(this.#next, 0);
    }
    return this.#pending.size === 0;
  }

  /**
   * What is wrong, at most so many faults: pairs without a path, packets that go round in circles, and paths that policy
   * forbids.
   */
  faults(most = 10): Fault[] {
    const faults: Fault[] = [];
    this.#network.prepareHops();
    for (let to = 0; to < this.#count && faults.length < most; to++) {
      if (!this.#isJudged(to)) continue;
      const reachable = this.#reachableTo(to);
      this.#survey += 1;
      for (let from = 0; from < this.#count; from++) {
        if (from === to) continue;
        const end = this.#follow(from, to);
        if (end === (isSet(reachable, from) ? ARRIVES : ENDS)) continue;
        const what = { [ARRIVES]: 'against policy', [ENDS]: 'no path', [CIRCLES]: 'a loop' }[end];
        faults.push({ from, to, problem: `${what}: packets go ${this.#pathText(from, to)}` });
        this.#pending.set(to, from);
        break;
      }
    }
    return faults;
  }

  /**
   * Whether the best route of a node to a destination is as good as the solver's, in class and length.
   * Only for destinations with a prefix that is nobody else's: others may be aggregated away.
   */
  compareRoutes(from: readonly number[], most = 10): Fault[] {
    const faults: Fault[] = [];
    const { nodes } = this.#network.graph;
    for (const { index: to, address, numbering } of nodes) {
      if (numbering !== 'own' || !this.#network.isThere(to)) continue;
      const { way, length } = this.#solver.solve(to);
      for (const node of from) {
        if (node === to || !this.#network.isThere(node) || faults.length >= most) continue;
        if (nodes[node]?.numbering === 'stub') continue;
        const [best] = this.#network.router(node).route(address)?.candidates ?? [];
        const expected =
          way[node] === WAY.none
            ? 'none'
            : `${SOURCE_OF_WAY[way[node] as number] ?? ''} ${length[node] as number}`;
        const found = best?.isUp === true ? `${best.source} ${best.path.length}` : 'none';
        if (found !== expected) {
          faults.push({ from: node, to, problem: `has ${found}, the solver says ${expected}` });
        }
      }
    }
    return faults;
  }

  /** A node inside its parent's prefix is judged only while that parent is linked: others send everything there. */
  #isJudged(to: number): boolean {
    const network = this.#network;
    if (!network.isThere(to)) return false;
    if (network.graph.nodes[to]?.numbering !== 'parent') return true;
    const address = network.graph.nodes[to].address;
    const primary = network.edgesOf(to).find(({ a, b }) => {
      return b === to && address.startsWith(`${network.graph.nodes[a]?.address ?? '?'}.`);
    });
    return primary !== undefined && network.isUp(primary.index);
  }

  /** Looks whether all have a path to a destination; `begin` is where to begin to look. */
  #look(to: number, begin: number): void {
    const from = this.#firstWithoutPath(to, begin);
    if (from === undefined) this.#pending.delete(to);
    else this.#pending.set(to, from);
  }

  #reachableTo(to: number): Uint8Array {
    const known = this.#reachable[to];
    if (known !== undefined) return known;
    const bits = new Uint8Array((this.#count + 7) >> 3);
    const { way } = this.#solver.solve(to);
    for (let from = 0; from < this.#count; from++) {
      if (from !== to && way[from] !== WAY.none)
        bits[from >> 3] = (bits[from >> 3] as number) | (1 << (from & 7));
    }
    this.#reachable[to] = bits;
    return bits;
  }

  #firstWithoutPath(to: number, begin: number): number | undefined {
    const reachable = this.#reachableTo(to);
    this.#survey += 1;
    for (let i = 0; i < this.#count; i++) {
      const from = (begin + i) % this.#count;
      if (isSet(reachable, from) && this.#follow(from, to) !== ARRIVES) return from;
    }
    return undefined;
  }

  /** Follows next hops to the end, or to a node of which this survey knows it. */
  #follow(from: number, to: number): End {
    const walk = ++this.#walk;
    const way: number[] = [];
    let end: End = ARRIVES;
    for (let at = from; at !== to;) {
      if (this.#known[at] === this.#survey) {
        end = this.#end[at] as End;
        break;
      }
      if (this.#met[at] === walk) {
        end = CIRCLES;
        break;
      }
      this.#met[at] = walk;
      way.push(at);
      const next = this.#network.nextHop(at, to);
      if (next === undefined) {
        end = ENDS;
        break;
      }
      at = next;
    }
    for (const node of way) {
      this.#known[node] = this.#survey;
      this.#end[node] = end;
    }
    return end;
  }

  #pathText(from: number, to: number): string {
    const path = [from];
    for (
      let at = this.#network.nextHop(from, to);
      at !== undefined && path.length < 20;
      at = this.#network.nextHop(at, to)
    ) {
      path.push(at);
      if (at === to) break;
    }
    return path.join(' > ');
  }
}

function isSet(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] as number) & (1 << (index & 7))) !== 0;
}
