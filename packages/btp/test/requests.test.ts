import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenRequests } from '../src/requests.js';

function open(requests: OpenRequests<string>, tag: string, deadline = 1000): number {
  const id = requests.nextId();
  requests.add(id, { tag, deadline, sentAt: 0 });
  return id;
}

test('ids count on from the first and wrap at 2^32', () => {
  const requests = new OpenRequests<string>(0xffff_fffe);
  expect([open(requests, 'a'), open(requests, 'b'), open(requests, 'c')]).toEqual([
    0xffff_fffe, 0xffff_ffff, 0,
  ]);
});

test('an id in flight is skipped, however long ago it was taken (RFC 0023 Overview)', () => {
  const requests = new OpenRequests<string>(0xffff_fff0);
  const old = open(requests, 'old');
  const ids = new Set([old]);
  for (let i = 0; i < 1000; i++) {
    const id = open(requests, 'answered at once');
    expect(id).not.toBe(old);
    ids.add(id);
    requests.take(id);
  }
  expect(ids.size).toBe(1001);
  expect(requests.take(old)?.tag).toBe('old');
});

test('any number of requests in flight, answered in any order, across the wrap of ids', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 300 }),
      fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_fff9),
      (steps, first) => {
        const requests = new OpenRequests<string>(first);
        const expected = new Map<number, string>();
        for (const [n, isAnswer] of steps) {
          const ids = [...expected.keys()];
          const answered = ids[n % Math.max(1, ids.length)];
          if (isAnswer && answered !== undefined) {
            expect(requests.take(answered)?.tag).toBe(expected.get(answered));
            expect(requests.take(answered)).toBeUndefined();
            expected.delete(answered);
          } else {
            const id = open(requests, String(n));
            expect(expected.has(id)).toBe(false);
            expected.set(id, String(n));
          }
          expect(requests.size).toBe(expected.size);
        }
        const rest = requests.takeAll().map(({ tag }) => tag);
        expect(rest.sort()).toEqual([...expected.values()].sort());
      },
    ),
  );
});

test('a response finds its request once', () => {
  const requests = new OpenRequests<string>(1);
  const id = open(requests, 'a');
  expect(requests.take(id)?.tag).toBe('a');
  expect(requests.take(id)).toBeUndefined();
  expect(requests.take(77)).toBeUndefined();
});

test('requests expire at their deadline, not before, each once', () => {
  const requests = new OpenRequests<string>(1);
  open(requests, 'late', 300);
  open(requests, 'early', 100);
  open(requests, 'same', 100);
  expect(requests.deadline()).toBe(100);
  expect(requests.takeExpired(99)).toEqual([]);
  expect(
    requests
      .takeExpired(100)
      .map(({ tag }) => tag)
      .sort(),
  ).toEqual(['early', 'same']);
  expect(requests.deadline()).toBe(300);
  expect(requests.takeExpired(299)).toEqual([]);
  expect(requests.takeExpired(300).map(({ tag }) => tag)).toEqual(['late']);
  expect(requests.deadline()).toBe(Infinity);
});

test('the deadline is never later than that of an open request', () => {
  const requests = new OpenRequests<string>(1);
  const early = open(requests, 'early', 100);
  open(requests, 'late', 300);
  requests.take(early);
  expect(requests.deadline()).toBeLessThanOrEqual(300);
  expect(requests.takeExpired(100)).toEqual([]);
  expect(requests.deadline()).toBe(300);
});

test('deadlines a millisecond apart are looked at together', () => {
  const requests = new OpenRequests<string>(1);
  for (let ms = 100; ms < 110; ms++) open(requests, String(ms), ms);
  requests.takeExpired(100);
  expect(requests.deadline()).toBe(105);
  expect(requests.takeExpired(105)).toHaveLength(5);
});

test('all are given back at the end, and none is left', () => {
  const requests = new OpenRequests<string>(1);
  open(requests, 'a');
  open(requests, 'b');
  expect(
    requests
      .takeAll()
      .map(({ tag }) => tag)
      .sort(),
  ).toEqual(['a', 'b']);
  expect(requests.size).toBe(0);
});
