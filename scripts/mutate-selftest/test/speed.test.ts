import { expect, test } from 'vitest';
import { isReckless, isTooFast, NAMES, sumUpTo } from '../src/speed.js';

test('the limit is 50', () => {
  expect([49, 50, 51].map(isTooFast)).toEqual([false, false, true]);
});

test('200 is reckless, 1 is not', () => {
  expect([1, 200].map(isReckless)).toEqual([false, true]);
});

test('there are three lanes', () => {
  expect(NAMES).toEqual(['lane 1', 'lane 2', 'lane 3']);
});

test('a sum ends', () => {
  expect(sumUpTo(4)).toBe(10);
});
