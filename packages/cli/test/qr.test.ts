import { encode } from 'uqr';
import { afterEach, expect, it } from 'vitest';
import { showQr } from '../src/commands/qr.js';

const { isTTY } = process.stdout;
afterEach(() => {
  process.stdout.isTTY = isTTY;
});

/** What a camera sees of a terminal: for each half of a character, whether it is light. */
function seen(text: string): boolean[][] {
  const rows: boolean[][] = [];
  // Foreground white, background black: what is drawn is light, what is left out is dark.
  const before = '\u001b[97;40m';
  const after = '\u001b[0m';
  for (const line of text.split('\n')) {
    expect([line.startsWith(before), line.endsWith(after)]).toEqual([true, true]);
    const blocks = Array.from(line.slice(before.length, -after.length));
    rows.push(blocks.map((block) => '█▀'.includes(block)));
    rows.push(blocks.map((block) => '█▄'.includes(block)));
  }
  return rows;
}

it('a QR code on a terminal is dark on light, with a light border, in any colours of its own', () => {
  process.stdout.isTTY = true;
  const pointer = '$wallet.example/bob';
  const { data, size } = encode(pointer, { border: 2 });
  const rows = seen(showQr(pointer)).slice(0, size);
  expect(rows).toEqual(data.map((row) => row.map((isDark) => !isDark)));
  expect(rows[0]?.every((isLight) => isLight)).toBe(true);
});

it('a QR code that goes into a file has no colours', () => {
  process.stdout.isTTY = false;
  expect(showQr('$wallet.example/bob')).toMatch(/^[█▀▄ \n]+$/u);
});
