import { describe, expect, it } from 'vitest';
import { isShortfall, MemoryLedgerStore, type LedgerEntry } from '../src/index.js';
import { describeLedgerStore } from './ledger-store.js';

describeLedgerStore('the memory store', () => Promise.resolve(new MemoryLedgerStore()));

const DAY_MS = 24 * 60 * 60 * 1000;

describe('the memory store', () => {
  it('forgets a key a day after its last use, so that memory stays flat', () => {
    const store = new MemoryLedgerStore();
    store.openAccount('a', { code: 'EUR', scale: 6 });
    const credit = (now: number): unknown =>
      store.credit({ key: 'k', account: 'a', amount: 1n, scale: 6, now });
    credit(0);
    expect(credit(DAY_MS)).toMatchObject({ replayed: false });
  });

  it('keeps a key for a day after a request with it that was refused (RFC 0038 "Handling idempotent requests")', () => {
    const store = new MemoryLedgerStore();
    store.openAccount('a', { code: 'EUR', scale: 6 });
    const settlement = { key: 'k', account: 'a', amount: 1n, scale: 6 };
    store.credit({ ...settlement, now: 0 });
    expect(store.credit({ ...settlement, amount: 2n, now: DAY_MS - 1 })).toEqual({
      type: 'conflict',
    });
    expect(store.credit({ ...settlement, now: DAY_MS })).toMatchObject({ replayed: true });
    expect(store.balance('a')).toMatchObject({ settledIncoming: 1n });
  });

  it('keeps the last thousand late fulfillments', () => {
    const store = new MemoryLedgerStore();
    for (let i = 0; i < 1001; i++) {
      store.recordLate({
        account: 'a',
        amount: BigInt(i),
        expiredAt: 0,
        arrivedAt: 0,
        condition: new Uint8Array(32),
        fulfillment: new Uint8Array(32),
      });
    }
    expect(store.lateFulfillments()).toHaveLength(1000);
    expect(store.lateFulfillments()[0]?.amount).toBe(1n);
  });

  describe('with a book deleted while a packet is under way', () => {
    const EUR = { code: 'EUR', scale: 6 };
    const underWay = (): { store: MemoryLedgerStore; entry: LedgerEntry } => {
      const store = new MemoryLedgerStore();
      store.openAccount('a', EUR);
      store.openAccount('b', EUR);
      const entry = store.reserve({
        incoming: { account: 'a', amount: 5n },
        outgoing: { account: 'b', amount: 4n },
      });
      if (isShortfall(entry)) throw new Error('shortfall');
      return { store, entry };
    };
    const policy = { threshold: 1n, settleTo: 0n, unit: 1n };

    it('owes the other peer for what it fulfilled (RFC 0038 "Accounting")', () => {
      const { store, entry } = underWay();
      store.deleteAccount('a');
      expect(store.commit(entry, policy, 0)).toMatchObject({ account: 'b', amount: 4n });
      expect(store.balance('b')).toMatchObject({ heldOutgoing: 0n, clearedOutgoing: 4n });
    });

    it('is owed by the other peer, and settles nothing with nobody', () => {
      const { store, entry } = underWay();
      store.deleteAccount('b');
      expect(store.commit(entry, policy, 0)).toBeUndefined();
      expect(store.balance('a')).toMatchObject({ heldIncoming: 0n, receivable: 5n });
      expect(store.outbox(new Set(['b']))).toEqual([]);
    });

    it('holds nothing of the other account once the packet is rejected', () => {
      const { store, entry } = underWay();
      store.deleteAccount('a');
      store.release(entry);
      expect(store.balance('b')).toMatchObject({ heldOutgoing: 0n });
    });

    it.each(['commit', 'release'] as const)(
      'leaves a new book of that account alone at the %s',
      (step) => {
        const { store, entry } = underWay();
        store.deleteAccount('a');
        store.deleteAccount('b');
        const fresh = [store.openAccount('a', EUR), store.openAccount('b', EUR)];
        if (step === 'commit') expect(store.commit(entry, policy, 0)).toBeUndefined();
        else store.release(entry);
        expect([store.balance('a'), store.balance('b')]).toEqual(fresh);
      },
    );
  });
});
