import { beforeEach, describe, expect, it } from 'vitest';
import { createReceipt, MemoryReceiptStore, ReceiptVerifier } from '../src/index.js';
import { hex, toHex } from './hex.js';

const SECRET = hex('33'.repeat(32));
const HOUR = 3_600_000;

describe('ReceiptVerifier (RFC 0039)', () => {
  let now: number;
  let store: MemoryReceiptStore;
  let verifier: ReceiptVerifier;

  beforeEach(() => {
    now = 1_800_000_000_000;
    store = new MemoryReceiptStore({ clock: { now: () => now } });
    verifier = new ReceiptVerifier({ secret: SECRET, store, clock: { now: () => now } });
  });

  const credited = async (receipt: Uint8Array): Promise<bigint | string> => {
    const verdict = await verifier.credit(receipt);
    return verdict.valid ? verdict.credited : verdict.reason;
  };

  it('credits what a receipt adds to the earlier ones of its stream, and nothing twice', async () => {
    const setup = verifier.createSetup();
    expect(await credited(createReceipt(setup, 1, 100n))).toBe(100n);
    expect(await credited(createReceipt(setup, 1, 250n))).toBe(150n);
    expect(await credited(createReceipt(setup, 1, 250n))).toBe(0n);
    expect(await credited(createReceipt(setup, 1, 100n))).toBe(0n);
    expect(await credited(createReceipt(setup, 3, 7n))).toBe(7n);
    expect(await credited(createReceipt(verifier.createSetup(), 1, 5n))).toBe(5n);
  });

  it('credits each unit once when the same receipts come at once and out of order', async () => {
    const setup = verifier.createSetup();
    const totals = [300n, 100n, 200n, 300n, 50n];
    const sums = await Promise.all(totals.map((total) => credited(createReceipt(setup, 1, total))));
    expect(sums.reduce<bigint>((sum, part) => sum + (part as bigint), 0n)).toBe(300n);
  });

  it('knows receipts of its own setups only, even from another process', async () => {
    const setup = verifier.createSetup();
    const other = new ReceiptVerifier({ secret: SECRET, store, clock: { now: () => now } });
    const verdict = await other.credit(createReceipt(setup, 1, 9n));
    expect(verdict).toMatchObject({ valid: true, credited: 9n });
    const stranger = { nonce: setup.nonce, secret: hex('44'.repeat(32)) };
    expect(await credited(createReceipt(stranger, 1, 10n))).toBe('malformed-or-forged');
    expect(await credited(hex('01'))).toBe('malformed-or-forged');
  });

  it('refuses receipts that are too old, and forgets what it knew of them', async () => {
    const setup = verifier.createSetup();
    expect(await credited(createReceipt(setup, 1, 100n))).toBe(100n);
    now += HOUR - 1;
    expect(await credited(createReceipt(setup, 1, 101n))).toBe(1n);
    now += 1;
    expect(await credited(createReceipt(setup, 1, 102n))).toBe('stale');
    expect(store.size).toBe(1);
    expect(await credited(createReceipt(verifier.createSetup(), 1, 1n))).toBe(1n);
    expect(store.size).toBe(1);
  });

  it('gives every connection a nonce of its own, and a secret that only the seed tells', () => {
    const setups = Array.from({ length: 100 }, () => verifier.createSetup());
    expect(new Set(setups.map(({ nonce }) => toHex(nonce))).size).toBe(100);
    expect(new Set(setups.map(({ secret }) => toHex(secret))).size).toBe(100);
  });

  it('refuses a seed that is too short', () => {
    expect(() => new ReceiptVerifier({ secret: hex('00'), store })).toThrow(RangeError);
  });
});
