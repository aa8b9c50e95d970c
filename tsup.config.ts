/**
 * How every publishable package is built; each runs it from its own folder. The entries are the sources
 * that the package's `exports` and `imports` name under `@pennyswitch/source`, and `src/main.ts` where
 * there is a command.
 */
import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** The strings at the leaves of `value`, below a `@pennyswitch/source` key. */
function sources(value: unknown, below = false): string[] {
  if (typeof value === 'string') return below && value.endsWith('.ts') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    sources(inner, below || key === '@pennyswitch/source'),
  );
}

/** `./src/node/crypto.ts` is built as `dist/node/crypto.js`. */
function entries(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => [path.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), path]),
  );
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: unknown;
  imports?: unknown;
};
const exported = sources(manifest.exports);
const main = existsSync('src/main.ts') ? ['./src/main.ts'] : [];

export default defineConfig({
  entry: entries([...exported, ...sources(manifest.imports), ...main]),
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  sourcemap: true,
  clean: true,
  splitting: true,
  removeNodeProtocol: false,
  external: [/^node:/, /^#/],
  dts: {
    entry: entries(exported),
    compilerOptions: {
      composite: false,
      declarationMap: false,
      tsBuildInfoFile: null,
      rootDir: null,
      outDir: null,
      ignoreDeprecations: '6.0',
    },
  },
});
