import { seededRandom } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import {
  drawGraph,
  EventQueue,
  Inspector,
  runRouting,
  SimulatedNetwork,
  Solver,
  WAY,
  type Graph,
  type SimulatedEdge,
} from '../src/index.js';

/** A graph of nodes with prefixes of their own; `a > b`: a is the parent of b, `a - b`: they are peers. */
function graphOf(count: number, ...links: string[]): Graph {
  const { nodes } = drawGraph(count, seededRandom(1));
  const edges = links.map((link, index): SimulatedEdge => {
    const [a, kind, b] = link.split(' ');
    return {
      index,
      a: Number(a),
      b: Number(b),
      kind: kind === '>' ? 'parent-child' : 'peers',
      latencyMs: 10,
    };
  });
  const own = nodes.map((node) => ({ ...node, numbering: 'own' as const }));
  return { nodes: own, edges };
}

const always = (): boolean => true;

/** Whether some path without a valley leads from one node to another, by trying them all. */
function hasPath(graph: Graph, from: number, to: number): boolean {
  const walk = (at: number, phase: 'up' | 'down', seen: readonly number[]): boolean => {
    if (at === to) return true;
    return graph.edges.some(({ a, b, kind }) => {
      const next = a === at ? b : b === at ? a : undefined;
      if (next === undefined || seen.includes(next)) return false;
      const isUp = kind === 'parent-child' && b === at;
      if (phase === 'down' && (isUp || kind === 'peers')) return false;
      return walk(next, isUp ? 'up' : 'down', [...seen, next]);
    });
  };
  return walk(from, 'up', [from]);
}

describe('the event queue', () => {
  it('gives the earliest first, and what is at the same time in the order in which it came', () => {
    const queue = new EventQueue();
    const random = seededRandom(3);
    const expected = Array.from({ length: 500 }, (_, order) => ({ at: random.int(0, 50), order }));
    const seen: number[] = [];
    for (const { at, order } of expected) queue.push(at, () => seen.push(order));
    while (queue.size > 0) queue.pop()?.run();
    expect(queue.pop()).toBeUndefined();
    expect(seen).toEqual(
      expected.toSorted((a, b) => a.at - b.at || a.order - b.order).map(({ order }) => order),
    );
  });
});

describe('the solver', () => {
  it('goes up, over one link between peers, and down, and no other way', () => {
    //   0 - 1 - 2      peers at the top
    //   |   |   |
    //   3   4   5      their children
    const graph = graphOf(6, '0 - 1', '1 - 2', '0 > 3', '1 > 4', '2 > 5');
    const solution = new Solver(graph, always).solve(4);
    expect([...solution.way]).toEqual([
      WAY.peer,
      WAY.child,
      WAY.peer,
      WAY.parent,
      WAY.self,
      WAY.parent,
    ]);
    expect([...solution.length]).toEqual([2, 1, 2, 3, 0, 3]);
    expect(new Solver(graph, always).solve(5).way[3]).toBe(WAY.none);
  });

  it('prefers a longer way over a child to a shorter one over a peer or a parent', () => {
    const graph = graphOf(4, '0 > 1', '1 > 2', '2 > 3', '0 - 3');
    const { way, length } = new Solver(graph, always).solve(3);
    expect([way[0], length[0]]).toEqual([WAY.child, 3]);
  });

  it('leaves out links that are down', () => {
    const graph = graphOf(3, '0 > 1', '0 > 2');
    expect(new Solver(graph, (edge) => edge !== 1).solve(2).way[1]).toBe(WAY.none);
  });

  it('finds a path exactly where trying all paths finds one', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const graph = drawGraph(14, seededRandom(seed));
      for (let to = 0; to < 14; to++) {
        const { way } = new Solver(graph, always).solve(to);
        for (let from = 0; from < 14; from++) {
          expect([seed, from, to, way[from] !== WAY.none]).toEqual([
            seed,
            from,
            to,
            hasPath(graph, from, to),
          ]);
        }
      }
    }
  });
});

describe('the inspector', () => {
  it('sees what is wrong: before there are routes, and a route over a link that is gone', () => {
    const graph = graphOf(6, '0 - 1', '1 - 2', '0 > 3', '1 > 4', '2 > 5');
    const network = new SimulatedNetwork(graph, seededRandom(1));
    for (const { index } of graph.nodes) network.join(index);
    expect(new Inspector(network).isConverged()).toBe(false);
    network.advance(5_000);
    expect(new Inspector(network).isConverged()).toBe(true);
    expect(new Inspector(network).faults()).toEqual([]);
    expect(new Inspector(network).compareRoutes([0, 1, 2, 3, 4, 5])).toEqual([]);

    // A link fails, and nobody has noticed yet.
    network.setUp(3, false);
    const [first] = new Inspector(network).compareRoutes([1]);
    expect(first).toMatchObject({ from: 1, to: 4 });
    expect(first?.problem).toBe('has child 1, the solver says none');
  });

  it('sees packets that end on a link which is down, where there is another way', () => {
    const network = new SimulatedNetwork(graphOf(10, '0 > 2', '1 > 2', '0 - 1'), seededRandom(1));
    for (const index of [0, 1, 2]) network.join(index);
    network.advance(5_000);
    network.setUp(0, false);
    const problems = (): string[] => new Inspector(network).faults().map(({ problem }) => problem);
    expect(problems()).toContain('no path: packets go 0');
    network.advance(5_000);
    expect(problems()).toEqual([]);
  });

  it('sees transit that peers give to each other, which strict policy forbids', () => {
    const graph = graphOf(6, '0 - 1', '1 - 2', '0 > 3', '1 > 4', '2 > 5');
    const network = new SimulatedNetwork(graph, seededRandom(1), { peerTransit: true });
    for (const { index } of graph.nodes) network.join(index);
    network.advance(5_000);
    const faults = new Inspector(network).faults();
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every(({ problem }) => problem.startsWith('against policy'))).toBe(true);
  });
});

describe('routers in a network like the Internet', () => {
  it.each([1, 2, 3, 4])(
    'find a loop-free path for every pair that policy lets reach each other, after whatever happens (seed %i)',
    (seed) => {
      const { phases, graph } = runRouting({ nodes: 60, seed });
      expect(new Set(graph.nodes.map(({ tier }) => tier)).size).toBeGreaterThan(2);
      expect(
        phases.flatMap(({ name, faults }) => faults.map((fault) => ({ name, ...fault }))),
      ).toEqual([]);
      expect(phases.map(({ name }) => name)).toEqual([
        'start',
        'join',
        'leave',
        'return',
        'restart',
        'flap',
        'partition',
        'heal',
        'quiet',
      ]);
      for (const { pairs, convergedMs } of phases) {
        expect(pairs).toBeGreaterThan(500);
        expect(convergedMs).toBeLessThan(20_000);
      }
    },
  );

  it('do so with children that are numbered inside their parents and use a default route', () => {
    const { nodes } = drawGraph(1_100, seededRandom(5));
    const stubs = nodes.filter(({ numbering }) => numbering === 'stub');
    expect(stubs).toHaveLength(100);
    expect(nodes.filter(({ numbering }) => numbering === 'parent').length).toBeGreaterThan(20);
    for (const { address } of stubs) expect(address.split('.').length).toBeGreaterThan(2);
  });

  it('do the same again for the same seed, to the byte', () => {
    const [a, b, c] = [7, 7, 8].map((seed) => runRouting({ nodes: 25, seed }).fingerprint);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});
