import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { isShortfall, type LedgerStore } from '../src/index.js';
import { GroupCommit, type Write } from '../src/stores/level/group-commit.js';
import { LevelLedgerStore } from '../src/stores/level/index.js';
import { describeLedgerStore } from './ledger-store.js';

const PROCESS = fileURLToPath(new URL('./level-process.ts', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'pennyswitch-level-'));
const opened: LevelLedgerStore[] = [];
let count = 0;

async function open(path: string = join(root, String(++count))): Promise<LevelLedgerStore> {
  const store = await LevelLedgerStore.open({ path });
  opened.push(store);
  return store;
}

afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await rm(root, { recursive: true });
});

describeLedgerStore('the LevelDB store', () => open());

const USD = { code: 'USD', scale: 9 };

/** Moves an amount from `a` to `b`, as a fulfilled packet does. */
async function move(store: LedgerStore, amount: bigint): Promise<void> {
  const entry = await store.reserve({
    incoming: { account: 'a', amount },
    outgoing: { account: 'b', amount },
  });
  if (isShortfall(entry)) throw new Error('shortfall');
  await store.commit(entry, undefined, 0);
}

describe('the LevelDB store', () => {
  it('knows after it was closed what it knew before; holds are gone', async () => {
    const path = join(root, 'again');
    const store = await open(path);
    await store.openAccount('a', USD);
    await store.openAccount('b', USD);
    await move(store, 5n);
    store.reserve({ incoming: { account: 'a', amount: 7n } });
    const due = await store.debit('b', 2n, 11);
    await store.credit({ key: 'k', account: 'a', amount: 1999n, scale: 12, now: 12 });
    const condition = Uint8Array.of(0, 127, 255);
    const lost = { account: 'b', amount: 1n, expiresAt: 2, lostAt: 3, condition };
    await store.recordLost(lost);
    const late = { ...lost, expiredAt: 2, arrivedAt: 3, fulfillment: Uint8Array.of(9) };
    await store.recordLate(late);
    await store.close();

    const again = await open(path);
    expect(await again.openAccount('a', USD)).toMatchObject({
      receivable: 4n,
      clearedIncoming: 5n,
      settledIncoming: 1n,
      heldIncoming: 0n,
    });
    expect(again.balance('b')).toMatchObject({ payable: 3n, settledOutgoing: 2n });
    expect(again.outbox(new Set(['b']))).toEqual([due]);
    expect(again.lostPackets()).toEqual([lost]);
    expect(again.lateFulfillments()).toEqual([late]);
    const repeated = { key: 'k', account: 'a', amount: 1999n, scale: 12, now: 13 };
    expect(await again.credit(repeated)).toEqual({
      type: 'credited',
      credited: 1n,
      replayed: true,
    });
    // 0.999 were left over.
    expect(await again.credit({ ...repeated, key: 'l', amount: 1n })).toMatchObject({
      credited: 1n,
    });
    await expect(again.openAccount('a', { ...USD, scale: 2 })).rejects.toMatchObject({
      code: 'ASSET_CHANGED',
    });
  });

  it('is open in one process at a time', async () => {
    const path = join(root, 'locked');
    const store = await open(path);
    await expect(LevelLedgerStore.open({ path })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await store.close();
    await (await LevelLedgerStore.open({ path })).close();
  });

  it('refuses what a later version wrote', async () => {
    const path = join(root, 'later');
    await (await open(path)).close();
    const database = new ClassicLevel(path);
    await database.put('format', '2');
    await database.close();
    await expect(LevelLedgerStore.open({ path })).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
    });
  });

  it('is, wherever its log is cut off or torn, as after a step that was; what was acknowledged by then is in it (ruled)', async () => {
    const path = join(root, 'torn');
    const store = await open(path);
    await store.openAccount('a', USD);
    await store.openAccount('b', USD);
    const [log = ''] = (await readdir(path)).filter((name) => name.endsWith('.log'));
    /** How long the log was when each step was acknowledged, and what had been moved then. */
    const acknowledged: { length: number; total: bigint }[] = [];
    let total = 0n;
    for (let i = 1n; i <= 5n; i++) {
      await move(store, i);
      total += i;
      acknowledged.push({ length: (await stat(join(path, log))).size, total });
    }
    await store.close();
    const whole = await readFile(join(path, log));
    const first = acknowledged[0]?.length ?? 0;
    const lengths = new Set(acknowledged.flatMap(({ length }) => [length - 1, length, length + 1]));
    for (let length = first; length < whole.length; length += 29) lengths.add(length);
    const copy = join(root, 'torn-copy');
    const seen = new Set<bigint>();
    const tears = [undefined, 0, 0xa5];
    for (const [i, length] of [...lengths].entries()) {
      if (length < first || length > whole.length) continue;
      await cp(path, copy, { recursive: true });
      const tear = tears[i % tears.length];
      const torn = whole.subarray(0, length);
      const rest = new Uint8Array(tear === undefined ? 0 : whole.length - length).fill(tear ?? 0);
      await writeFile(join(copy, log), Buffer.concat([torn, rest]));
      const recovered = await LevelLedgerStore.open({ path: copy });
      const [a, b] = [recovered.balance('a'), recovered.balance('b')];
      const least = acknowledged.findLast((each) => each.length <= length)?.total ?? 0n;
      expect(a.receivable).toBe(b.payable);
      expect(a.receivable).toBeGreaterThanOrEqual(least);
      expect(acknowledged.map((each) => each.total)).toContain(a.receivable);
      seen.add(a.receivable);
      await recovered.close();
      await rm(copy, { recursive: true });
    }
    expect(seen.size).toBe(acknowledged.length);
  }, 60_000);

  it('has after a kill at any moment all that it acknowledged, and nothing that was not moved whole', async () => {
    const path = join(root, 'killed');
    const acknowledged = { total: 0n, steps: 0 };
    for (let kill = 0; kill < 4; kill++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', '--conditions=@pennyswitch/source', PROCESS, path],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        // Somewhere among its steps, not at the end of one.
        if (text.length > 500 * (kill + 1)) child.kill('SIGKILL');
      });
      await once(child, 'close');
      for (const line of text.split('\n').slice(0, -1)) {
        acknowledged.total += BigInt(line);
        acknowledged.steps += 1;
      }
      const store = await LevelLedgerStore.open({ path });
      const [a, b] = [store.balance('a'), store.balance('b')];
      expect(a.clearedIncoming).toBe(b.clearedOutgoing);
      expect(a.clearedIncoming).toBeGreaterThanOrEqual(acknowledged.total);
      // At most what was on its way when it was killed: 1 + 2 + … + 20, twice.
      expect(a.clearedIncoming).toBeLessThanOrEqual(acknowledged.total + 420n * BigInt(kill + 1));
      const outbox = store.outbox(new Set(['b']));
      const settled = outbox.reduce((sum, { amount }) => sum + amount, 0n);
      expect(b.settledOutgoing).toBe(settled);
      expect(new Set(outbox.map(({ key }) => key)).size).toBe(outbox.length);
      await store.close();
    }
    expect(acknowledged.steps).toBeGreaterThan(500);
  }, 60_000);

  it('shares a sync among steps that wait at the same time', async () => {
    const store = await open();
    await store.openAccount('a', USD);
    await store.openAccount('b', USD);
    const before = store.statistics()['syncs_total'] ?? 0;
    await Promise.all(Array.from({ length: 1000 }, () => move(store, 1n)));
    expect((store.statistics()['syncs_total'] ?? 0) - before).toBeLessThanOrEqual(3);
    expect(store.balance('a').receivable).toBe(1000n);
  });
});

