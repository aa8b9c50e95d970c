/**
 * What the manifests must say, as far as an import does not show it (the rest of `npm run layers` reads
 * the imports): workspace dependencies follow the table, in scripts/layers.json, are real version ranges
 * that the workspace satisfies, and form no cycle, devDependencies counted.
 */
import { readFileSync } from 'node:fs';
import { packages, type Manifest } from './workspace.js';

interface Table {
  readonly layers: Readonly<Record<string, readonly string[]>>;
  readonly testkit: { readonly imports: readonly string[]; readonly notUsedBy: readonly string[] };
  readonly outside: readonly string[];
}

const table = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8')) as Table;
const all = packages();
const folderOf = new Map(all.map(({ folder, manifest }) => [manifest.name, folder]));
const versionOf = new Map(all.map(({ manifest }) => [manifest.name, manifest.version]));
const problems: string[] = [];

/** The folders of the workspace packages named in some of the manifest's dependency tables. */
function workspaceDependencies(...tables: (Manifest['dependencies'] | undefined)[]): string[] {
  return tables
    .flatMap((one) => Object.keys(one ?? {}))
    .map((name) => folderOf.get(name))
    .filter((folder) => folder !== undefined);
}

const graph = new Map<string, string[]>();
for (const { folder, manifest } of all) {
  const runtime = workspaceDependencies(
    manifest.dependencies,
    manifest.peerDependencies,
    manifest.optionalDependencies,
  );
  const dev = workspaceDependencies(manifest.devDependencies);
  graph.set(folder, [...new Set([...runtime, ...dev])]);

  for (const ranges of [manifest.dependencies, manifest.devDependencies]) {
    for (const [name, range] of Object.entries(ranges ?? {})) {
      const version = versionOf.get(name);
      if (version !== undefined && range !== `^${version}`) {
        problems.push(`${folder}: ${name} is ${version} here, but the range says "${range}"`);
      }
    }
  }

  if (table.outside.includes(folder)) {
    if (manifest.private !== true) problems.push(`${folder}: must be private`);
    continue;
  }
  const allowed = folder === 'testkit' ? table.testkit.imports : table.layers[folder];
  if (allowed === undefined) {
    problems.push(`${folder}: is not in scripts/layers.json`);
    continue;
  }
  for (const other of runtime) {
    if (!allowed.includes(other)) problems.push(`${folder}: may not depend on ${other}`);
  }
  for (const other of dev) {
    if (other === 'testkit' && !table.testkit.notUsedBy.includes(folder)) continue;
    if (!allowed.includes(other)) problems.push(`${folder}: may not depend on ${other}, in tests`);
  }
}

const done = new Set<string>();
function visit(folder: string, path: readonly string[]): void {
  if (path.includes(folder)) {
    problems.push(`cycle: ${[...path.slice(path.indexOf(folder)), folder].join(' -> ')}`);
    return;
  }
  if (done.has(folder)) return;
  for (const next of graph.get(folder) ?? []) visit(next, [...path, folder]);
  done.add(folder);
}
for (const folder of graph.keys()) visit(folder, []);

for (const problem of problems) console.error(`  error workspace: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`workspace: ${all.length} packages, dependencies as the table allows, no cycle`);
