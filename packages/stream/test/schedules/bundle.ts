import { build, type Plugin } from 'esbuild';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

/** A change to one source file of this package. */
export interface SourceChange {
  /** Below `src`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Makes one JavaScript file of a module of this folder and all that it imports, so that threads can run it without a loader;
 * with a change to one source, a deliberate bug.
 * @param entry a file beside this one.
 * @returns the path of the new file, in a folder of its own.
 */
export async function bundle(entry: string, change?: SourceChange): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@pennyswitch/source'],
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    plugins: change === undefined ? [] : [changeSource(change)],
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error('esbuild wrote nothing');
  const path = join(await mkdtemp(join(tmpdir(), 'stream-schedules-')), 'bundle.mjs');
  await writeFile(path, output.contents);
  return path;
}

function changeSource({ file, find, replace }: SourceChange): Plugin {
  const path = join(SOURCES, file);
  return {
    name: 'change-source',
    setup: (bundler) => {
      bundler.onLoad({ filter: /\.ts$/ }, async (args) => {
        if (args.path !== path) return undefined;
        const parts = (await readFile(path, 'utf8')).split(find);
        if (parts.length !== 2) {
          throw new Error(`${file} has ${parts.length - 1} places like "${find}", expected one`);
        }
        return { contents: parts.join(replace), loader: 'ts' };
      });
    },
  };
}
