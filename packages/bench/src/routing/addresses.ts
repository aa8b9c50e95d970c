import { parseIlpAddressPrefix, type IlpAddressPrefix } from '@pennyswitch/ilp-address';

/** Numbers from 0 to 1 that follow from a seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-_';

/** Prefixes as a large network has them, and an address below each: connectors, their customers, and theirs. */
export function network(count: number): {
  readonly prefixes: IlpAddressPrefix[];
  readonly destinations: IlpAddressPrefix[];
} {
  const random = seeded(count);
  const name = (least: number, most: number): string => {
    const length = least + Math.floor(random() * (most - least + 1));
    return Array.from(
      { length },
      () => LETTERS[Math.floor(random() * LETTERS.length)] as string,
    ).join('');
  };
  const prefixes = new Set<string>();
  let list: string[] = [];
  while (prefixes.size < count) {
    // One in ten is a connector of its own; the others are below one that is there already.
    const above =
      random() < 0.1 || list.length === 0
        ? 'g'
        : (list[Math.floor(random() * list.length)] as string);
    const depth = above.split('.').length;
    const prefix = `${depth > 3 ? 'g' : above}.${name(5, 14)}`;
    if (prefixes.has(prefix)) continue;
    prefixes.add(prefix);
    if (list.length < 200_000) list.push(prefix);
  }
  list = [...prefixes];
  return {
    prefixes: list.map(parseIlpAddressPrefix),
    // The token of a STREAM connection takes most of an address.
    destinations: list.map((prefix) => parseIlpAddressPrefix(`${prefix}.${name(43, 43)}`)),
  };
}
