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

/** A string of the bytes `start..end`, each one character; only for bytes known to be ASCII. */
export function asciiSlice(bytes: Uint8Array, start: number, end: number): string {
  // Chunks keep the argument list bounded: a call with tens of thousands of arguments overflows the stack.
  let text = '';
  for (let i = start; i < end; i += 4096) {
    text += String.fromCharCode.apply(
      null,
      bytes.subarray(i, Math.min(end, i + 4096)) as unknown as number[],
    );
  }
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
