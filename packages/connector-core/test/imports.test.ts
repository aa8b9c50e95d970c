import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = new URL('../src/', import.meta.url);

/** What a module of this package loads from elsewhere, itself or through its own modules; types are not loaded. */
function packagesLoadedBy(entry: string): Set<string> {
  const loaded = new Set<string>();
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(url, 'utf8');
    for (const [, specifier = ''] of text.matchAll(
      /(?:import|export)\s(?!type\b)[^;]*?from '([^']+)'/g,
    )) {
      if (specifier.startsWith('.')) visit(new URL(specifier.replace(/\.js$/, '.ts'), url));
      else loaded.add(specifier);
    }
  };
  visit(new URL(entry, source));
  return loaded;
}

describe('the package', () => {
  it('loads no HTTP framework, schemas, metrics or database by its root', () => {
    const loaded = packagesLoadedBy('index.ts');
    expect(loaded).toContain('@pennyswitch/ilp-packet');
    expect(
      [...loaded].filter((name) => /^(hono|zod|prom-client|classic-level|@redis)/.test(name)),
    ).toEqual([]);
  });

  it('loads a database by the store that needs it', () => {
    expect(packagesLoadedBy('stores/level/index.ts')).toContain('classic-level');
    expect(packagesLoadedBy('stores/redis/index.ts')).toContain('@redis/client');
    expect(packagesLoadedBy('stores/redis/index.ts')).not.toContain('classic-level');
  });

  it.each(['admin', 'settlement-api'])('loads one by /%s', (face) => {
    expect(packagesLoadedBy(`${face}/index.ts`)).toContain('hono');
  });
});
