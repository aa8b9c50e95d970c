/**
 * Benchmarks of Pennyswitch beside peers and hand-written floors: `npm run bench -- codecs`.
 *
 * Each part is a module with a `run` function. Figures are of one run on one machine: compare within it only.
 *
 * @packageDocumentation
 */
const PARTS: Readonly<Record<string, () => Promise<{ run(): void | Promise<void> }>>> = {
  codecs: () => import('./codecs/run.js'),
  links: () => import('./links/run.js'),
  'links-http': () => import('./links/http.js'),
  'links-idle': () => import('./links/idle.js'),
  stream: () => import('./stream/run.js'),
  spsp: () => import('./spsp/run.js'),
  routing: () => import('./routing/run.js'),
  connector: () => import('./connector/run.js'),
  'connector-endurance': () => import('./connector/endurance.js'),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(PARTS, name));
if (names.length === 0 || unknown.length > 0) {
  console.error(`usage: npm run bench -- PART...   (parts: ${Object.keys(PARTS).join(', ')})`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    const part = await PARTS[name]?.();
    await part?.run();
  }
}
