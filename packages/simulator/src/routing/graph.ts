import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import type { SeededRandom } from '@pennyswitch/testkit';

/** A connector of the simulated network. */
export interface SimulatedNode {
  readonly index: number;
  /** 1 has no parents; a node's tier is one more than that of its first parent. */
  readonly tier: number;
  readonly address: IlpAddress;
  /**
   * Where its address is from:
   * - `own`: nobody's, it announces it;
   * - `parent`: its first parent's, with more parents beside that; it announces it to all of them;
   * - `stub`: its only parent's; it takes no routes and sends everything there, as a wallet does.
   */
  readonly numbering: 'own' | 'parent' | 'stub';
}

/** A link: `a` is the parent of `b`, or both are peers. */
export interface SimulatedEdge {
  readonly index: number;
  readonly a: number;
  readonly b: number;
  readonly kind: 'parent-child' | 'peers';
  /** How long a packet takes one way, in milliseconds. */
  readonly latencyMs: number;
}

/** Who is there, and who is linked to whom. */
export interface Graph {
  readonly nodes: readonly SimulatedNode[];
  readonly edges: readonly SimulatedEdge[];
}

/** At most so many nodes announce prefixes of their own; the others are numbered inside their parents. */
const MAX_ANNOUNCING = 1_000;
/** Of the announcing nodes below tier 1, those whose prefix lies inside their first parent's. */
const INSIDE_PARENT = 0.1;
const MAX_STUB_TIER = 6;
const LATENCY_MS: readonly [number, number] = [2, 60];

/**
 * Draws a network that is shaped like the Internet: few nodes at the top that are all peers, below them connectors with
 * one to three parents each, which are more likely those that have many children already, and peers among their like.
 * A parent has always a smaller index, so nobody is its own grandparent.
 */
export function drawGraph(count: number, random: SeededRandom): Graph {
  const builder = new GraphBuilder(random);
  const announcing = Math.min(count, MAX_ANNOUNCING);
  const top = Math.max(2, Math.min(12, Math.round(Math.sqrt(announcing) / 3)));
  const transit = Math.max(top + 1, Math.round(announcing * 0.2));
  for (let i = 0; i < announcing; i++) {
    if (i < top) builder.addTop();
    else if (i < transit) builder.addTransit(top);
    else builder.addCustomer(top, transit);
  }
  while (builder.nodes.length < count) builder.addStub();
  return builder;
}

class GraphBuilder implements Graph {
  readonly nodes: SimulatedNode[] = [];
  readonly edges: SimulatedEdge[] = [];
  readonly #random: SeededRandom;
  /** Every node once, and once more for each of its children. */
  readonly #likely: number[] = [];
  readonly #linked = new Set<string>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  addTop(): void {
    const index = this.#add(1, 'own');
    for (let other = 0; other < index; other++) this.#link(other, index, 'peers');
  }

  /** A connector that others pay to carry packets. */
  addTransit(top: number): void {
    const random = this.#random;
    const parents = this.#drawParents(random.int(1, 3), this.nodes.length);
    const index = this.#addBelow(parents);
    for (let peers = random.int(0, 3); peers > 0 && index > top; peers--) {
      this.#link(random.int(top, index - 1), index, 'peers');
    }
  }

  /** One that mostly carries those of its own. */
  addCustomer(top: number, transit: number): void {
    const random = this.#random;
    const among = random.chance(0.8) ? transit : this.nodes.length;
    const index = this.#addBelow(this.#drawParents(random.chance(0.4) ? 2 : 1, among));
    if (random.chance(0.15)) this.#link(random.int(top, index - 1), index, 'peers');
  }

  addStub(): void {
    const random = this.#random;
    let parent = random.pick(this.#likely as [number, ...number[]]);
    while ((this.nodes[parent]?.tier ?? 0) >= MAX_STUB_TIER) parent = random.int(0, parent - 1);
    const index = this.#add((this.nodes[parent]?.tier ?? 0) + 1, 'stub', parent);
    this.#link(parent, index, 'parent-child');
  }

  #addBelow(parents: readonly number[]): number {
    const first = parents[0] as number;
    const isInside = parents.length > 1 && this.#random.chance(INSIDE_PARENT);
    const tier = (this.nodes[first]?.tier ?? 0) + 1;
    const index = this.#add(tier, isInside ? 'parent' : 'own', first);
    for (const parent of parents) this.#link(parent, index, 'parent-child');
    return index;
  }

  #add(tier: number, numbering: SimulatedNode['numbering'], parent?: number): number {
    const index = this.nodes.length;
    const above = numbering === 'own' ? 'g' : (this.nodes[parent ?? 0]?.address ?? 'g');
    this.nodes.push({ index, tier, numbering, address: parseIlpAddress(`${above}.n${index}`) });
    this.#likely.push(index);
    return index;
  }

  #drawParents(count: number, among: number): number[] {
    const random = this.#random;
    const parents = new Set<number>();
    for (let tries = 0; parents.size < count && tries < 50; tries++) {
      const parent = random.pick(this.#likely as [number, ...number[]]);
      if (parent < among) parents.add(parent);
    }
    return parents.size > 0 ? [...parents] : [random.int(0, among - 1)];
  }

  #link(a: number, b: number, kind: SimulatedEdge['kind']): void {
    const name = `${Math.min(a, b)} ${Math.max(a, b)}`;
    if (a === b || this.#linked.has(name)) return;
    this.#linked.add(name);
    if (kind === 'parent-child') this.#likely.push(a);
    const latencyMs = this.#random.int(...LATENCY_MS);
    this.edges.push({ index: this.edges.length, a, b, kind, latencyMs });
  }
}
