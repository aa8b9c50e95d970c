/**
 * docs/conformance.md names tests as `PACKAGE/FILE: TITLE`. Each must be there, and each clause must have one, or say why there is
 * none: otherwise the tables would go on claiming what nothing shows any more.
 */
import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const text = readFileSync(new URL('docs/conformance.md', root), 'utf8');
const REFERENCE = /`([a-z0-9-]+)\/([a-z0-9/-]+): ([^`]+)`/g;

/** The file of a reference: a test, or a suite that several tests run. */
function fileOf(name: string, path: string): URL | undefined {
  return ['.test.ts', '.ts']
    .map((ending) => new URL(`packages/${name}/test/${path}${ending}`, root))
    .find((file) => existsSync(file));
}

const titles = new Map<string, ReadonlySet<string>>();

/** The titles of all tests in a file. */
function titlesOf(file: URL): ReadonlySet<string> {
  const known = titles.get(file.href);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(
    file.pathname,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
  );
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments;
      const isTest = /^(it|test)\b/.test(calleeOf(node.expression));
      if (isTest && title !== undefined && ts.isStringLiteralLike(title)) found.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  titles.set(file.href, found);
  return found;
}

/** `it` of `it(…)`, `it.each([…])(…)` and `it.skipIf(…)(…)`. */
function calleeOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)) {
    return calleeOf(expression.expression);
  }
  return '';
}

/** The rows of every table whose last column is `shown by`, by the heading above it. */
function clauses(): Map<string, string[][]> {
  const tables = new Map<string, string[][]>();
  let heading = '';
  let isTable = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) {
      isTable = false;
      continue;
    }
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.at(-1) === 'shown by') {
      isTable = true;
      tables.set(heading, []);
    } else if (isTable && !/^-+$/.test(cells[0] ?? '')) {
      tables.get(heading)?.push(cells);
    }
  }
  return tables;
}

test('every test that docs/conformance.md names exists', () => {
  const missing = [...text.matchAll(REFERENCE)].flatMap(([reference, name, path, title = '']) => {
    const file = fileOf(name ?? '', path ?? '');
    return file !== undefined && titlesOf(file).has(title) ? [] : [reference];
  });
  expect(missing).toEqual([]);
});

test('every clause is shown by a test, or says why by none', () => {
  const tables = clauses();
  for (const rfc of ['0027', '0032', '0034', '0018', '0038']) {
    const [heading] = [...tables.keys()].filter((each) => each.startsWith(`RFC ${rfc}`));
    expect(tables.get(heading ?? '')?.length, `RFC ${rfc}`).toBeGreaterThan(10);
  }
  const silent = [...tables].flatMap(([heading, rows]) =>
    rows
      .filter((cells) => !/^(none: \S|`[a-z0-9-]+\/[a-z0-9/-]+: )/.test(cells.at(-1) ?? ''))
      .map(([clause]) => `${heading}: ${clause}`),
  );
  expect(silent).toEqual([]);
});
