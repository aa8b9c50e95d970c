import {
  OerDecodeError,
  OerEncodeError,
  OerReader,
  OerWriter,
  type OerReaderOptions,
} from '../src/index.js';

/** Bytes of a hexadecimal text; spaces group the fields for the reader of a test. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
}

/** The hexadecimal text of bytes, lower case, without spaces. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a writer makes of one call. */
export function written(write: (writer: OerWriter) => void): string {
  const writer = new OerWriter(0);
  write(writer);
  return toHex(writer.finish());
}

/** What a reader makes of `text`; checks that it read all of it. */
export function read<T>(
  text: string,
  take: (reader: OerReader) => T,
  options?: OerReaderOptions,
): T {
  const reader = new OerReader(hex(text), options);
  const value = take(reader);
  reader.expectEnd();
  return value;
}

/** The code of the decode error that `take` throws; also checks that the reader stayed where it was. */
export function refused(
  text: string,
  take: (reader: OerReader) => unknown,
  options?: OerReaderOptions,
): string {
  const reader = new OerReader(hex(text), options);
  try {
    const value = take(reader);
    return `no error but ${String(value)}`;
  } catch (error) {
    if (!(error instanceof OerDecodeError)) throw error;
    if (reader.offset !== 0) return `${error.code}, but moved to ${reader.offset}`;
    if (error.offset !== 0) return `${error.code}, but said byte ${error.offset}`;
    return error.code;
  }
}

/** The code of the encode error that `write` throws; also checks that nothing was written. */
export function unwritable(write: (writer: OerWriter) => void): string {
  const writer = new OerWriter(0);
  writer.writeUInt8(1);
  try {
    write(writer);
  } catch (error) {
    if (!(error instanceof OerEncodeError)) throw error;
    return writer.length === 1 ? error.code : `${error.code}, but wrote ${writer.length - 1} bytes`;
  }
  return 'no error';
}
