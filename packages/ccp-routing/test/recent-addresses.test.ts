import { describe, expect, it } from 'vitest';
import { RecentAddresses } from '../src/recent-addresses.js';

const address = (i: number): string =>
  `g.connector.~${i}.${((i * 2_654_435_761) >>> 0).toString(36)}`;

describe('the addresses that were looked up last', () => {
  it('are found, each with what is its own', () => {
    const recent = new RecentAddresses<number>();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 1_000; i++) {
        expect(recent.get(address(i)) ?? i).toBe(i);
        recent.add(address(i), i);
      }
    }
    const found = Array.from({ length: 1_000 }, (_, i) => recent.get(address(i)));
    expect(found.filter((value) => value !== undefined).length).toBeGreaterThan(800);
  });

  it('are forgotten when routes change', () => {
    const recent = new RecentAddresses<number>();
    recent.add('g.a', 1);
    recent.clear();
    expect(recent.get('g.a')).toBeUndefined();
    recent.add('g.a', 2);
    expect(recent.get('g.a')).toBe(2);
  });

  it('take bounded room, whatever is looked up', () => {
    const recent = new RecentAddresses<number>();
    const count = 300_000;
    for (let i = 0; i < count; i++) recent.add(address(i), i);
    let found = 0;
    for (let i = 0; i < count; i++) if (recent.get(address(i)) !== undefined) found += 1;
    expect(found).toBeLessThanOrEqual(65_536);
    expect(found).toBeGreaterThan(20_000);
  });

  it('are found or not, but never mixed up, where somebody chooses addresses that share a place', () => {
    const recent = new RecentAddresses<string>();
    const same = Array.from({ length: 100 }, (_, i) => `g.${String(i).padStart(3, '0')}.same-end`);
    for (const each of same) {
      recent.add(each, each);
      expect(recent.get(each)).toBe(each);
    }
    for (const each of same) expect(recent.get(each) ?? each).toBe(each);
  });
});
