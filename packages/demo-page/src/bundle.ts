import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The page's script, for browsers: what needs Node fails here and not in the page. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page/main.ts', import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // From the sources, as everything in a clone, and of them what is meant for browsers.
    conditions: ['@pennyswitch/source', 'browser'],
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
