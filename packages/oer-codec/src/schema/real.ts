import { Schema } from './schema.js';

/** REAL with the constraints of IEEE 754 binary32 (X.696 12.2): 4 bytes. Other values are rounded to the nearest. */
export function real32(): Schema<number> {
  return new Schema<number>({
    name: 'REAL -- binary32',
    minSize: 4,
    size: () => 4,
    write: (writer, value) => writer.writeFloat32(value),
    read: (reader) => reader.readFloat32(),
  });
}

/** REAL with the constraints of IEEE 754 binary64 (X.696 12.3): 8 bytes. */
export function real64(): Schema<number> {
  return new Schema<number>({
    name: 'REAL -- binary64',
    minSize: 8,
    size: () => 8,
    write: (writer, value) => writer.writeFloat64(value),
    read: (reader) => reader.readFloat64(),
  });
}
