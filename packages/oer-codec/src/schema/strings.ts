import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import { utf8Length } from '../text.js';
import { Schema } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange, type Size } from './size.js';

/** The constraints of a string type. */
export interface StringConstraints {
  /** How many characters. */
  readonly size?: Size;
  /** FROM: all characters that are allowed, in any order. */
  readonly from?: string;
}

/** UTF8String (X.696 27): a length determinant and the text in UTF-8. `size` counts characters, not bytes. */
export function utf8String(constraints: StringConstraints = {}): Schema<string> {
  const range = sizeRange(constraints.size);
  const name = `UTF8String${range.text}`;
  const allowed = characters(constraints.from);
  const bounded = range.min > 0 || range.max < Infinity;
  return new Schema<string>({
    name,
    minSize: 1 + range.min,
    size: (value) => sizeOfVarOctets(Math.max(0, utf8Length(value))),
    write: (writer, value) => {
      if (bounded) checkWrittenSize(range, countCharacters(value), name);
      checkAlphabet(allowed, value, name);
      writer.writeVarUtf8(value);
    },
    read: (reader) => {
      const start = reader.offset;
      const value = reader.readVarUtf8();
      if (bounded) checkReadSize(range, countCharacters(value), name, reader, start);
      expectAlphabet(allowed, value, name, reader, start);
      return value;
    },
  });
}

/** IA5String (X.696 27): ASCII. Without a length determinant where the constraint allows one size only. */
export function ia5String(constraints?: StringConstraints): Schema<string> {
  return knownMultiplier('IA5String', undefined, constraints);
}

/** VisibleString, also called ISO646String: ASCII from space to tilde. */
export function visibleString(constraints?: StringConstraints): Schema<string> {
  const visible = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  return knownMultiplier('VisibleString', visible.join(''), constraints);
}

/** PrintableString: letters, digits, space and `'()+,-./:=?`. */
export function printableString(constraints?: StringConstraints): Schema<string> {
  return knownMultiplier('PrintableString', PRINTABLE, constraints);
}

/** NumericString: digits and space. */
export function numericString(constraints?: StringConstraints): Schema<string> {
  return knownMultiplier('NumericString', '0123456789 ', constraints);
}

const PRINTABLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?";

/** The types whose characters all take one byte. */
function knownMultiplier(
  type: string,
  alphabet: string | undefined,
  { size, from }: StringConstraints = {},
): Schema<string> {
  const range = sizeRange(size);
  const name = `${type}${range.text}`;
  const allowed = characters(from ?? alphabet);
  return new Schema<string>({
    name,
    minSize: range.fixed ? range.min : 1 + range.min,
    fixedSize: range.fixed ? range.min : undefined,
    size: (value) => (range.fixed ? value.length : sizeOfVarOctets(value.length)),
    write: (writer, value) => {
      checkWrittenSize(range, value.length, name);
      checkAlphabet(allowed, value, name);
      if (range.fixed) writer.writeAscii(value);
      else writer.writeVarAscii(value);
    },
    read: (reader) => {
      const start = reader.offset;
      const value = range.fixed ? reader.readAscii(range.min) : reader.readVarAscii();
      checkReadSize(range, value.length, name, reader, start);
      expectAlphabet(allowed, value, name, reader, start);
      return value;
    },
  });
}

/** The set of characters that FROM allows; undefined without one. */
export function characters(from: string | undefined): ReadonlySet<string> | undefined {
  return from === undefined ? undefined : new Set(Array.from(from));
}

/** The first character that is not allowed, or undefined. */
function stranger(allowed: ReadonlySet<string> | undefined, text: string): string | undefined {
  if (allowed === undefined) return undefined;
  for (const character of text) if (!allowed.has(character)) return character;
  return undefined;
}

/** Refuses to write a text with a character that is not allowed. */
export function checkAlphabet(
  allowed: ReadonlySet<string> | undefined,
  text: string,
  name: string,
): void {
  const bad = stranger(allowed, text);
  if (bad !== undefined) {
    throw new OerEncodeError('BAD_TEXT', `${name} does not have ${JSON.stringify(bad)}`);
  }
}

/** Refuses a text with a character that is not allowed; moves the reader back to `start`. */
export function expectAlphabet(
  allowed: ReadonlySet<string> | undefined,
  text: string,
  name: string,
  reader: OerReader,
  start: number,
): void {
  const bad = stranger(allowed, text);
  if (bad !== undefined) {
    reader.offset = start;
    throw reader.error('BAD_TEXT', `${name} does not have ${JSON.stringify(bad)}`);
  }
}

function countCharacters(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc00 || unit > 0xdfff) count += 1; // The second half of a pair does not count.
  }
  return count;
}
