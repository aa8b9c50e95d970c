/** Whether a text has no character above 0x7F. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Whether no byte in `start..end` is above 0x7F. */
export function isAsciiBytes(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let i = start; i < end; i++) seen |= bytes[i] as number;
  return seen < 0x80;
}

/** Up to this length, making a string by hand is faster than calling the platform's decoder. */
const SHORT = 128;

let decoder: TextDecoder | undefined;

/** The text of bytes in UTF-8; throws a `TypeError` for bytes that are not. */
export function utf8Slice(bytes: Uint8Array, start: number, end: number): string {
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes.subarray(start, end));
}

/** A string of the bytes `start..end`, each one character; only for bytes known to be ASCII. */
export function asciiSlice(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return utf8Slice(bytes, start, end);
  // Many at a time: a call with its arguments spelled out makes the string in one step.
  let text = '';
  let i = start;
  for (; i + 8 <= end; i += 8) {
    // prettier-ignore
    text += fromCodes(
      bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3], bytes[i + 4], bytes[i + 5], bytes[i + 6], bytes[i + 7],
    );
  }
  for (; i < end; i++) text += fromCodes(bytes[i]);
  return text;
}

/** The compiler takes an element of an array for possibly undefined; within the bounds it is not. */
const fromCodes: (...codes: (number | undefined)[]) => string = String.fromCharCode as (
  ...codes: (number | undefined)[]
) => string;

/** The number of bytes that `text` takes in UTF-8, or -1 if it holds a lone surrogate. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit < 0xd800 || unit > 0xdfff) length += 3;
    else {
      const next = unit < 0xdc00 ? text.charCodeAt(i + 1) : 0;
      if (!(next >= 0xdc00 && next <= 0xdfff)) return -1;
      length += 4;
      i += 1;
    }
  }
  return length;
}
