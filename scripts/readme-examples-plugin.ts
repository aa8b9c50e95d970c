/**
 * Lets vitest take a package's README.md as a test file: one test, which imports the README's example
 * as a TypeScript module that sits in the package's folder, so it resolves what the package may import.
 */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { exampleOf } from './readme-example.js';

const README = /\/packages\/[^/]+\/README\.md$/;
const EXAMPLE = /\/packages\/[^/]+\/README\.example\.ts$/;

export function readmeExamples(): Plugin {
  return {
    name: 'pennyswitch:readme-examples',
    enforce: 'pre',
    resolveId(id) {
      return EXAMPLE.test(id) ? id : undefined;
    },
    load(id) {
      const path = id.split('?')[0] ?? id;
      if (README.test(path)) {
        const module = JSON.stringify(path.replace(/\.md$/, '.example.ts'));
        return [
          `import { test } from 'vitest';`,
          `test('README example runs', async () => { await import(${module}); });`,
        ].join('\n');
      }
      if (EXAMPLE.test(path)) {
        return exampleOf(readFileSync(path.replace(/\.example\.ts$/, '.md'), 'utf8'));
      }
      return undefined;
    },
  };
}
