/** The check at the end of a soak finds what it is there for. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDirection, type DirectionSums } from '../src/soak/check.js';
import { NEW_LIFE, SoakDirection, type JournalLine } from '../src/soak/journal.js';
import { conditionTextOf } from '../src/soak/packet.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soak-check-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Case {
  readonly sent: readonly JournalLine[];
  readonly received: readonly JournalLine[];
  readonly booked: readonly [incoming: number, outgoing: number];
  readonly held?: string;
  readonly unreconciled?: readonly string[];
  readonly killedAt?: readonly number[];
}

async function sumsOf({
  sent,
  received,
  booked,
  held = '0',
  ...rest
}: Case): Promise<DirectionSums> {
  const [sender, receiver] = [join(folder, 'sender'), join(folder, 'receiver')];
  await writeFile(sender, sent.map((line) => `${line}\n`).join(''));
  await writeFile(receiver, received.map((line) => `${line}\n`).join(''));
  return checkDirection(
    await SoakDirection.read(sender, receiver),
    { clearedIncoming: String(booked[0]), clearedOutgoing: '0', held },
    { clearedIncoming: '0', clearedOutgoing: String(booked[1]), held: '0' },
    { from: 25n, to: 23n },
    new Set(rest.unreconciled?.map(conditionTextOf)),
    rest.killedAt ?? [],
  );
}

const DONE = {
  sent: ['s a-1-1 250', 'f a-1-1', 's a-1-2 500', 'x a-1-2 1000'],
  received: ['r a-1-1 230'],
} as const;

test('books that agree have no fault', async () => {
  expect(await sumsOf({ ...DONE, booked: [250, 230] })).toMatchObject({
    packets: 2,
    fulfilled: 1,
    proved: 250n,
    received: 250n,
    faults: [],
  });
});

test('a line that a kill cut off says nothing, and the line after it counts', async () => {
  const { faults, received } = await sumsOf({
    sent: DONE.sent,
    received: ['r a-1-1 230', `r a-1-2 4${NEW_LIFE}` as JournalLine, NEW_LIFE],
    booked: [250, 230],
  });
  expect({ faults, received }).toEqual({ faults: [], received: 250n });
});

test.each<[string, Case]>([
  ['money was lost', { ...DONE, booked: [0, 0] }],
  ['money was made', { ...DONE, booked: [275, 253] }],
  ['do not match', { ...DONE, booked: [250, 231] }],
  ['is still held', { ...DONE, booked: [250, 230], held: '1' }],
  ['nobody gave', { ...DONE, received: [], booked: [250, 230] }],
  ['became 231', { ...DONE, received: ['r a-1-1 231'], booked: [250, 230] }],
  ['delivered twice', { ...DONE, received: ['r a-1-1 230', 'r a-1-1 230'], booked: [250, 230] }],
  ['nobody sent it', { ...DONE, received: ['r a-1-1 230', 'r a-1-3 230'], booked: [250, 230] }],
  [
    'nobody wrote it down',
    { ...DONE, received: ['r a-1-1 230', 'r a-1-2 460'], booked: [250, 230], killedAt: [999] },
  ],
])('a fault: %s', async (fault, broken) => {
  const { faults } = await sumsOf(broken);
  expect(faults.join('; ')).toContain(fault);
});

test('a packet that was fulfilled and rejected may be kept for reconciliation, or cut off by a kill', async () => {
  const received = ['r a-1-1 230', 'r a-1-2 460'] as const;
  const kept = await sumsOf({
    ...DONE,
    received,
    booked: [250, 230],
    unreconciled: ['a-1-2'],
  });
  expect(kept).toMatchObject({ reconcilable: 1, unknown: 0, faults: [] });
  const cut = await sumsOf({ ...DONE, received, booked: [750, 690], killedAt: [1001] });
  expect(cut).toMatchObject({ reconcilable: 0, unknown: 1, faults: [] });
});
