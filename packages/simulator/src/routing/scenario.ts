import type { CcpPolicy } from '@pennyswitch/ccp-routing';
import { seededRandom, type SeededRandom } from '@pennyswitch/testkit';
import { drawGraph, type Graph } from './graph.js';
import { Inspector, type Fault } from './inspector.js';
import { SimulatedNetwork } from './network.js';

/** How a run is set up. */
export interface RoutingRunOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly policy?: Partial<CcpPolicy>;
  /** Only the start, a partition and its end. */
  readonly isQuick?: boolean;
  /** Called after each phase. */
  readonly onPhase?: (result: PhaseResult) => void;
}

/** What one phase of a run showed. */
export interface PhaseResult {
  readonly name: string;
  /** Ordered pairs that policy lets reach each other, at the end. */
  readonly pairs: number;
  /** From the last thing that happened until every one of them had a loop-free path, in virtual milliseconds. */
  readonly convergedMs: number;
  /** Until no routing table changed any more. */
  readonly settledMs: number;
  readonly messages: number;
  readonly bytes: number;
  readonly faults: readonly Fault[];
}

/** What a whole run showed. */
export interface RoutingRun {
  readonly graph: Graph;
  readonly phases: readonly PhaseResult[];
  /** The same for two runs only if the same packets crossed the same links at the same times. */
  readonly fingerprint: string;
  readonly virtualMs: number;
}

/** How often it is looked whether all paths are there. */
const LOOK_EVERY_MS = 100;
/** Tables that did not change for so long are settled: longer than the least time between two updates and any way. */
const QUIET_MS = 3_000;
const GIVE_UP_MS = 600_000;
const FLAPPING_MS = 30_000;
/** Tables of so many nodes are compared in full with the solver's. */
const COMPARED_NODES = 40;

/**
 * Starts a network and does to it what happens to networks. After each thing, waits until every pair that policy lets reach
 * each other does, and until nothing changes; then compares with the solver.
 */
export function runRouting(options: RoutingRunOptions): RoutingRun {
  const random = seededRandom(options.seed);
  const graph = drawGraph(options.nodes, random.fork());
  const network = new SimulatedNetwork(graph, random.fork(), options.policy);
  const scenario = new Scenario(network, random.fork());
  const phases: PhaseResult[] = [];
  for (const phase of options.isQuick === true ? scenario.quick() : scenario.phases()) {
    phases.push(phase);
    options.onPhase?.(phase);
  }
  return { graph, phases, fingerprint: network.fingerprint, virtualMs: network.now };
}

class Scenario {
  readonly #network: SimulatedNetwork;
  readonly #random: SeededRandom;

  constructor(network: SimulatedNetwork, random: SeededRandom) {
    this.#network = network;
    this.#random = random;
  }

