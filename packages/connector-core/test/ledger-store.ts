/**
 * What every ledger store must do. A store's own test calls {@link describeLedgerStore} with how to make an empty one.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isShortfall,
  netOf,
  type LedgerEntry,
  type LedgerStore,
  type NewEntry,
} from '../src/index.js';

const EUR = { code: 'EUR', scale: 6 };
const XRP = { code: 'XRP', scale: 9 };
const DAY_MS = 24 * 60 * 60 * 1000;

async function held(store: LedgerStore, entry: NewEntry): Promise<LedgerEntry> {
  const result = await store.reserve(entry);
  if (isShortfall(result)) throw new Error(`shortfall on the ${result.shortfall} account`);
  return result;
}

export function describeLedgerStore(name: string, create: () => Promise<LedgerStore>): void {
  const open = async (): Promise<LedgerStore> => {
    const store = await create();
    await store.openAccount('a', EUR);
    await store.openAccount('b', XRP);
    return store;
  };
  const legs = (incoming: bigint, outgoing: bigint): NewEntry => ({
    incoming: { account: 'a', amount: incoming },
    outgoing: { account: 'b', amount: outgoing },
  });

  describe(name, () => {
    it('keeps a book for each account, empty at first', async () => {
      const store = await open();
      expect(await store.balance('a')).toEqual({
        receivable: 0n,
        payable: 0n,
        heldIncoming: 0n,
        heldOutgoing: 0n,
        clearedIncoming: 0n,
        clearedOutgoing: 0n,
        settledIncoming: 0n,
        settledOutgoing: 0n,
      });
    });

    describe('with a book deleted while a packet is under way', () => {
      const policy = { threshold: 1n, settleTo: 0n, unit: 1n };
      const underWay = async (): Promise<{ store: LedgerStore; entry: LedgerEntry }> => {
        const store = await open();
        return { store, entry: await held(store, legs(5n, 4n)) };
      };

      it('owes the other peer for what it fulfilled (RFC 0038 "Accounting")', async () => {
        const { store, entry } = await underWay();
        await store.deleteAccount('a');
        expect(await store.commit(entry, policy, 0)).toMatchObject({ account: 'b', amount: 4n });
        expect(await store.balance('b')).toMatchObject({ heldOutgoing: 0n, clearedOutgoing: 4n });
      });

      it('is owed by the other peer, and settles nothing with nobody', async () => {
        const { store, entry } = await underWay();
        await store.deleteAccount('b');
        expect(await store.commit(entry, policy, 0)).toBeUndefined();
        expect(await store.balance('a')).toMatchObject({ heldIncoming: 0n, receivable: 5n });
        expect(await store.outbox(new Set(['b']))).toEqual([]);
      });

      it('holds nothing of the other account once the packet is rejected', async () => {
        const { store, entry } = await underWay();
        await store.deleteAccount('a');
        await store.release(entry);
        expect(await store.balance('b')).toMatchObject({ heldOutgoing: 0n });
      });

      it.each(['commit', 'release'] as const)(
        'leaves a new book of that account alone at the %s',
        async (step) => {
          const { store, entry } = await underWay();
          await store.deleteAccount('a');
          await store.deleteAccount('b');
          const fresh = [await store.openAccount('a', EUR), await store.openAccount('b', XRP)];
          if (step === 'commit') expect(await store.commit(entry, policy, 0)).toBeUndefined();
          else await store.release(entry);
          expect([await store.balance('a'), await store.balance('b')]).toEqual(fresh);
        },
      );
    });

    it('refuses to open a book with another asset', async () => {
      const store = await open();
      await expect(
        (async () => store.openAccount('a', { ...EUR, scale: 2 }))(),
      ).rejects.toMatchObject({ code: 'ASSET_CHANGED' });
    });

    it('knows no account that was not opened', async () => {
      const store = await open();
      await expect((async () => store.balance('c'))()).rejects.toMatchObject({
        code: 'UNKNOWN_ACCOUNT',
      });
    });

    it('holds both legs, and owes nothing for it', async () => {
      const store = await open();
      await held(store, legs(100n, 7n));
      expect(await store.balance('a')).toMatchObject({ heldIncoming: 100n, receivable: 0n });
      expect(await store.balance('b')).toMatchObject({ heldOutgoing: 7n, payable: 0n });
    });

    it('owes and is owed once an entry is committed', async () => {
      const store = await open();
      await store.commit(await held(store, legs(100n, 7n)), undefined, 0);
      expect(await store.balance('a')).toMatchObject({ heldIncoming: 0n, receivable: 100n });
      expect(await store.balance('b')).toMatchObject({ heldOutgoing: 0n, payable: 7n });
    });

    it('is as before once an entry is released', async () => {
      const store = await open();
      const before = [await store.balance('a'), await store.balance('b')];
      await store.release(await held(store, legs(100n, 7n)));
      expect([await store.balance('a'), await store.balance('b')]).toEqual(before);
    });

    it.each(['commit', 'release'] as const)(
      'lets an entry take a step once, not again after %s',
      async (step) => {
        const store = await open();
        const entry = await held(store, legs(100n, 7n));
        await (step === 'commit' ? store.commit(entry, undefined, 0) : store.release(entry));
        const before = [await store.balance('a'), await store.balance('b')];
        await expect((async () => store.commit(entry, undefined, 0))()).rejects.toMatchObject({
          code: 'NOT_HELD',
        });
        await expect((async () => store.release(entry))()).rejects.toMatchObject({
          code: 'NOT_HELD',
        });
        expect([await store.balance('a'), await store.balance('b')]).toEqual(before);
      },
    );

    it('counts packets under way against the maximum balance (RFC 0032)', async () => {
      const store = await open();
      const leg = (amount: bigint): NewEntry => ({
        incoming: { account: 'a', amount, limit: 100n },
      });
      await store.commit(await held(store, leg(60n)), undefined, 0);
      await held(store, leg(40n));
      expect(await store.reserve(leg(1n))).toEqual({ shortfall: 'incoming' });
    });

    it('counts packets under way against the minimum balance', async () => {
      const store = await open();
      const leg = (amount: bigint): NewEntry => ({
        outgoing: { account: 'b', amount, limit: -100n },
      });
      await store.commit(await held(store, leg(60n)), undefined, 0);
      await held(store, leg(40n));
      expect(await store.reserve(leg(1n))).toEqual({ shortfall: 'outgoing' });
    });

    it('holds neither leg if one is too much', async () => {
      const store = await open();
      const entry: NewEntry = {
        incoming: { account: 'a', amount: 5n, limit: 10n },
        outgoing: { account: 'b', amount: 5n, limit: 0n },
      };
      expect(await store.reserve(entry)).toEqual({ shortfall: 'outgoing' });
      expect(await store.balance('a')).toMatchObject({ heldIncoming: 0n });
    });

    it('debits a settlement in the step that reaches the threshold, and remembers it until it is acknowledged', async () => {
      const store = await open();
      const policy = { threshold: 100n, settleTo: 20n, unit: 1n };
      const first = await store.commit(await held(store, legs(1n, 99n)), policy, 5);
      expect(first).toBeUndefined();
      const due = await store.commit(await held(store, legs(1n, 1n)), policy, 6);
      expect(due).toMatchObject({ account: 'b', amount: 80n, createdAt: 6 });
      expect(await store.balance('b')).toMatchObject({ payable: 20n, settledOutgoing: 80n });
      expect(await store.outbox(new Set(['b']))).toEqual([due]);
      expect(await store.outbox(new Set(['a']))).toEqual([]);
      await store.acknowledge(due!.key);
      await store.acknowledge(due!.key);
      expect(await store.outbox(new Set(['b']))).toEqual([]);
      expect(await store.balance('b')).toMatchObject({ payable: 20n });
    });

    it('gives every settlement a key of its own', async () => {
      const store = await open();
      const keys = [await store.debit('a', 1n, 0), await store.debit('a', 1n, 0)];
      expect(new Set(keys.map((settlement) => settlement?.key)).size).toBe(2);
    });

    it('deducts what the peer owes from what is settled', async () => {
      const store = await open();
      const owing: NewEntry = { incoming: { account: 'b', amount: 60n } };
      await store.commit(await held(store, owing), undefined, 0);
      const policy = { threshold: 100n, settleTo: 0n, unit: 1n };
      expect(await store.commit(await held(store, legs(1n, 159n)), policy, 0)).toBeUndefined();
      expect(await store.commit(await held(store, legs(1n, 1n)), policy, 0)).toMatchObject({
        amount: 100n,
      });
    });

    it('never settles back what the peer paid ahead', async () => {
      const store = await open();
      await store.credit({ key: 'k', account: 'b', amount: 500n, scale: 9, now: 0 });
      const policy = { threshold: 100n, settleTo: 0n, unit: 1n };
      expect(await store.debit('b', policy, 0)).toBeUndefined();
    });

    it('settles whole units of the settlement system only; the rest stays owed', async () => {
      const store = await open();
      const policy = { threshold: 100n, settleTo: 0n, unit: 1000n };
      expect(await store.commit(await held(store, legs(1n, 999n)), policy, 0)).toBeUndefined();
      const due = await store.commit(await held(store, legs(1n, 1234n)), policy, 0);
      expect(due).toMatchObject({ amount: 2000n });
      expect(await store.balance('b')).toMatchObject({ payable: 233n });
    });

    it('pays ahead where threshold and target are below zero', async () => {
      const store = await open();
      const policy = { threshold: -50n, settleTo: -100n, unit: 1n };
      expect(await store.debit('b', policy, 0)).toMatchObject({ amount: 100n });
      expect(await store.debit('b', policy, 0)).toBeUndefined();
      expect(netOf(await store.balance('b'))).toBe(100n);
    });

    it('credits an incoming settlement once per key (RFC 0038 "Idempotence")', async () => {
      const store = await open();
      const settlement = { key: 'k', account: 'a', amount: 250n, scale: 6, now: 0 };
      expect(await store.credit(settlement)).toEqual({
        type: 'credited',
        credited: 250n,
        replayed: false,
      });
      expect(await store.credit({ ...settlement, now: 1 })).toEqual({
        type: 'credited',
        credited: 250n,
        replayed: true,
      });
      expect(await store.balance('a')).toMatchObject({ receivable: -250n, settledIncoming: 250n });
    });

    it.each([
      ['quantity', { amount: 251n }],
      ['scale', { scale: 7 }],
      ['account', { account: 'b' }],
    ])('refuses a known key with another %s', async (_what, change) => {
      const store = await open();
      const settlement = { key: 'k', account: 'a', amount: 250n, scale: 6, now: 0 };
      await store.credit(settlement);
      expect(await store.credit({ ...settlement, ...change })).toEqual({ type: 'conflict' });
      expect(await store.balance('a')).toMatchObject({ receivable: -250n });
      expect(await store.balance('b')).toMatchObject({ receivable: 0n });
    });

    it('keeps a key for a day after its last use', async () => {
      const store = await open();
      const settlement = { key: 'k', account: 'a', amount: 1n, scale: 6 };
      await store.credit({ ...settlement, now: 0 });
      await store.credit({ ...settlement, now: DAY_MS - 1 });
      expect(await store.credit({ ...settlement, now: 2 * DAY_MS - 2 })).toMatchObject({
        replayed: true,
      });
    });

    it('keeps what is less than a unit until it is one (RFC 0038 "Scale conversions")', async () => {
      const store = await open();
      const credit = async (key: string, amount: bigint, scale: number): Promise<bigint> => {
        const result = await store.credit({ key, account: 'a', amount, scale, now: 0 });
        return result.type === 'credited' ? result.credited : -1n;
      };
      expect(await credit('1', 1_999n, 9)).toBe(1n);
      expect(await credit('2', 1n, 9)).toBe(1n);
      expect(await credit('3', 3n, 2)).toBe(30_000n);
      expect(await credit('4', 999_999n, 12)).toBe(0n);
      expect(await credit('5', 1n, 12)).toBe(1n);
    });

    it('loses nothing in scale conversions, whatever comes in', async () => {
      const quantity = fc.record({
        amount: fc.bigInt({ min: 0n, max: 10n ** 20n }),
        scale: fc.integer({ min: 0, max: 18 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(quantity, { maxLength: 10 }), async (quantities) => {
          const store = await open();
          let credited = 0n;
          let exact = 0n; // in units of 10^-18
          for (const [i, { amount, scale }] of quantities.entries()) {
            const result = await store.credit({
              key: String(i),
              account: 'a',
              amount,
              scale,
              now: 0,
            });
            if (result.type === 'credited') credited += result.credited;
            exact += amount * 10n ** BigInt(18 - scale);
          }
          expect(credited).toBe(exact / 10n ** 12n);
        }),
        { numRuns: 50 },
      );
    });

    it('keeps late fulfillments, oldest first', async () => {
      const store = await open();
      const late = (account: string): Parameters<LedgerStore['recordLate']>[0] => ({
        account,
        amount: 1n,
        expiredAt: 1,
        arrivedAt: 2,
        condition: new Uint8Array(32),
        fulfillment: new Uint8Array(32),
      });
      await store.recordLate(late('a'));
      await store.recordLate(late('b'));
      expect((await store.lateFulfillments()).map(({ account }) => account)).toEqual(['a', 'b']);
    });

    it('forgets a book that is deleted', async () => {
      const store = await open();
      await store.commit(await held(store, legs(1n, 1n)), undefined, 0);
      await store.deleteAccount('a');
      expect(await store.openAccount('a', XRP)).toMatchObject({ receivable: 0n });
    });

    it('refuses amounts below zero', async () => {
      const store = await open();
      await expect((async () => store.reserve(legs(-1n, 0n)))()).rejects.toMatchObject({
        code: 'BAD_AMOUNT',
      });
      await expect((async () => store.debit('a', -1n, 0))()).rejects.toMatchObject({
        code: 'BAD_AMOUNT',
      });
    });

    it('has what a plain sum has after any sequence of steps', async () => {
      const step = fc.record({
        amount: fc.bigInt({ min: 0n, max: 1000n }),
        end: fc.constantFrom('commit', 'release', 'hold'),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const store = await open();
          const sum = { commit: 0n, release: 0n, hold: 0n };
          for (const { amount, end } of steps) {
            const entry = await held(store, legs(amount, amount * 2n));
            if (end === 'commit') await store.commit(entry, undefined, 0);
            if (end === 'release') await store.release(entry);
            sum[end] += amount;
          }
          expect(await store.balance('a')).toMatchObject({
            receivable: sum.commit,
            heldIncoming: sum.hold,
            payable: 0n,
          });
          expect(await store.balance('b')).toMatchObject({
            payable: sum.commit * 2n,
            heldOutgoing: sum.hold * 2n,
            receivable: 0n,
          });
        }),
        { numRuns: 50 },
      );
    });
  });
}
