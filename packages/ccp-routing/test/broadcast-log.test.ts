import { parseIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { BroadcastLog } from '../src/broadcast-log.js';
import type { Candidate, RouteEntry } from '../src/route.js';

const WAY: Candidate = {
  source: 'peer',
  account: undefined,
  transit: [],
  origin: undefined,
  auth: '',
  generation: 0,
};

function entry(prefix: string): RouteEntry {
  return {
    prefix: parseIlpAddressPrefix(prefix),
    ways: [],
    announced: WAY,
    epoch: undefined,
    tellers: 0,
  };
}

function since(log: BroadcastLog, epoch: number): [string, number | undefined][] {
  return Array.from(log.since(epoch), (change) => [change.prefix, change.epoch]);
}

describe('the log of what is told', () => {
  it('has each prefix once, at its latest change', () => {
    const log = new BroadcastLog(10);
    const [a, b] = [entry('g.a'), entry('g.b')];
    for (const changed of [a, b, a]) log.append(changed);
    expect(log.currentEpoch).toBe(3);
    expect(since(log, 0)).toEqual([
      ['g.b', 1],
      ['g.a', 2],
    ]);
    expect(since(log, 2)).toEqual([['g.a', 2]]);
    expect(since(log, 3)).toEqual([]);
  });

  it('does not grow with the changes of a few prefixes', () => {
    const log = new BroadcastLog(10);
    const entries = ['g.a', 'g.b', 'g.c'].map((prefix) => entry(prefix));
    for (let i = 0; i < 100_000; i++) log.append(entries[i % 3] as RouteEntry);
    expect(log.size).toBe(3);
    expect(since(log, 0).map(([, epoch]) => epoch)).toEqual([99_997, 99_998, 99_999]);
  });

  it('remembers withdrawals up to its limit, and from where on it is complete', () => {
    const log = new BroadcastLog(2);
    const entries = ['g.a', 'g.b', 'g.c'].map((prefix) => entry(prefix));
    for (const told of entries) log.append(told);
    for (const told of entries) {
      told.announced = undefined;
      log.append(told);
    }
    expect(since(log, 0)).toEqual([
      ['g.b', 4],
      ['g.c', 5],
    ]);
    expect(log.completeFrom).toBe(4);
    expect(log.withdrawnEntry(parseIlpAddressPrefix('g.a'))).toBeUndefined();
    expect(log.withdrawnEntry(parseIlpAddressPrefix('g.b'))).toBe(entries[1]);
    const again = entries[1] as RouteEntry;
    again.announced = WAY;
    log.append(again);
    expect(log.withdrawnEntry(again.prefix)).toBeUndefined();
  });

  it('begins again at 0, with what is told and without withdrawals, when it runs out of epochs', () => {
    const log = new BroadcastLog(10, 4);
    const [a, b, gone] = [entry('g.a'), entry('g.b'), entry('g.gone')];
    gone.announced = undefined;
    for (const changed of [a, gone, b, a]) log.append(changed);
    expect(log.isFull).toBe(true);
    log.renumber();
    expect(since(log, 0)).toEqual([
      ['g.b', 0],
      ['g.a', 1],
    ]);
    expect([log.currentEpoch, log.size, log.isFull, log.completeFrom]).toEqual([2, 2, false, 0]);
    expect(gone.epoch).toBeUndefined();
  });
});
