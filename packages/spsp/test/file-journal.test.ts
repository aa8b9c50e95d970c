import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Asset } from '@pennyswitch/stream';
import { VirtualClock } from '@pennyswitch/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cashbook } from '../src/index.js';
import { FileJournal } from '../src/node.js';

const EUR: Asset = { code: 'EUR', scale: 2 };
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  path = join(folder, 'received.journal');
});
afterEach(() => rm(folder, { recursive: true }));

async function recordsIn(file: string): Promise<readonly string[]> {
  const journal = await FileJournal.open(file);
  const records = await journal.read();
  await journal.close();
  return records;
}

describe('a journal in a file', () => {
  it('gives back what was appended, in order, whatever is in it', async () => {
    const journal = await FileJournal.open(path);
    const records = ['a', '', '{"x": "ä€😀"}', 'with spaces  ', 'x'.repeat(100_000)];
    await Promise.all(records.map((record) => journal.append(record)));
    await journal.append('last');
    await journal.close();
    expect(await recordsIn(path)).toEqual([...records, 'last']);
  });

  it('has every record that was acknowledged, wherever a crash cuts the file', async () => {
    const journal = await FileJournal.open(path);
    const lengths: number[] = [];
    for (let i = 0; i < 12; i++) {
      await Promise.all([journal.append(`record ${i} a`), journal.append(`record ${i} b`)]);
      lengths.push((await stat(path)).size);
    }
    await journal.close();
    const bytes = await readFile(path);
    const copy = join(folder, 'copy');
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      // Behind the cut, what disks leave: nothing, zeros, or half of something else.
      for (const tail of [Buffer.alloc(0), Buffer.alloc(20), Buffer.from('0123 zz\n4567')]) {
        await writeFile(copy, Buffer.concat([bytes.subarray(0, cut), tail]));
        const acknowledged = lengths.filter((length) => length <= cut).length * 2;
        const records = await recordsIn(copy);
        expect(records.length).toBeGreaterThanOrEqual(acknowledged);
        expect(records.length).toBeLessThanOrEqual(acknowledged + 2);
        expect(records.slice(0, acknowledged).at(-1)).toBe(
          acknowledged === 0 ? undefined : `record ${acknowledged / 2 - 1} b`,
        );
      }
    }
  });

  it('goes on behind a torn write', async () => {
    const first = await FileJournal.open(path);
    await first.append('kept');
    await first.close();
    await appendFile(path, '00000000 17 half a rec');
    const second = await FileJournal.open(path);
    await second.append('next');
    await second.close();
    expect(await recordsIn(path)).toEqual(['kept', 'next']);
  });

  it('refuses a file in which a record changed after it was kept', async () => {
    const journal = await FileJournal.open(path);
    for (const record of ['one', 'two', 'three']) await journal.append(record);
    await journal.close();
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('one', 'own'));
    await expect(FileJournal.open(path)).rejects.toMatchObject({ code: 'CORRUPT' });
    await writeFile(path, text);
    expect(await recordsIn(path)).toHaveLength(3);
  });

  it('is replaced in one step, with what comes after it behind', async () => {
    const journal = await FileJournal.open(path);
    await journal.append('old');
    const done = [journal.append('older'), journal.replace(['new']), journal.append('newer')];
    await Promise.all(done);
    await journal.append('newest');
    await journal.close();
    expect(await recordsIn(path)).toEqual(['new', 'newer', 'newest']);
  });

  it('is of one process at a time, and outlives the lock of one that was killed', async () => {
    const journal = await FileJournal.open(path);
    await expect(FileJournal.open(path)).rejects.toMatchObject({ code: 'IN_USE' });
    await journal.close();
    const source = fileURLToPath(new URL('../src/node.ts', import.meta.url));
    const script = `
      import { FileJournal } from ${JSON.stringify(source)};
      const journal = await FileJournal.open(${JSON.stringify(path)});
      await journal.append('kept');
      process.stdout.write('kept');
      setInterval(() => {}, 1000);`;
    const child = spawn(
      process.execPath,
      ['--conditions=@pennyswitch/source', '--import', 'tsx', '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    await expect(FileJournal.open(path)).rejects.toMatchObject({ code: 'IN_USE' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await recordsIn(path)).toEqual(['kept']);
  }, 20_000);

  it('keeps nothing more once a write has failed, and says so', async () => {
    const journal = await FileJournal.open(path);
    await journal.close();
    await expect(journal.append('late')).rejects.toMatchObject({ code: 'FAILED' });
  });
});

describe('a cashbook in a file', () => {
  const money = (tag: string, amount: bigint) => ({ tag, amount });

  it('forgets nothing, and stays short', async () => {
    const clock = new VirtualClock();
    const open = async () =>
      Cashbook.open({ journal: await FileJournal.open(path), asset: EUR, clock });
    const before = await open();
    const { id } = await before.createInvoice({ amount: 1000n });
    const { onMoney, onReceived } = before.receiverOptions;
    const all: unknown[] = [];
    for (let i = 0; i < 25_000; i++) {
      all.push(onMoney(money(i % 50 === 0 ? `invoice:${id}` : `user${i % 7}`, 1n)));
      if (i % 500 === 0) all.push(before.totals.add(`connection${i}`, 1, 5n, 10n));
    }
    expect((await Promise.all(all)).every((answer) => answer === 'accept' || answer === 5n)).toBe(
      true,
    );
    for (let i = 0; i < 25_000; i++) {
      onReceived(money(i % 50 === 0 ? `invoice:${id}` : `user${i % 7}`, 1n));
    }
    await clock.run();
    const event = before.firstEvent();
    await before.confirmEvent(event?.id ?? '');
    await before.close();
    expect((await stat(path)).size).toBeLessThan(1_500_000);

    const after = await open();
    expect(after.invoice(id)?.received).toBe(500n);
    let sum = 0n;
    for (let user = 0; user < 7; user++) sum += after.received(`user${user}`);
    expect(sum).toBe(24_500n);
    expect(await after.totals.add('connection500', 1, 6n, 10n)).toBeUndefined();
    expect(await after.totals.add('connection500', 1, 5n, 10n)).toBe(10n);
    expect(after.firstEvent()?.id).not.toBe(event?.id);
    await after.close();
  });
});
