/** The command: `npm run simulate -- routing --nodes 1000 --seed 1`. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drawPlot, type PlotPoint } from './routing/plot.js';
import { PHASE_HEADING, phaseLine } from './routing/report.js';
import { runRouting, type RoutingRun } from './routing/scenario.js';

const USAGE = `usage: npm run simulate -- routing [options]

Networks of routers on virtual time, beside a solver that knows everything.

  --nodes N       how many nodes, 10 to 20000; default 1000
  --seed N        what is drawn follows from it; default 1
  --quick         only the start, a failure of a part and its return
  --sizes N,N,…   several networks, one after the other
  --plot FILE     draws how long paths took against the number of nodes (SVG)

Each line of the table is something that happens to the network:
  pairs           ordered pairs of nodes that policy lets reach each other, at the end
  all paths       virtual time until each of them had a path without a loop
  settled         virtual time until no routing table changed any more
  messages        CCP requests that crossed links; megabytes has their replies too
  faults          where the routers and the solver differ: must be 0
`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs it and prints. */
function routing(nodes: number, seed: number, isQuick: boolean): RoutingRun {
  const start = process.cpuUsage();
  let last = 0;
  const spent = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  print(`${PHASE_HEADING}   CPU`);
  const run = runRouting({
    nodes,
    seed,
    isQuick,
    onPhase: (phase) => {
      const now = spent();
      print(`${phaseLine(phase)} ${(now - last).toFixed(1)} s`);
      last = now;
    },
  });
  const { graph, phases, fingerprint, virtualMs } = run;
  const megabytes = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  print(
    `${graph.nodes.length} nodes, ${graph.edges.length} links, seed ${seed}: ` +
      `${(virtualMs / 1000).toFixed(0)} virtual seconds in ${spent().toFixed(1)} s of CPU, ` +
      `${megabytes} MB at most, fingerprint ${fingerprint}`,
  );
  for (const { name, faults } of phases) {
    for (const { from, to, problem } of faults) {
      print(`FAULT in ${name}: from ${from} to ${to}: ${problem}`);
      process.exitCode = 1;
    }
  }
  return run;
}

/** What a run says in the plot. */
function pointOf({ graph, phases }: RoutingRun): PlotPoint {
  const ms = (name: string): number =>
    phases.find((phase) => phase.name === name)?.convergedMs ?? 0;
  return {
    nodes: graph.nodes.length,
    startMs: ms('start'),
    partitionMs: ms('partition'),
    healMs: ms('heal'),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '1000' },
    sizes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    plot: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const sizes = (values.sizes ?? values.nodes).split(',').map(Number);
const seed = Number(values.seed);
const isNumber = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
const areValid = sizes.every((nodes) => isNumber(nodes, 10, 20_000)) && isNumber(seed, 0, 2 ** 32);
if (values.help) {
  process.stdout.write(USAGE);
} else if (positionals.join() !== 'routing' || !areValid) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const points = sizes.map((nodes) => pointOf(routing(nodes, seed, values.quick)));
  // npm runs this in its package's folder; a path is meant from where the command was given.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  if (values.plot !== undefined) writeFileSync(resolve(from, values.plot), drawPlot(points));
}
