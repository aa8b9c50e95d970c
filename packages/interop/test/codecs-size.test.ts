/**
 * What the codecs cost whoever takes them: bundled with esbuild, minified and gzipped, and what they do when they are
 * imported, which is nothing.
 */
import { build } from 'esbuild';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const KIB = 1024;

const PACKAGES = ['oer-codec', 'ilp-address', 'ilp-packet'];
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
const PUBLISHED = mkdtempSync(join(ROOT, 'node_modules/.cache/size-'));

/** Builds the packages as tsup.config.ts does: entries of one package share chunks, in which modules are no more. */
beforeAll(async () => {
  for (const name of PACKAGES) {
    const folder = join(ROOT, 'packages', name, 'src');
    const entries = ['index.ts', 'asn1/index.ts', 'main.ts', 'sha256.node.ts', 'sha256.browser.ts'];
    await build({
      entryPoints: entries.map((path) => join(folder, path)).filter((path) => existsSync(path)),
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      packages: 'external',
      external: ['node:*', '#*'],
      outdir: join(PUBLISHED, name, 'dist'),
    });
    const manifest = readFileSync(join(folder, '../package.json'), 'utf8');
    writeFileSync(join(PUBLISHED, name, 'package.json'), manifest);
  }
}, 60_000);

afterAll(() => {
  rmSync(PUBLISHED, { recursive: true });
});

type Form = 'sources' | 'published';

/** The size in bytes of a module and all that it imports. */
async function sizeOf(
  contents: string,
  form: Form,
  platform: 'node' | 'browser' = 'node',
): Promise<number> {
  const names = form === 'published' ? PACKAGES : [];
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform,
    conditions: form === 'sources' ? ['@pennyswitch/source'] : [],
    alias: Object.fromEntries(names.map((name) => [`@pennyswitch/${name}`, join(PUBLISHED, name)])),
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

describe.each<Form>(['sources', 'published'])('bundled from %s, minified and gzipped', (form) => {
  test('the cursor, with its errors, is below 4 KiB', async () => {
    const cursor =
      "export { OerReader, OerWriter, OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec'";
    expect(await sizeOf(cursor, form)).toBeLessThan(4 * KIB);
  });

  test('oer-codec as a whole is below 16 KiB', async () => {
    expect(await sizeOf("export * from '@pennyswitch/oer-codec'", form)).toBeLessThan(16 * KIB);
  });

  test('ilp-packet with all it uses is below 8 KiB, in Node and in browsers', async () => {
    const all = "export * from '@pennyswitch/ilp-packet'";
    expect(await sizeOf(all, form, 'node')).toBeLessThan(8 * KIB);
    expect(await sizeOf(all, form, 'browser')).toBeLessThan(8 * KIB);
  });

  test('an import of nothing takes nothing', async () => {
    expect(await sizeOf("import '@pennyswitch/ilp-packet'", form)).toBeLessThan(40);
  });
});

/** What a statement does at once and not in a function: calls, and loops or conditions around them. */
function workOf(node: ts.Node): string[] {
  const isLater =
    ts.isFunctionLike(node) ||
    ts.isTypeNode(node) ||
    (ts.isPropertyDeclaration(node) && !ts.getModifiers(node)?.some(isStatic));
  if (isLater) return [];
  const isWork =
    ts.isCallExpression(node) ||
    ts.isIterationStatement(node, false) ||
    ts.isIfStatement(node) ||
    (ts.isNewExpression(node) && !BARE.includes(node.expression.getText()));
  const inner: string[] = [];
  ts.forEachChild(node, (child) => {
    inner.push(...workOf(child));
  });
  return isWork ? [node.getText(), ...inner] : inner;
}

function isStatic({ kind }: ts.Modifier): boolean {
  return kind === ts.SyntaxKind.StaticKeyword;
}

/** Some zeroed or spelled-out bytes are not work. */
const BARE = ['Uint8Array', 'ArrayBuffer', 'DataView'];

test.each(PACKAGES)('%s does no work at import', (name) => {
  const folder = new URL(`../../${name}/src/`, import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && path !== 'main.ts',
  );
  const work = files.flatMap((path) => {
    const text = readFileSync(new URL(path, folder), 'utf8');
    return ts
      .createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
      .statements.flatMap(workOf)
      .map((found) => `${path}: ${found}`);
  });
  expect(files.length).toBeGreaterThan(5);
  expect(work).toEqual([]);
});
