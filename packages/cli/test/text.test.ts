import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { formatAmount, parseAmount } from '../src/text/amount.js';
import { ProgressBar } from '../src/text/progress.js';
import { formatTable } from '../src/text/table.js';

describe('amounts for people', () => {
  it('are exact both ways', () => {
    expect(formatAmount(10_000_000n, 6)).toBe('10.00');
    expect(formatAmount(1n, 9)).toBe('0.000000001');
    expect(formatAmount(-1_234_500n, 6)).toBe('-1.2345');
    expect(formatAmount(7n, 0)).toBe('7');
    expect(parseAmount('10.00', 6)).toBe(10_000_000n);
    expect(parseAmount('0.1', 18)).toBe(100_000_000_000_000_000n);
    expect(parseAmount('3', 0)).toBe(3n);
  });

  it.each(['', '1e3', '-1', '1,5', ' 1', '.5', '1.', '0x1', '0', '0.00'])('refuse %j', (text) => {
    expect(parseAmount(text, 6)).toBeTypeOf('string');
  });

  it('refuse what is finer than the asset, but not zeros behind it', () => {
    expect(parseAmount('1.001', 2)).toBe(
      '1.001 has more than the 2 decimal places that the asset has',
    );
    expect(parseAmount('1.000', 2)).toBe(100n);
  });
});

function collect(isTTY: boolean): { out: Writable & { isTTY: boolean }; text: () => string } {
  let text = '';
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { out: Object.assign(out, { isTTY }), text: () => text };
}

describe('the progress bar', () => {
  it('writes one line where there is no terminal', () => {
    const { out, text } = collect(false);
    const bar = new ProgressBar(out);
    bar.update(1n, 2n, '5.00 USD');
    bar.update(2n, 2n, '10.00 USD');
    bar.finish();
    expect(text()).toBe(`${'█'.repeat(30)} 100 %  10.00 USD\n`);
  });

  it('draws over itself on a terminal, not more often than is useful', () => {
    const { out, text } = collect(true);
    let now = 0;
    const bar = new ProgressBar(out, () => now);
    bar.update(0n, 2n, 'a');
    bar.update(1n, 2n, 'b');
    now = 60;
    bar.update(1n, 2n, 'c');
    bar.finish();
    expect(
      text()
        .split('\r\u001b[2K')
        .map((line) => line.slice(-1)),
    ).toEqual(['', 'a', 'c', '\n']);
  });
});

describe('a table', () => {
  it('lines its columns up', () => {
    expect(
      formatTable(
        [
          ['name', 'amount'],
          ['A', '10'],
        ],
        ['left', 'right'],
      ),
    ).toBe('name  amount\nA         10');
  });
});
