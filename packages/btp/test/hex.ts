/** Bytes from a hexadecimal text; blanks separate fields. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** The bytes of an ASCII text, as hexadecimal. */
export function ascii(text: string): string {
  return Array.from(text, (character) =>
    character.charCodeAt(0).toString(16).padStart(2, '0'),
  ).join('');
}
