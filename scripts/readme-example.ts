/**
 * A package's README has one example: its only fenced block marked `ts`. It is what a newcomer copies
 * first, so it is type-checked (`npm run typecheck`) and run (`npm test`) from the README itself.
 */

/** The example's code, or undefined when the README has none. More than one is an error. */
export function exampleOf(readme: string): string | undefined {
  const blocks = [...readme.matchAll(/^```ts[^\S\n]*\n(.*?)^```[^\S\n]*$/gms)];
  if (blocks.length > 1) {
    throw new Error(
      `a package's README has exactly one \`\`\`ts block, this one has ${blocks.length}`,
    );
  }
  return blocks[0]?.[1];
}

/** The publishable packages whose README must have an example. Every one that is written. */
export const mustHaveExample: readonly string[] = [
  'btp',
  'ccp-routing',
  'cli',
  'connector-core',
  'ildcp',
  'ilp-address',
  'ilp-http',
  'ilp-packet',
  'oer-codec',
  'spsp',
  'stream',
];
