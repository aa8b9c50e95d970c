/**
 * The layering check: `npm run layers`. One rule per line of the table in docs/architecture.md (kept for
 * machines in scripts/layers.json), and one per package that says what its manifest declares. Type-only
 * imports count.
 */
import { readdirSync, readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const table = read('scripts/layers.json');
const folders = readdirSync(new URL('packages/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const manifests = new Map(folders.map((name) => [name, read(`packages/${name}/package.json`)]));
const folderOf = new Map([...manifests].map(([folder, { name }]) => [name, folder]));

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const anyOf = (names) => (names.length === 0 ? '(?!)' : `(?:${names.map(escape).join('|')})`);
const inPackages = (names) => `^packages/${anyOf(names)}/`;
const SRC = 'src/(?!.*\\.test\\.ts$)';

/** What code of `folder` may reach when it declares `names`: their workspace folder or node_modules. */
const declared = (folder, names) => [
  `^packages/${folder}/(?!node_modules/)`,
  inPackages(names.filter((name) => folderOf.has(name)).map((name) => folderOf.get(name))),
  `(?:^|/)node_modules/(?:@types/)?${anyOf(names.filter((name) => !folderOf.has(name)))}(?:/|$)`,
];

const rootTools = Object.keys(read('package.json').devDependencies);
const layers = Object.entries(table.layers);
const packagesOf = (names) => names.filter((name) => folders.includes(name));

export default {
  forbidden: [
    ...layers.map(([name, allowed]) => ({
      name: `layer:${name}`,
      comment: `${name} may import ${allowed.join(', ') || 'nothing'} (docs/architecture.md)`,
      severity: 'error',
      from: { path: `^packages/${name}/${SRC}` },
      to: { path: '^packages/', pathNot: [`^packages/${name}/`, inPackages(allowed)] },
    })),
    ...layers.map(([name, allowed]) => ({
      name: `layer:${name}:tests`,
      comment: `the tests of ${name} may import what it may, and testkit where that sits below it`,
      severity: 'error',
      from: { path: `^packages/${name}/`, pathNot: `^packages/${name}/${SRC}` },
      to: {
        path: '^packages/',
        pathNot: [
          `^packages/${name}/`,
          inPackages(table.testkit.notUsedBy.includes(name) ? allowed : [...allowed, 'testkit']),
        ],
      },
    })),
    {
      name: 'layer:testkit',
      comment: `testkit imports only ${table.testkit.imports.join(', ')}`,
      severity: 'error',
      from: { path: '^packages/testkit/' },
      to: {
        path: '^packages/',
        pathNot: ['^packages/testkit/', inPackages(table.testkit.imports)],
      },
    },
    {
      name: 'layer:known',
      comment: 'every package is in the table, or among the private ones beside it',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: inPackages([...layers.map(([name]) => name), 'testkit', ...table.outside]),
      },
      to: {},
    },
    ...packagesOf([...layers.map(([name]) => name), 'testkit']).map((folder) => {
      const { dependencies = {}, peerDependencies = {} } = manifests.get(folder);
      const names = Object.keys({ ...dependencies, ...peerDependencies });
      return {
        name: `declared:${folder}`,
        comment: `the sources of ${folder} import only what its package.json declares`,
        severity: 'error',
        from: { path: `^packages/${folder}/${SRC}` },
        to: {
          dependencyTypesNot: ['core'],
          pathNot: declared(folder, names),
        },
      };
    }),
    ...folders.map((folder) => {
      const {
        dependencies = {},
        peerDependencies = {},
        devDependencies = {},
      } = manifests.get(folder);
      const names = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies });
      return {
        name: `declared:${folder}:tests`,
        comment: `whatever is in ${folder} imports only what its package.json, or the root's, declares`,
        severity: 'error',
        from: { path: `^packages/${folder}/` },
        to: {
          dependencyTypesNot: ['core'],
          pathNot: declared(folder, [...names, ...rootTools]),
        },
      };
    }),
    {
      name: 'no-import-cycle',
      comment: 'no file imports itself by way of others; a type-only import may close a circle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'what is imported exists',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.tsc|coverage)/|readme\\.example\\.ts$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@pennyswitch/source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
