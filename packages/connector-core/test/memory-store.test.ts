import { describe, expect, it } from 'vitest';
import { MemoryLedgerStore } from '../src/index.js';
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
});
