import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../src/exit-codes.js';
import { PaymentFile } from '../src/wallet/payment-file.js';

const POINTER = '$bob.example';

describe('the file of a payment', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pennyswitch-test-'));
    file = join(folder, 'payment.json');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('gives back what was saved last, to its owner only, and leaves nothing else behind', async () => {
    const first = await PaymentFile.open(file, POINTER, '5');
    expect(first.payment).toBeUndefined();
    await first.save('one');
    await first.save('two');
    await first.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['payment.json']);
    const second = await PaymentFile.open(file, POINTER, '5');
    expect(second.payment).toBe('two');
    await second.close();
  });

  it('is refused for another payment, and for one of something else', async () => {
    const first = await PaymentFile.open(file, POINTER, undefined);
    await first.save('one');
    await first.close();
    for (const [pointer, amount] of [
      [POINTER, '5'],
      ['$eve.example', undefined],
    ] as const) {
      await expect(PaymentFile.open(file, pointer, amount)).rejects.toMatchObject({
        exitCode: ExitCode.usage,
        message: expect.stringContaining(
          'holds a payment of what is due to $bob.example',
        ) as string,
      });
    }
    for (const text of ['', '{}', '[1]', '{"pointer":1,"amount":null,"payment":"x"}']) {
      writeFileSync(file, text);
      await expect(PaymentFile.open(file, POINTER, undefined)).rejects.toMatchObject({
        exitCode: ExitCode.configuration,
      });
    }
    expect(readdirSync(folder)).toEqual(['payment.json']);
  });

  it('belongs to one process at a time, and to the next one when that was killed', async () => {
    const first = await PaymentFile.open(file, POINTER, '5');
    await expect(PaymentFile.open(file, POINTER, '5')).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      message: expect.stringContaining(`process ${process.pid} has this payment`) as string,
    });
    await first.close();
    // No process has such a number.
    writeFileSync(`${file}.lock`, '4194305');
    const next = await PaymentFile.open(file, POINTER, '5');
    expect(readFileSync(`${file}.lock`, 'utf8')).toBe(String(process.pid));
    await next.close();
  });

  it('says where it cannot be written', async () => {
    const open = PaymentFile.open(join(folder, 'none', 'payment.json'), POINTER, '5');
    await expect(open).rejects.toMatchObject({ exitCode: ExitCode.configuration });
  });
});
