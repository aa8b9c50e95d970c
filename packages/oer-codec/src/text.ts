/** Whether a text has no character above 0x7F. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The index of the first byte in `start..end` that is not ASCII, or -1. */
export function asciiProblem(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if ((bytes[i] as number) > 0x7f) return i;
  return -1;
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
  // Sixteen and four at a time: a call with its arguments spelled out makes the string in one step.
  const at = (i: number): number => bytes[i] as number;
  const make = String.fromCharCode;
  let text = '';
  let i = start;
  for (; i + 16 <= end; i += 16) {
    // prettier-ignore
    text += make(
      at(i), at(i + 1), at(i + 2), at(i + 3), at(i + 4), at(i + 5), at(i + 6), at(i + 7),
      at(i + 8), at(i + 9), at(i + 10), at(i + 11), at(i + 12), at(i + 13), at(i + 14), at(i + 15),
    );
  }
  for (; i + 4 <= end; i += 4) text += make(at(i), at(i + 1), at(i + 2), at(i + 3));
  for (; i < end; i++) text += make(at(i));
  return text;
}

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
