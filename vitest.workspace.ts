/**
 * The one list of test projects: each package is a project of its own, named after its folder.
 * Tests run on the sources, through the export condition `@pennyswitch/source`; nothing is built first.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { exampleOf } from './scripts/readme-example.js';
import { readmeExamples } from './scripts/readme-examples-plugin.js';

const conditions = ['@pennyswitch/source', ...defaultServerConditions];

const packages = readdirSync(new URL('packages/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

/** A README is a test file of its package as soon as it has an example. */
function hasExample(name: string): boolean {
  const readme = new URL(`packages/${name}/README.md`, import.meta.url);
  return existsSync(readme) && exampleOf(readFileSync(readme, 'utf8')) !== undefined;
}

export default defineConfig({
  plugins: [readmeExamples()],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // No test measures time: these only end what hangs, on a machine with other work too.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', 'packages/{testkit,interop,bench}/**'],
    },
    projects: [
      ...packages.map((name) => ({
        extends: true as const,
        root: `packages/${name}`,
        test: {
          name,
          include: [
            'test/**/*.test.ts',
            'src/**/*.test.ts',
            ...(hasExample(name) ? ['README.md'] : []),
          ],
        },
      })),
      {
        extends: true as const,
        root: 'scripts',
        test: { name: 'scripts', include: ['**/*.test.ts'] },
      },
    ],
  },
});
