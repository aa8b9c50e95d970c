import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exampleOf, mustHaveExample } from './readme-example.js';

describe('exampleOf', () => {
  test('finds the one ts block and leaves other languages alone', () => {
    const readme = '# x\n\n```sh\nnpm i\n```\n\n```ts\nconst a = 1;\n```\n';
    expect(exampleOf(readme)).toBe('const a = 1;\n');
  });

  test('is undefined without a block', () => {
    expect(exampleOf('# x\n')).toBeUndefined();
  });

  test('refuses two', () => {
    expect(() => exampleOf('```ts\n1;\n```\n```ts\n2;\n```\n')).toThrow(/has 2/);
  });
});

test.each(mustHaveExample)('%s has a README example', (folder) => {
  const readme = fileURLToPath(new URL(`../packages/${folder}/README.md`, import.meta.url));
  expect(existsSync(readme) && exampleOf(readFileSync(readme, 'utf8'))).toBeTypeOf('string');
});
