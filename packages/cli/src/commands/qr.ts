import { renderUnicodeCompact } from 'uqr';

/** A QR code of half blocks for a terminal, dark on light whatever the terminal's colours are where it is one. */
export function showQr(text: string): string {
  const code = renderUnicodeCompact(text, { border: 2 });
  if (!process.stdout.isTTY) return code;
  return code
    .split('\n')
    .map((line) => `\u001b[30;47m${line}\u001b[0m`)
    .join('\n');
}
