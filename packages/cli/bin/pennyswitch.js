#!/usr/bin/env node
/**
 * The `pennyswitch` command. It runs `dist/main.js` where that is built: in a published package always,
 * in a clone as long as no source is newer. Otherwise it runs the sources, in this same process: tsx
 * compiles them as they load, and a resolve hook adds the export condition that leads to them.
 * PENNYSWITCH_SOURCE=1 takes the sources in any case.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { register } from 'node:module';

const main = new URL('../dist/main.js', import.meta.url);
const clone = new URL('../../../lerna.json', import.meta.url);
const packages = new URL('../../', import.meta.url);

/** Whether a TypeScript file below `folder` was written after `time`. */
function newerThan(time, folder) {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    if (entry.isDirectory()) return newerThan(time, new URL(`${entry.name}/`, folder));
    return entry.name.endsWith('.ts') && statSync(new URL(entry.name, folder)).mtimeMs > time;
  });
}

function buildIsCurrent() {
  if (process.env.PENNYSWITCH_SOURCE === '1' || !existsSync(main)) return false;
  if (!existsSync(clone)) return true;
  const built = statSync(main).mtimeMs;
  return !readdirSync(packages)
    .map((name) => new URL(`${name}/src/`, packages))
    .some((source) => existsSync(source) && newerThan(built, source));
}

if (buildIsCurrent()) {
  await import(main.href);
} else {
  const tsx = await import('tsx/esm/api');
  tsx.register();
  register('./source-condition.js', import.meta.url);
  await import(new URL('../src/main.ts', import.meta.url).href);
}