  /** The start, a partition and its end. */
  *quick(): Generator<PhaseResult> {
    yield this.#phase('start', () => {
      for (const { index } of this.#network.graph.nodes) this.#network.join(index);
    });
    yield* this.#partition();
  }

  *phases(): Generator<PhaseResult> {
    const network = this.#network;
    const indexes = network.graph.nodes.map(({ index }) => index);
    const late = this.#draw(indexes, 0.05);
    yield this.#phase('start', () => {
      for (const index of indexes) if (!late.includes(index)) network.join(index);
    });
    yield this.#phase('join', () => {
      for (const index of late) network.join(index);
    });
    const leaving = this.#draw(indexes, 0.03);
    yield this.#phase('leave', () => {
      for (const index of leaving) network.leave(index);
    });
    yield this.#phase('return', () => {
      for (const index of leaving) network.join(index);
    });
    yield this.#phase('restart', () => this.#restart(this.#draw(indexes, 0.03)));
    yield this.#phase('flap', () => this.#flap());
    yield* this.#partition();
    yield this.#quiet();
  }

  *#partition(): Generator<PhaseResult> {
    const network = this.#network;
    const cut = this.#drawCut();
    yield this.#phase('partition', () => {
      for (const edge of cut) network.setUp(edge, false);
    });
    yield this.#phase('heal', () => {
      for (const edge of cut) network.setUp(edge, true);
    });
  }

  #phase(name: string, act: () => void): PhaseResult {
    const network = this.#network;
    const before = { ...network.traffic };
    act();
    const start = network.now;
    const inspector = new Inspector(network);
    let convergedMs = 0;
    let lookedAt = -Infinity;
    let isConverged = false;
    let faults: Fault[] | undefined;
    while (network.now - start < GIVE_UP_MS) {
      network.advance(LOOK_EVERY_MS);
      if (network.lastChangeAt >= lookedAt) isConverged = inspector.isConverged();
      lookedAt = network.now;
      const isQuiet = network.now - Math.max(start, network.lastChangeAt) >= QUIET_MS;
      if (isQuiet && isConverged) {
        faults = inspector.faults();
        isConverged = faults.length === 0;
        if (isConverged) break;
      }
      if (!isConverged) convergedMs = network.now - start + LOOK_EVERY_MS;
    }
    const own = network.graph.nodes.filter(({ numbering }) => numbering !== 'stub');
    const compared = this.#draw(
      own.map(({ index }) => index),
      Math.min(1, COMPARED_NODES / own.length),
    );
    return {
      name,
      pairs: inspector.countPairs(),
      convergedMs,
      settledMs: Math.max(0, network.lastChangeAt - start),
      messages: network.traffic.messages - before.messages,
      bytes: network.traffic.bytes - before.bytes,
      faults: [...(faults ?? inspector.faults()), ...inspector.compareRoutes(compared)],
    };
  }

  /** Five minutes in which nothing happens: heartbeats cross the links, and no table changes. */
  #quiet(): PhaseResult {
    const network = this.#network;
    const before = network.lastChangeAt;
    const result = this.#phase('quiet', () => network.advance(300_000));
    if (network.lastChangeAt === before) return result;
    const problem = 'a table changed although nothing happened';
    return { ...result, faults: [...result.faults, { from: 0, to: 0, problem }] };
  }

  #restart(indexes: readonly number[]): void {
    for (const index of indexes) {
      this.#network.leave(index);
      this.#network.join(index);
    }
  }

  /** Some links go down and come up again, for a minute. */
  #flap(): void {
    const network = this.#network;
    const random = this.#random;
    const edges = this.#draw(
      network.graph.edges.map(({ index }) => index),
      0.01,
    );
    for (const edge of edges) {
      let at = 0;
      while (at < FLAPPING_MS) {
        at += random.int(50, 10_000);
        network.after(at, () => network.setUp(edge, false));
        at += random.int(50, 5_000);
        network.after(at, () => network.setUp(edge, true));
      }
      network.after(FLAPPING_MS + 20_000, () => network.setUp(edge, true));
    }
    network.advance(FLAPPING_MS + 20_000);
  }

  /** Every link between one part of the network and the rest: a region of nodes around a few of them. */
  #drawCut(): number[] {
    const { nodes, edges } = this.#network.graph;
    const inside = new Set<number>(
      this.#draw(
        nodes.map(({ index }) => index),
        0.01,
      ),
    );
    let grown = true;
    while (grown && inside.size < nodes.length * 0.4) {
      grown = false;
      for (const { a, b } of edges) {
        if (inside.size >= nodes.length * 0.4) break;
        if (inside.has(a) === inside.has(b) || !this.#random.chance(0.3)) continue;
        inside.add(a).add(b);
        grown = true;
      }
    }
    return edges.filter(({ a, b }) => inside.has(a) !== inside.has(b)).map(({ index }) => index);
  }

  /** Some of a list, at least one. */
  #draw(list: readonly number[], share: number): number[] {
    const drawn = list.filter(() => this.#random.chance(share));
    if (drawn.length > 0 || list.length === 0) return drawn;
    return [list[this.#random.int(0, list.length - 1)] as number];
  }
}
