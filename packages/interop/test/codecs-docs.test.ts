/** docs/oer.md is run as it is printed: its module, its programs and its command. */
import * as oer from '@pennyswitch/oer-codec';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/oer.md'), 'utf8');
const MAIN = join(ROOT, 'packages/oer-codec/src/main.ts');
// Below node_modules of the workspace, where imports by name lead to its packages.
mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
const FOLDER = mkdtempSync(join(ROOT, 'node_modules/.cache/oer-'));

afterAll(() => {
  rmSync(FOLDER, { recursive: true });
});

/** The code blocks of the page in a language, in their order. */
function blocks(language: string): string[] {
  const pattern = new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\``, 'g');
  return [...PAGE.matchAll(pattern)].map((match) => match[1] ?? '');
}

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, ...args: string[]): Promise<Outcome> {
  const flags = ['--conditions=@pennyswitch/source', '--import', 'tsx'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...flags, script, ...args],
      { cwd: FOLDER },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

/** What the compiler has to say about some files of TypeScript, all in one run since that takes seconds. */
function complaints(...codes: string[]): string[][] {
  const paths = codes.map((code, i) => {
    const path = join(FOLDER, `generated${i}.mts`);
    writeFileSync(path, code);
    return path;
  });
  const program = ts.createProgram(paths, {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@pennyswitch/source'],
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  });
  return paths.map((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

describe('docs/oer.md', () => {
  test('the first program reads the module and round-trips a value', async () => {
    const [module] = blocks('asn1');
    const [first] = blocks('js');
    writeFileSync(join(FOLDER, 'Meter.asn'), module ?? '');
    writeFileSync(join(FOLDER, 'first.mjs'), `${first ?? ''}\nconsole.log(bytes, value);`);
    const { stdout, stderr } = await run('first.mjs');
    expect(stderr).toBe('');
    expect(stdout).toContain('litres: 123456n');
    expect(stdout).toContain("note: 'cellar'");
  });

  test('the schema written by hand is that of the module', async () => {
    const [first, second] = blocks('js');
    const compare = [
      first?.replace('const reading', 'const parsed').replaceAll('reading.', 'parsed.'),
      second,
      'console.log(Buffer.compare(reading.encode(value), bytes));',
    ];
    writeFileSync(join(FOLDER, 'second.mjs'), compare.join('\n'));
    expect(await run('second.mjs')).toEqual({ status: 0, stdout: '0\n', stderr: '' });
  });
});

test('every function in the table of docs/oer.md is there', () => {
  const cells = PAGE.split('\n').filter((line) => line.startsWith('| '));
  const names = cells.flatMap((line) =>
    [...(line.split(' | ')[1] ?? '').matchAll(/(\w+)\(/g)].map((match) => match[1] ?? ''),
  );
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !(name in oer))).toEqual([]);
});

describe('asn1-to-typescript', () => {
  test('prints TypeScript that compiles, and whose types know the messages', async () => {
    const folder = join(ROOT, 'docs/asn1');
    const paths = readdirSync(folder).filter((name) => name.endsWith('.asn'));
    const own = await run(MAIN, ...paths.map((name) => join(folder, name)));
    expect(own.stderr).toBe('');
    writeFileSync(join(FOLDER, 'Meter.asn'), blocks('asn1')[0] ?? '');
    const meter = await run(MAIN, 'Meter.asn');
    writeFileSync(
      join(FOLDER, 'M.asn'),
      'M DEFINITIONS ::= BEGIN T ::= SEQUENCE { a CHOICE { x [1] NULL, y UTCTime }, ..., ' +
        '[[ b BMPString, c UniversalString OPTIONAL ]], d SET { e [2] NULL, f BOOLEAN } } END',
    );
    const rare = await run(MAIN, 'M.asn');
    const use = (type: string, value: string): string =>
      `\nexport const use: ${type} = ${value};\n`;
    const [modules, short, long, wrong, missing, groups] = complaints(
      own.stdout,
      meter.stdout + use('Reading', '{ meter: 7, litres: 5n }'),
      meter.stdout + use('Reading', "{ meter: 7, litres: 5n, note: 'cellar' }"),
      meter.stdout + use('Reading', '{ meter: 7, litres: 5 }'),
      meter.stdout + use('Reading', '{ meter: 7 }'),
      rare.stdout + use('T', "{ a: { type: 'y', value: '' }, b: 'b', d: { e: null, f: true } }"),
    );
    expect([modules, short, long, groups]).toEqual([[], [], [], []]);
    expect(wrong?.join()).toContain("'number' is not assignable");
    expect(missing?.join()).toContain("'litres' is missing");
  }, 60_000);

  test('says what is wrong in one line, and how it is called', async () => {
    writeFileSync(join(FOLDER, 'Bad.asn'), 'Bad DEFINITIONS ::= BEGIN\nT ::= 5 END');
    expect(await run(MAIN, 'Bad.asn')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'asn1-to-typescript: line 2: expected a word, found 5\n',
    });
    expect((await run(MAIN, 'none.asn')).stderr).toMatch(/^asn1-to-typescript: ENOENT.*\n$/);
    const usage = expect.stringMatching(/^usage: asn1-to-typescript MODULE\.asn/) as string;
    for (const args of [[], ['--unknown']]) {
      expect(await run(MAIN, ...args)).toEqual({ status: 2, stdout: '', stderr: usage });
    }
    expect(await run(MAIN, '--help')).toEqual({ status: 0, stdout: usage, stderr: '' });
  });
});
