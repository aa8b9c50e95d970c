/**
 * Shows that the layering check can fail: puts a file with one forbidden import at a time into a package,
 * runs the check and expects the rule to be named. A check that passes whatever happens is worse than none.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const depcruise = fileURLToPath(
  new URL('../node_modules/dependency-cruiser/bin/dependency-cruise.mjs', import.meta.url),
);

interface Case {
  readonly what: string;
  readonly folder: string;
  readonly file?: string;
  readonly code: string;
  readonly rule: string | undefined;
}

const cases: readonly Case[] = [
  {
    what: 'an upward import by name',
    folder: 'oer-codec',
    code: `import * as up from '@pennyswitch/ilp-packet';\nexport const x: unknown = up;\n`,
    rule: 'layer:oer-codec',
  },
  {
    what: 'a type-only import',
    folder: 'btp',
    code: `import type * as up from '@pennyswitch/ilp-packet';\nexport type X = typeof up;\n`,
    rule: 'layer:btp',
  },
  {
    what: 'a relative path into another package',
    folder: 'ildcp',
    code: `import * as side from '../../stream/src/index.js';\nexport const x: unknown = side;\n`,
    rule: 'layer:ildcp',
  },
  {
    what: 'a dynamic import',
    folder: 'connector-core',
    code: `export const x = (): Promise<unknown> => import('@pennyswitch/stream');\n`,
    rule: 'layer:connector-core',
  },
  {
    what: 'a lower layer that the table does not name',
    folder: 'spsp',
    code: `import * as skip from '@pennyswitch/ilp-packet';\nexport const x: unknown = skip;\n`,
    rule: 'layer:spsp',
  },
  {
    what: 'testkit below ilp-packet',
    folder: 'ilp-packet',
    file: 'src/layers-selftest.test.ts',
    code: `import * as kit from '@pennyswitch/testkit';\nexport const x: unknown = kit;\n`,
    rule: 'layer:ilp-packet:tests',
  },
  {
    what: 'testkit in shipped code',
    folder: 'stream',
    code: `import * as kit from '@pennyswitch/testkit';\nexport const x: unknown = kit;\n`,
    rule: 'layer:stream',
  },
  {
    what: 'a private package',
    folder: 'cli',
    code: `import * as bench from '@pennyswitch/bench';\nexport const x: unknown = bench;\n`,
    rule: 'layer:cli',
  },
  {
    what: 'testkit reaching up',
    folder: 'testkit',
    code: `import * as up from '@pennyswitch/stream';\nexport const x: unknown = up;\n`,
    rule: 'layer:testkit',
  },
  {
    what: 'an npm package that is hoisted but not declared',
    folder: 'ildcp',
    code: `import { WebSocket } from 'ws';\nexport const x: unknown = WebSocket;\n`,
    rule: 'declared:ildcp',
  },
  {
    what: 'a development tool in shipped code',
    folder: 'spsp',
    code: `import * as fc from 'fast-check';\nexport const x: unknown = fc;\n`,
    rule: 'declared:spsp',
  },
  {
    what: 'what the table allows',
    folder: 'stream',
    code: [
      `import { createHash } from 'node:crypto';`,
      `import { EventEmitter } from 'eventemitter3';`,
      `import { sha256 } from '@noble/hashes/sha2.js';`,
      `import * as packet from '@pennyswitch/ilp-packet';`,
      `export const x: unknown[] = [createHash, EventEmitter, sha256, packet];`,
      ``,
    ].join('\n'),
    rule: undefined,
  },
  {
    what: 'testkit in the tests of an upper package',
    folder: 'stream',
    file: 'src/layers-selftest.test.ts',
    code: `import { test } from 'vitest';\nimport * as kit from '@pennyswitch/testkit';\nexport const x: unknown[] = [test, kit];\n`,
    rule: undefined,
  },
];

let failed = 0;
for (const { what, folder, file = 'src/layers-selftest.ts', code, rule } of cases) {
  const path = `packages/${folder}/${file}`;
  let output: string;
  let status: number | null;
  try {
    writeFileSync(`${root}${path}`, code);
    // Only this file and what it reaches: what is wrong elsewhere is not this test's business.
    const run = spawnSync(
      process.execPath,
      [depcruise, '--config', '.dependency-cruiser.mjs', '--output-type', 'err', path],
      { cwd: root, encoding: 'utf8' },
    );
    output = run.stdout + run.stderr;
    status = run.status;
  } finally {
    rmSync(`${root}${path}`, { force: true });
  }
  const lines = output.split('\n').filter((line) => line.includes(`${path} `));
  const ok =
    rule === undefined
      ? lines.length === 0 && (status === 0 || !output.includes(path))
      : status !== 0 && lines.some((line) => line.includes(` ${rule}: `));
  if (!ok) failed++;
  console.log(
    `${ok ? 'ok' : 'NOT OK'}: ${what}, in ${folder}: ${rule === undefined ? 'allowed' : `refused by ${rule}`}`,
  );
  if (!ok) console.log(`status ${status}\n${output}`);
}
if (failed > 0) {
  console.error(`layers:selftest: ${failed} of ${cases.length} not as expected`);
  process.exit(1);
}
