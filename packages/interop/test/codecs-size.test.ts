/**
 * What the codecs cost whoever takes them: bundled with esbuild, minified and gzipped, and what they do when they are
 * imported, which is nothing.
 */
import { build } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const KIB = 1024;

/** The size in bytes of a module and all that it imports. */
async function sizeOf(contents: string, platform: 'node' | 'browser' = 'node'): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform,
    conditions: ['@pennyswitch/source'],
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

describe('bundled, minified and gzipped', () => {
  test('the cursor, with its errors, is below 4 KiB', async () => {
    const cursor =
      "export { OerReader, OerWriter, OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec'";
    expect(await sizeOf(cursor)).toBeLessThan(4 * KIB);
  });

  test('oer-codec as a whole is below 16 KiB', async () => {
    expect(await sizeOf("export * from '@pennyswitch/oer-codec'")).toBeLessThan(16 * KIB);
  });

  test('ilp-packet with all it uses is below 8 KiB, in Node and in browsers', async () => {
    const all = "export * from '@pennyswitch/ilp-packet'";
    expect(await sizeOf(all, 'node')).toBeLessThan(8 * KIB);
    expect(await sizeOf(all, 'browser')).toBeLessThan(8 * KIB);
  });

  test('an import of nothing takes nothing', async () => {
    expect(await sizeOf("import '@pennyswitch/ilp-packet'")).toBeLessThan(40);
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

test.each(['oer-codec', 'ilp-address', 'ilp-packet'])('%s does no work at import', (name) => {
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
