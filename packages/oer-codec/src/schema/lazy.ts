import { OerEncodeError } from '../errors.js';
import { Schema } from './schema.js';

/** How deep values of recursive types may be nested, so that hostile bytes cannot exhaust the stack. */
const MAX_DEPTH = 64;

/** A type that is defined later, for types that contain themselves. Values may be nested 64 deep. */
export function lazy<T>(schema: () => Schema<T>): Schema<T> {
  let depth = 0;
  return new Schema<T>({
    name: 'recursive',
    minSize: 0,
    size: (value) => {
      if (depth >= MAX_DEPTH)
        throw new OerEncodeError('TOO_LONG', `nested deeper than ${MAX_DEPTH}`);
      depth += 1;
      try {
        return schema().size(value);
      } finally {
        depth -= 1;
      }
    },
    write: (writer, value) => schema().write(writer, value),
    read: (reader) => {
      if (depth >= MAX_DEPTH) throw reader.error('TOO_LONG', `nested deeper than ${MAX_DEPTH}`);
      depth += 1;
      try {
        return schema().read(reader);
      } finally {
        depth -= 1;
      }
    },
  });
}
