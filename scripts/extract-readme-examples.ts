/**
 * Writes each README example to `packages/NAME/test/readme.example.ts` (ignored by git), where the type
 * check sees it like any other file of the package, and removes what is no longer in a README.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exampleOf } from './readme-example.js';
import { packages } from './workspace.js';

for (const { folder } of packages()) {
  const root = fileURLToPath(new URL(`../packages/${folder}/`, import.meta.url));
  const target = `${root}test/readme.example.ts`;
  const readme = `${root}README.md`;
  const example = existsSync(readme) ? exampleOf(readFileSync(readme, 'utf8')) : undefined;
  if (example === undefined) {
    rmSync(target, { force: true });
  } else {
    const text = `${example}\nexport {};\n`;
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
    mkdirSync(`${root}test`, { recursive: true });
    writeFileSync(target, text);
  }
}
