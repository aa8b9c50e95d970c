import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdSet } from '../src/id-set.js';

/** Ids that share places, at both ends of the table too, and such as peers make. */
const ID = fc.oneof(
  fc.nat(40),
  fc.nat(40).map((n) => n * 16 + 15),
  fc.nat(40).map((n) => 0xffff_ffff - n),
  fc.nat(0xffff_ffff),
);

test('holds the ids that a Set would, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ID, fc.boolean()), { maxLength: 400 }), (steps) => {
      const ids = new IdSet();
      const expected = new Set<number>();
      for (const [id, isNew] of steps) {
        expect(ids.has(id)).toBe(expected.has(id));
        if (isNew) {
          ids.add(id);
          expected.add(id);
        } else expect(ids.delete(id)).toBe(expected.delete(id));
        expect(ids.size).toBe(expected.size);
      }
      for (const [id] of steps) expect(ids.has(id)).toBe(expected.has(id));
    }),
  );
});

test('ids that a peer chose to share one place are told apart', () => {
  const ids = new IdSet();
  const chosen = Array.from({ length: 2048 }, (_, i) => i * 2 ** 20 + 7);
  for (const id of chosen) ids.add(id);
  expect(ids.size).toBe(2048);
  for (const id of chosen.toReversed()) expect(ids.delete(id)).toBe(true);
  expect(ids.size).toBe(0);
  expect(ids.has(7)).toBe(false);
});
