/** The tests of one package on sources with mutants in them; started by `mutate.ts`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultServerConditions, type Plugin } from 'vite';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { mutate } from './mutate-transform.js';

const name = process.env['MUTATE_PACKAGE'] ?? '';
const root = process.env['MUTATE_ROOT'] ?? '';
const conditions = ['@pennyswitch/source', ...defaultServerConditions];
/** The id of the first mutant of each file. */
const firstIds = JSON.parse(readFileSync(process.env['MUTATE_IDS'] ?? '', 'utf8')) as Record<
  string,
  number
>;

const mutations: Plugin = {
  name: 'pennyswitch:mutants',
  enforce: 'pre',
  transform(code, id) {
    const path = id.split('?')[0] ?? id;
    if (!path.startsWith(`${root}src/`)) return undefined;
    const file = path.slice(root.length);
    const first = firstIds[file];
    return first === undefined ? undefined : { code: mutate(file, code, first).code, map: null };
  },
};

const config: ViteUserConfig = defineConfig({
  root,
  plugins: [mutations],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name,
    include: ['test/**/*.test.ts'],
    runner: fileURLToPath(new URL('mutate-runner.ts', import.meta.url)),
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    teardownTimeout: 60_000,
    reporters: ['default'],
  },
});
export default config;
