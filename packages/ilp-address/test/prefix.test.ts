import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressNetwork,
  addressScope,
  ALLOCATION_SCHEMES,
  allocationScheme,
  EMPTY_PREFIX,
  isPrefixOf,
  longestCommonPrefix,
  parseIlpAddressPrefix,
  type IlpAddressPrefix,
} from '../src/index.js';

const p = parseIlpAddressPrefix;

describe('isPrefixOf', () => {
  test.each([
    ['', 'g.a', true],
    ['', '', true],
    ['g', 'g.a', true],
    ['g', 'g', true],
    ['g.a', 'g.a', true],
    ['g.a', 'g.a.b', true],
    ['g.a', 'g.ab', false],
    ['g.a', 'g.a-b', false],
    ['g.a.b', 'g.a', false],
    ['g.a', '', false],
    ['test', 'test1.a', false],
    ['g.A', 'g.a.b', false],
  ])('%j of %j: %s (RFC 0015 "Routing": by whole segments)', (prefix, address, expected) => {
    expect(isPrefixOf(p(prefix), p(address))).toBe(expected);
  });
});

describe('longestCommonPrefix', () => {
  test.each([
    ['g.a.b', 'g.a.c', 'g.a'],
    ['g.ab', 'g.ac', 'g'],
    ['g.a', 'g.ab', 'g'],
    ['g.a', 'g.a.b', 'g.a'],
    ['g.a', 'g.a', 'g.a'],
    ['g.a', 'test.a', ''],
    ['test.a', 'test1.a', ''],
    ['', 'g.a', ''],
    ['', '', ''],
  ])('of %j and %j is %j', (a, b, expected) => {
    expect(longestCommonPrefix(p(a), p(b))).toBe(expected);
    expect(longestCommonPrefix(p(b), p(a))).toBe(expected);
  });
});

const prefix: fc.Arbitrary<IlpAddressPrefix> = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 })
  .chain((rest) => fc.constantFrom('g', 'test').map((scheme) => [scheme, ...rest].join('.')))
  .chain((text) => fc.constantFrom(p(text), EMPTY_PREFIX));

test('both agree with comparing lists of segments', () => {
  const list = (of: IlpAddressPrefix): string[] => (of === '' ? [] : of.split('.'));
  fc.assert(
    fc.property(prefix, prefix, (a, b) => {
      const [x, y] = [list(a), list(b)];
      let same = 0;
      while (same < x.length && same < y.length && x[same] === y[same]) same++;
      expect(isPrefixOf(a, b)).toBe(same === x.length);
      expect(longestCommonPrefix(a, b)).toBe(x.slice(0, same).join('.'));
    }),
    { numRuns: 1000 },
  );
});

describe('allocation schemes (RFC 0015 "Allocation Schemes", RFC 0034 "Special Addresses")', () => {
  test.each([
    ['g', 'forward', 'live'],
    ['test', 'forward', 'test'],
    ['test1', 'forward', 'test'],
    ['test2', 'forward', 'test'],
    ['test3', 'forward', 'test'],
    ['example', 'forward', undefined],
    ['private', 'domain', undefined],
    ['local', 'domain', undefined],
    ['peer', 'peer', undefined],
    ['self', 'node', undefined],
  ])('%s: scope %s, network %s', (scheme, scope, network) => {
    for (const address of [p(scheme), p(`${scheme}.a.b`)]) {
      expect(allocationScheme(address)).toBe(scheme);
      expect(addressScope(address)).toBe(scope);
      expect(addressNetwork(address)).toBe(network);
    }
    expect(ALLOCATION_SCHEMES).toContain(scheme);
  });

  test('are ten', () => {
    expect(ALLOCATION_SCHEMES).toHaveLength(10);
  });
});
