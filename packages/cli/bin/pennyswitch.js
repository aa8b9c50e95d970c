#!/usr/bin/env node
/**
 * The `pennyswitch` command. In a published package, and in a clone after `npm run build`, it runs
 * `dist/main.js`. In a clone that is not built it runs the sources, in this same process: tsx compiles
 * them as they load, and a resolve hook adds the export condition that leads to them.
 * PENNYSWITCH_SOURCE=1 takes the sources even when there is a build.
 */
import { existsSync } from 'node:fs';
import { register } from 'node:module';

const built = new URL('../dist/main.js', import.meta.url);
const source = new URL('../src/main.ts', import.meta.url);

if (existsSync(built) && process.env.PENNYSWITCH_SOURCE !== '1') {
  await import(built.href);
} else {
  const tsx = await import('tsx/esm/api');
  tsx.register();
  register('./source-condition.js', import.meta.url);
  await import(source.href);
}
