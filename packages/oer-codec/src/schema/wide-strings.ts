import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import { Schema } from './schema.js';
import { checkReadSize, checkWrittenSize, sizeRange } from './size.js';
import { characters, checkAlphabet, expectAlphabet, type StringConstraints } from './strings.js';

/** BMPString (X.696 27): two bytes to a character of the Basic Multilingual Plane, so no halves of surrogate pairs. */
export function bmpString(constraints?: StringConstraints): Schema<string> {
  return wideString('BMPString', 2, constraints);
}

/** UniversalString (X.696 27): four bytes to a character. */
export function universalString(constraints?: StringConstraints): Schema<string> {
  return wideString('UniversalString', 4, constraints);
}

function wideString(
  type: string,
  width: 2 | 4,
  { size, from }: StringConstraints = {},
): Schema<string> {
  const range = sizeRange(size);
  const name = `${type}${range.text}`;
  const allowed = characters(from);
  const highest = width === 2 ? 0xffff : 0x10_ffff;
  const isCharacter = (code: number): boolean =>
    code <= highest && !(code >= 0xd800 && code <= 0xdfff);
  return new Schema<string>({
    name,
    minSize: range.fixed ? range.min * width : 1 + range.min * width,
    fixedSize: range.fixed ? range.min * width : undefined,
    size: (value) => {
      const length = Array.from(value).length * width;
      return range.fixed ? length : sizeOfVarOctets(length);
    },
    write: (writer, value) => {
      const codes = Array.from(value, (character) => character.codePointAt(0) as number);
      checkWrittenSize(range, codes.length, name);
      checkAlphabet(allowed, value, name);
      if (!codes.every(isCharacter)) {
        throw new OerEncodeError('BAD_TEXT', `the text has a character that no ${type} has`);
      }
      if (!range.fixed) writer.writeLength(codes.length * width);
      for (const code of codes) {
        if (width === 4) writer.writeUInt32(code);
        else writer.writeUInt16(code);
      }
    },
    read: (reader) => {
      const start = reader.offset;
      const octets = range.fixed ? reader.readOctets(range.min * width) : reader.readVarOctets();
      checkReadSize(range, Math.floor(octets.length / width), name, reader, start);
      let text = '';
      let code = 0;
      let isGood = octets.length % width === 0;
      for (const [i, octet] of octets.entries()) {
        code = code * 256 + octet;
        if (i % width < width - 1) continue;
        isGood &&= isCharacter(code);
        if (isGood) text += String.fromCodePoint(code);
        code = 0;
      }
      if (!isGood) {
        reader.offset = start;
        throw reader.error('BAD_TEXT', `the bytes are not characters of a ${type}`);
      }
      expectAlphabet(allowed, text, name, reader, start);
      return text;
    },
  });
}
