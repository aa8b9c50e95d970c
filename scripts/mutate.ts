/**
 * `npm run mutate -- PACKAGE [FILE...]`: changes every comparison, boundary and numeric constant in the sources of a
 * package (of those files only, if some are named), one at a time, and asks whether a test of the package fails. It ends
 * with a failing exit status unless every mutant is killed, or listed with the reason why it cannot be in
 * `packages/PACKAGE/test/mutants.json`.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Findings } from './mutate-runner.js';
import { mutate, type Mutant } from './mutate-transform.js';

/** Mutants that no test can kill: all those of a line that the fields name. */
interface Excuse {
  readonly file: string;
  /** The line, without the spaces around it. */
  readonly code: string;
  /** What is mutated; without it, everything on the line. */
  readonly from?: string;
  readonly to?: string;
  /** Why it makes no difference, or none that a test can see. */
  readonly reason: string;
}

/** How many processes share the work; a machine that has other things to do is given `MUTATE_PROCESSES=1`. */
const PROCESSES = Number(process.env['MUTATE_PROCESSES'] ?? 2);

const [name, ...only] = process.argv.slice(2);
if (name === undefined) throw new Error('usage: npm run mutate -- PACKAGE [FILE...]');
/** The folder of the package, with a slash at its end. */
const root =
  process.env['MUTATE_ROOT'] ?? fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'mutate-'));
const idsPath = join(work, 'ids.json');

const all = findMutants();
const excuses = readExcuses();
const excused = new Set<Excuse>();
const wanted = all.filter(
  (mutant) => only.length === 0 || only.some((file) => mutant.file.includes(file)),
);
console.log(`${name}: ${wanted.length} mutants`);

const killed = new Map<number, string>();
const met = new Set<number>();
const start = Date.now();
await Promise.all(
  Array.from({ length: PROCESSES }, (_, part) =>
    hunt(
      part,
      wanted.filter(({ id }) => id % PROCESSES === part),
    ),
  ),
);
report();
rmSync(work, { recursive: true });

function seconds(): number {
  return Math.round((Date.now() - start) / 1000);
}

function findMutants(): Mutant[] {
  const found: Mutant[] = [];
  const firstIds: Record<string, number> = {};
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'main.ts')
    .map((path) => `src/${path}`)
    .sort();
  for (const file of files) {
    firstIds[file] = found.length + 1;
    found.push(...mutate(file, readFileSync(root + file, 'utf8'), found.length + 1).mutants);
  }
  writeFileSync(idsPath, JSON.stringify(firstIds));
  return found;
}

function readExcuses(): Excuse[] {
  const path = `${root}test/mutants.json`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Excuse[]) : [];
}

function excuseOf({ file, code, from, to }: Mutant): Excuse | undefined {
  return excuses.find(
    (excuse) =>
      excuse.file === file &&
      excuse.code === code &&
      (excuse.from ?? from) === from &&
      (excuse.to ?? to) === to,
  );
}

/** Runs vitest once and returns whether all tests passed, and what it printed. */
function vitest(environment: Record<string, string>): Promise<{ passed: boolean; output: string }> {
  const config = fileURLToPath(new URL('mutate.config.ts', import.meta.url));
  const bin = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const env = {
    ...process.env,
    MUTATE_PACKAGE: name,
    MUTATE_ROOT: root,
    MUTATE_IDS: idsPath,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, 'run', '--config', config],
      { env, maxBuffer: 1 << 28, timeout: 1_800_000 },
      (error, stdout, stderr) => {
        resolve({ passed: error === null, output: stdout + stderr });
      },
    );
  });
}

/** All mutants of a part in one process, switched on and off. */
async function hunt(part: number, mutants: readonly Mutant[]): Promise<void> {
  const folder = mkdtempSync(join(work, `part${part}-`));
  const ids = mutants.filter((mutant) => excuseOf(mutant) === undefined).map(({ id }) => id);
  writeFileSync(join(folder, 'alive.json'), JSON.stringify(ids));
  for (const pass of ['quick', 'slow', 'load']) {
    const { passed, output } = await vitest({ MUTATE_FOLDER: folder, MUTATE_PASS: pass });
    if (!passed) {
      console.log(output);
      throw new Error('the tests do not run');
    }
    const alive = JSON.parse(readFileSync(join(folder, 'alive.json'), 'utf8')) as number[];
    console.log(`${seconds()} s, after the ${pass} pass: ${alive.length} left`);
    if (alive.length === 0) break;
  }
  for (const file of readdirSync(folder).filter((path) => path.startsWith('found-'))) {
    const findings = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Findings;
    for (const [id, test] of Object.entries(findings.killed)) killed.set(Number(id), test);
    for (const id of findings.met) met.add(id);
    for (const test of findings.failing)
      console.log(`not counted on, it fails without a mutant: ${test}`);
  }
}

function report(): void {
  let survivors = 0;
  for (const mutant of wanted) {
    if (killed.has(mutant.id)) continue;
    const excuse = excuseOf(mutant);
    if (excuse !== undefined) {
      excused.add(excuse);
      continue;
    }
    survivors += 1;
    const { file, line, code, from, to } = mutant;
    console.log(
      `${file}:${line}  ${from} → ${to}${met.has(mutant.id) ? '' : '  (never met)'}\n    ${code}`,
    );
  }
  const files = new Set(wanted.map(({ file }) => file));
  const stale = excuses.filter((excuse) => files.has(excuse.file) && !excused.has(excuse));
  for (const { file, code } of stale)
    console.log(`listed, but there is no such mutant: ${file}: ${code}`);
  console.log(
    `${wanted.length} mutants, ${killed.size} killed, ${survivors} not, in ${seconds()} s`,
  );
  if (survivors + stale.length > 0) process.exitCode = 1;
}
