/**
 * The all-knowing answer to which node can reach which, and how, from the graph alone. It knows nothing of CCP and uses none
 * of its code: packets go along paths without valleys (Gao-Rexford), up to parents, over at most one link between
 * peers, and down to children; and every node prefers a way over a child to one over a peer to one over a parent, then the
 * shorter one.
 */
import type { Graph } from './graph.js';

/** What a node's best way to a destination leads over. */
export const WAY = { none: 0, parent: 1, peer: 2, child: 3, self: 4 } as const;

/** The best ways of all nodes to one destination. */
export interface Solution {
  /** By node, a value of {@link WAY}. */
  readonly way: Uint8Array;
  /** By node, how many links it is to the destination along best ways. */
  readonly length: Uint16Array;
}

/** Of the edges that are up, who is above, beside and below whom. */
export class Solver {
  readonly #parents: number[][];
  readonly #peers: number[][];
  readonly #children: number[][];
  readonly #count: number;

  /** @param isUp whether an edge, by its index, counts. */
  constructor(graph: Graph, isUp: (edge: number) => boolean) {
    const lists = (): number[][] => graph.nodes.map(() => []);
    this.#count = graph.nodes.length;
    [this.#parents, this.#peers, this.#children] = [lists(), lists(), lists()];
    for (const { index, a, b, kind } of graph.edges) {
      if (!isUp(index)) continue;
      if (kind === 'peers') {
        this.#peers[a]?.push(b);
        this.#peers[b]?.push(a);
      } else {
        this.#children[a]?.push(b);
        this.#parents[b]?.push(a);
      }
    }
  }

  /** The best ways of all nodes to one. */
  solve(destination: number): Solution {
    const way = new Uint8Array(this.#count);
    const length = new Uint16Array(this.#count);
    way[destination] = WAY.self;
    this.#climb(destination, way, length);
    this.#crossOver(way, length);
    this.#descend(way, length);
    return { way, length };
  }

  /** Whoever has the destination below it, by way of its children. */
  #climb(destination: number, way: Uint8Array, length: Uint16Array): void {
    let level = [destination];
    while (level.length > 0) {
      const next: number[] = [];
      for (const node of level) {
        for (const parent of this.#parents[node] ?? []) {
          if (way[parent] !== WAY.none) continue;
          way[parent] = WAY.child;
          length[parent] = (length[node] as number) + 1;
          next.push(parent);
        }
      }
      level = next;
    }
  }

  /** Whoever has a peer that has it below, and not below itself. */
  #crossOver(way: Uint8Array, length: Uint16Array): void {
    for (let node = 0; node < this.#count; node++) {
      if (way[node] !== WAY.none) continue;
      let best = Infinity;
      for (const peer of this.#peers[node] ?? []) {
        if ((way[peer] as number) >= WAY.child) best = Math.min(best, (length[peer] as number) + 1);
      }
      if (best === Infinity) continue;
      way[node] = WAY.peer;
      length[node] = best;
    }
  }

  /** Whoever is below any of those: the nearest first, since a parent tells its children of its own best way only. */
  #descend(way: Uint8Array, length: Uint16Array): void {
    const byLength: number[][] = [];
    const put = (node: number): void => {
      (byLength[length[node] as number] ??= []).push(node);
    };
    for (let node = 0; node < this.#count; node++) if (way[node] !== WAY.none) put(node);
    for (let now = 0; now < byLength.length; now++) {
      for (const node of byLength[now] ?? []) {
        for (const child of this.#children[node] ?? []) {
          if (way[child] !== WAY.none) continue;
          way[child] = WAY.parent;
          length[child] = now + 1;
          put(child);
        }
      }
    }
  }
}
