import { renderUnicodeCompact } from 'uqr';

/** A QR code of half blocks. On a terminal it is dark on light whatever the terminal's own colours are. */
export function showQr(text: string): string {
  const code = renderUnicodeCompact(text, { border: 2 });
  if (!process.stdout.isTTY) return code;
  return (
    code
      .split('\n')
      // The blocks are what is light in the code: white on black.
      .map((line) => `\u001b[97;40m${line}\u001b[0m`)
      .join('\n')
  );
}
