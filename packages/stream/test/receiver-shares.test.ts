import fc from 'fast-check';
import { expect, it } from 'vitest';
import { divideByShares, type StreamMoneyFrame } from '../src/index.js';

const money = (streamId: number, shares: bigint): StreamMoneyFrame => ({
  type: 'StreamMoney',
  streamId,
  shares,
});

it("divides 100 as the RFC's example does (RFC 0029 5.3.8)", () => {
  expect(divideByShares(100n, [money(2, 5n), money(4, 15n), money(6, 30n)])).toEqual([
    { streamId: 2, amount: 10n },
    { streamId: 4, amount: 30n },
    { streamId: 6, amount: 60n },
  ]);
});

it('gives the remainder to the lowest-numbered stream, wherever its frame stands', () => {
  expect(divideByShares(101n, [money(7, 1n), money(3, 1n), money(5, 1n)])).toEqual([
    { streamId: 3, amount: 35n },
    { streamId: 5, amount: 33n },
    { streamId: 7, amount: 33n },
  ]);
});

it('adds the shares of two frames for one stream', () => {
  expect(divideByShares(10n, [money(3, 1n), money(1, 1n), money(3, 3n)])).toEqual([
    { streamId: 1, amount: 2n },
    { streamId: 3, amount: 8n },
  ]);
});

it('gives nothing to a stream without shares, not even the remainder', () => {
  expect(divideByShares(10n, [money(1, 0n), money(3, 3n), money(5, 3n), money(7, 3n)])).toEqual([
    { streamId: 3, amount: 4n },
    { streamId: 5, amount: 3n },
    { streamId: 7, amount: 3n },
  ]);
});

it('cannot divide by no shares at all', () => {
  expect(divideByShares(10n, [])).toBeUndefined();
  expect(divideByShares(10n, [money(1, 0n)])).toBeUndefined();
  expect(divideByShares(10n, [money(1, 0n), money(3, 0n)])).toBeUndefined();
});

it('loses and invents nothing', () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const frames = fc.array(fc.tuple(fc.nat(9), u64), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(u64, frames, (amount, list) => {
      const parts = divideByShares(
        amount,
        list.map(([streamId, shares]) => money(streamId, shares)),
      );
      const total = list.reduce((sum, [, shares]) => sum + shares, 0n);
      if (parts === undefined) {
        expect(total).toBe(0n);
        return;
      }
      expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(amount);
      expect(parts.every((part) => part.amount >= 0n)).toBe(true);
    }),
  );
});
