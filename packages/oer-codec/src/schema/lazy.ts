import { OerEncodeError } from '../errors.js';
import { Schema } from './schema.js';

/** How deep values of recursive types may be nested, so that hostile bytes cannot exhaust the stack. */
const MAX_DEPTH = 64;

/** How deep the values that are being read, written and measured are nested at the moment, over all types. */
let depth = 0;

/** A type that is defined later, for types that contain themselves. Values may be nested 64 deep. */
export function lazy<T>(schema: () => Schema<T>): Schema<T> {
  const deeper = <R>(tooDeep: () => Error, work: (schema: Schema<T>) => R): R => {
    if (depth >= MAX_DEPTH) throw tooDeep();
    depth += 1;
    try {
      return work(schema());
    } finally {
      depth -= 1;
    }
  };
  return new Schema<T>({
    name: 'recursive',
    minSize: 0,
    size: (value) => deeper(cannotWrite, (type) => type.size(value)),
    write: (writer, value) => {
      deeper(cannotWrite, (type) => {
        type.write(writer, value);
      });
    },
    read: (reader) =>
      deeper(
        () => reader.error('TOO_LONG', TOO_DEEP),
        (type) => type.read(reader),
      ),
  });
}

const TOO_DEEP = 'nested deeper than 64';

function cannotWrite(): OerEncodeError {
  return new OerEncodeError('TOO_LONG', TOO_DEEP);
}
