/** The command: `npm run simulate -- routing --nodes 1000 --seed 1`. */
import { parseArgs } from 'node:util';
import { PHASE_HEADING, phaseLine } from './routing/report.js';
import { runRouting } from './routing/scenario.js';

const USAGE = 'usage: npm run simulate -- routing [--nodes 1000] [--seed 1]\n';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs it and prints; whether nothing was wrong. */
function routing(nodes: number, seed: number): boolean {
  const start = process.cpuUsage();
  let last = 0;
  const spent = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  print(`${PHASE_HEADING}   CPU`);
  const { graph, phases, fingerprint, virtualMs } = runRouting({
    nodes,
    seed,
    onPhase: (phase) => {
      const now = spent();
      print(`${phaseLine(phase)} ${(now - last).toFixed(1)} s`);
      last = now;
    },
  });
  const megabytes = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  print(
    `${graph.nodes.length} nodes, ${graph.edges.length} links, seed ${seed}: ` +
      `${(virtualMs / 1000).toFixed(0)} virtual seconds in ${spent().toFixed(1)} s of CPU, ` +
      `${megabytes} MB at most, fingerprint ${fingerprint}`,
  );
  const faults = phases.flatMap(({ name, faults: found }) =>
    found.map((fault) => ({ name, fault })),
  );
  for (const { name, fault } of faults) {
    print(`FAULT in ${name}: from ${fault.from} to ${fault.to}: ${fault.problem}`);
  }
  if (faults.length > 0)
    print(`repeat: npm run simulate -- routing --nodes ${nodes} --seed ${seed}`);
  return faults.length === 0;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const [nodes, seed] = [Number(values.nodes), Number(values.seed)];
const isNumber = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
if (
  positionals.join() !== 'routing' ||
  !isNumber(nodes, 10, 20_000) ||
  !isNumber(seed, 0, 2 ** 32)
) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else if (!routing(nodes, seed)) {
  process.exitCode = 1;
}
