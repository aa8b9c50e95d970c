import { Schema } from './schema.js';

/** BOOLEAN (X.696 9): one byte, 00 or FF. Any other byte but 00 passes as true, though not when strict. */
export function boolean(): Schema<boolean> {
  return new Schema<boolean>({
    name: 'BOOLEAN',
    minSize: 1,
    fixedSize: 1,
    size: () => 1,
    write: (writer, value) => writer.writeUInt8(value ? 0xff : 0),
    read: (reader) => {
      const byte = reader.peekUInt8();
      if (reader.strict && byte !== 0 && byte !== 0xff) {
        throw reader.error('NON_CANONICAL', `a BOOLEAN is 00 or FF, not ${byte}`);
      }
      reader.skip(1);
      return byte !== 0;
    },
  });
}