describe('the LevelDB store on a disk that was full', () => {
  it.each(['debit', 'commit'] as const)(
    'has a settlement sent whose %s could only be written later (RFC 0038 "Retry behavior")',
    async (step) => {
      const store = await open();
      await store.openAccount('a', USD);
      const entry = store.reserve({ outgoing: { account: 'a', amount: 5n } });
      if (isShortfall(entry)) throw new Error('shortfall');
      const sent: unknown[] = [];
      const stop = store.onUnsent((settlement) => sent.push(settlement));
      vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('full'));
      const policy = { threshold: 5n, settleTo: 0n, unit: 1n };
      await expect(
        step === 'debit' ? store.debit('a', 5n, 0) : store.commit(entry, policy, 0),
      ).rejects.toThrow('full');
      expect(sent).toEqual([]);

      await store.openAccount('b', USD);
      expect(sent).toEqual(store.outbox(new Set(['a'])));
      expect(sent).toMatchObject([{ account: 'a', amount: 5n }]);

      await store.openAccount('c', USD);
      expect(sent).toHaveLength(1);
      stop();
    },
  );

  it('sends nothing of an account that was forgotten by then', async () => {
    const store = await open();
    await store.openAccount('a', USD);
    const sent: unknown[] = [];
    store.onUnsent((settlement) => sent.push(settlement));
    vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('full'));
    await expect(store.debit('a', 5n, 0)).rejects.toThrow('full');
    await store.deleteAccount('a');
    expect(sent).toEqual([]);
  });
});

describe('a group commit', () => {
  it('answers nobody before the write that holds the change has returned', async () => {
    const disk: { batch: readonly Write[]; done: () => void; fail: (error: Error) => void }[] = [];
    const values = new Map<string, string>();
    const commits = new GroupCommit(
      {
        write: (batch) =>
          new Promise((done, fail) => {
            disk.push({ batch, done, fail });
          }),
      },
      (key) => values.get(key),
    );
    const answered: string[] = [];
    const change = (key: string, value: string): Promise<void> => {
      values.set(key, value);
      commits.touch(key);
      return commits.flush().then(
        () => void answered.push(`${key}=${value}`),
        (error: unknown) => void answered.push(String(error)),
      );
    };
    const first = change('x', '1');
    await Promise.resolve();
    expect(disk).toHaveLength(1);
    const second = change('x', '2');
    const third = change('y', '3');
    expect([answered, disk.length]).toEqual([[], 1]);
    disk[0]?.done();
    await first;
    expect(answered).toEqual(['x=1']);
    await expect.poll(() => disk.length).toBe(2);
    expect(disk[1]?.batch).toEqual([
      { key: 'x', value: '2' },
      { key: 'y', value: '3' },
    ]);
    disk[1]?.fail(new Error('the disk is full'));
    await Promise.all([second, third]);
    expect(answered.slice(1)).toEqual(['Error: the disk is full', 'Error: the disk is full']);

    // What could not be written is written with the next step, and the disk is never ahead of memory.
    const fourth = change('z', '4');
    await expect.poll(() => disk.length).toBe(3);
    expect(disk[2]?.batch.map(({ key }) => key).toSorted()).toEqual(['x', 'y', 'z']);
    disk[2]?.done();
    await fourth;
    expect([commits.pending, commits.failures, commits.batches]).toEqual([0, 1, 2]);
  });
});
