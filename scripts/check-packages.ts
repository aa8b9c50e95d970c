/**
 * Looks at every publishable package as npm would ship it, after `npm run build`: packs it, checks that
 * exactly what belongs there is in the tarball, then lets publint and are-the-types-wrong judge it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packages } from './workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'pennyswitch-pack-'));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Runs a tool to its end: exit status and all that it printed. */
function run(command: string, args: readonly string[], cwd: string) {
  return new Promise<{ ok: boolean; stdout: string; all: string }>((resolve) => {
    execFile(
      command,
      args,
      { cwd, maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } },
      (error, stdout, stderr) => resolve({ ok: error === null, stdout, all: stdout + stderr }),
    );
  });
}

const tool = (name: string) => join(root, 'node_modules', '.bin', name);

const belongs = [
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^src\/(?!.*\.test\.ts$).*\.ts$/,
  /^dist\/.*\.(?:js|cjs|d\.ts|d\.cts)(?:\.map)?$/,
];
/** What a package ships beside that, and must. */
const own: Readonly<Record<string, readonly string[]>> = {
  cli: ['bin/pennyswitch.js', 'bin/source-condition.js', 'schema/node-config.schema.json'],
};
const required = ['package.json', 'README.md', 'LICENSE', 'src/index.ts'].concat(
  ['index.js', 'index.js.map', 'index.cjs', 'index.cjs.map', 'index.d.ts', 'index.d.cts'].map(
    (file) => `dist/${file}`,
  ),
);

async function check(folder: string): Promise<string[]> {
  const cwd = join(root, 'packages', folder);
  const pack = await run('npm', ['pack', '--json', '--pack-destination', temporary], cwd);
  if (!pack.ok) return [`npm pack failed\n${pack.all}`];
  const reports = Object.values(JSON.parse(pack.stdout) as Record<string, Packed>);
  const packed = reports[0];
  if (packed === undefined) return ['npm pack reported nothing'];

  const problems: string[] = [];
  const files = packed.files.map(({ path }) => path);
  const ownFiles = own[folder] ?? [];
  for (const file of files) {
    const isKnown = ownFiles.includes(file) || belongs.some((pattern) => pattern.test(file));
    if (!isKnown) problems.push(`stray file: ${file}`);
  }
  for (const file of [...required, ...ownFiles]) {
    if (!files.includes(file)) problems.push(`missing from the tarball: ${file}`);
  }

  const tarball = join(temporary, packed.filename.replace('@', '').replace('/', '-'));
  const publint = await run(tool('publint'), ['run', tarball, '--strict'], cwd);
  if (!publint.ok) problems.push(`publint\n${publint.all}`);
  const attw = await run(tool('attw'), [tarball, '--profile', 'node16', '--no-emoji'], cwd);
  if (!attw.ok) problems.push(`are-the-types-wrong\n${attw.all}`);
  return problems;
}

const queue = packages().filter(({ manifest }) => manifest.private !== true);
let failed = 0;
async function worker(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const problems = await check(next.folder);
    console.log(`${problems.length === 0 ? 'ok' : 'NOT OK'}: ${next.manifest.name}`);
    for (const problem of problems) console.log(`  ${problem}`);
    if (problems.length > 0) failed++;
  }
}
try {
  await Promise.all([worker(), worker()]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (failed > 0) process.exit(1);
