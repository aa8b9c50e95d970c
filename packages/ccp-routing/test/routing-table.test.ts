import { isPrefixOf, parseIlpAddressPrefix, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoutingTable } from '../src/index.js';
import { seeded } from './world.js';

const prefix = parseIlpAddressPrefix;
const segment = fc.constantFrom('a', 'b', 'ab', 'abc', 'x1');
const anyPrefix: fc.Arbitrary<IlpAddressPrefix> = fc
  .array(segment, { maxLength: 4 })
  .chain((rest) => fc.constantFrom(prefix(['g', ...rest].join('.')), prefix('')));

type Step = readonly ['set' | 'delete', IlpAddressPrefix, number];
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom<'set' | 'delete'>('set', 'set', 'delete'), anyPrefix, fc.nat(99)),
  { maxLength: 60 },
);

/** What the table should say, by looking at every prefix. */
function modelResolve(
  model: Map<IlpAddressPrefix, number>,
  address: IlpAddressPrefix,
): number | undefined {
  let best: IlpAddressPrefix | undefined;
  for (const candidate of model.keys()) {
    if (isPrefixOf(candidate, address) && candidate.length >= (best?.length ?? 0)) best = candidate;
  }
  return best === undefined ? undefined : model.get(best);
}

describe('the routing table', () => {
  it('finds what a look through all prefixes finds, whatever was set and deleted before', () => {
    fc.assert(
      fc.property(steps, fc.array(anyPrefix, { minLength: 5 }), (history, addresses) => {
        const table = new RoutingTable<number>(history.length);
        const model = new Map<IlpAddressPrefix, number>();
        for (const [action, at, value] of history) {
          if (action === 'set') table.set(at, value);
          else expect(table.delete(at)).toBe(model.has(at));
          if (action === 'set') model.set(at, value);
          else model.delete(at);
        }
        expect(table.size).toBe(model.size);
        expect(new Map(table.entries())).toEqual(model);
        for (const address of addresses) {
          expect(table.resolve(address)).toBe(modelResolve(model, address));
          expect(table.get(address)).toBe(model.get(address));
          const keys = [...model.keys()].filter((key) => key !== address);
          const above = keys.filter((key) => isPrefixOf(key, address));
          above.sort((a, b) => b.length - a.length);
          expect([...table.above(address)]).toEqual(above.map((key) => model.get(key)));
          const below = keys.filter((key) => isPrefixOf(address, key));
          expect([...table.below(address)].sort()).toEqual(
            below.map((key) => model.get(key)).sort(),
          );
        }
      }),
    );
  });

  it('gives what lies below in an order in which shorter prefixes come before longer ones', () => {
    const table = new RoutingTable<string>();
    for (const text of ['g.a.b.c', 'g.a', 'g.b.c', 'g.a.b', 'g.b', 'g'])
      table.set(prefix(text), text);
    const walk = [...table.below(prefix(''))];
    expect(walk).toHaveLength(6);
    for (const [at, text] of walk.entries()) {
      const longer = walk.slice(0, at).filter((before) => isPrefixOf(prefix(text), prefix(before)));
      expect(longer).toEqual([]);
    }
  });

  it('keeps apart two prefixes of one hash', () => {
    const seed = 1234;
    const [a, b] = findCollision(seed);
    const table = new RoutingTable<string>(seed);
    table.set(prefix(`g.${a}`), 'a');
    expect(table.resolve(prefix(`g.${b}`))).toBeUndefined();
    expect(table.delete(prefix(`g.${b}`))).toBe(false);
    table.set(prefix(`g.${b}.x`), 'b.x');
    table.set(prefix('g'), 'g');
    expect(table.resolve(prefix(`g.${a}.x`))).toBe('a');
    expect(table.resolve(prefix(`g.${b}.x.y`))).toBe('b.x');
    expect(table.resolve(prefix(`g.${b}`))).toBe('g');
    expect([...table.entries()].sort()).toEqual(
      [
        ['g', 'g'],
        [`g.${a}`, 'a'],
        [`g.${b}.x`, 'b.x'],
      ].sort(),
    );
    expect(table.delete(prefix(`g.${a}`))).toBe(true);
    expect(table.resolve(prefix(`g.${a}`))).toBe('g');
    expect(table.resolve(prefix(`g.${b}.x`))).toBe('b.x');
  });

  it('looks no more at other routes when there are a thousand times as many', () => {
    const look = (routes: number): number => {
      const table = new RoutingTable<number>();
      const random = seeded(routes);
      const names = Array.from({ length: routes }, () => `g.n${Math.floor(random() * 1e9)}.c1`);
      for (const [i, name] of names.entries()) table.set(prefix(name), i);
      let best = Infinity;
      for (let round = 0; round < 5; round++) {
        const start = performance.now();
        for (let i = 0; i < 20_000; i++) table.resolve(prefix(names[i % 100] as string));
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    look(200);
    // A table that looks at every route would take a thousand times as long.
    expect(look(200_000) / look(200)).toBeLessThan(20);
  });

  it('gives back the room of what was deleted', () => {
    const table = new RoutingTable<number>();
    for (let i = 0; i < 50_000; i++) {
      table.set(prefix(`g.n${i}.x`), i);
      table.delete(prefix(`g.n${i - 10}.x`));
    }
    expect(table.size).toBe(10);
    expect([...table.entries()]).toHaveLength(10);
  });
});

/** Two segments below `g` that the table takes for one, until it looks at the letters. */
function findCollision(seed: number): [string, string] {
  // What the table does with the characters of a segment, and at its end.
  const mix = (hash: number, code: number): number => Math.imul(hash ^ code, 0x0100_0193);
  const close = (hash: number): number => {
    const mixed = Math.imul(hash ^ (hash >>> 15) ^ 46, 0x85eb_ca6b);
    return mixed ^ (mixed >>> 13);
  };
  const after = (hash: number, segment: string): number =>
    close(Array.from(segment, (character) => character.charCodeAt(0)).reduce(mix, hash));
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const text = i.toString(36);
    const hash = after(after(seed, 'g'), text);
    const other = seen.get(hash);
    if (other !== undefined) return [other, text];
    seen.set(hash, text);
  }
}
