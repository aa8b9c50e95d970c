import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// This file is one level below the package's folder, in the sources as in the build.
const PACKAGE = new URL('..', import.meta.url);

/** The file that `pennyswitch` is: what a process of its own is started with. */
export function commandFile(): string {
  return fileURLToPath(new URL('bin/pennyswitch.js', PACKAGE));
}

/** This package's version. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL('package.json', PACKAGE), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
