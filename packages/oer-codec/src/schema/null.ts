import { Schema } from './schema.js';

/** NULL (X.696 15): no bytes at all. */
export function nullType(): Schema<null> {
  return new Schema<null>({
    name: 'NULL',
    minSize: 0,
    fixedSize: 0,
    size: () => 0,
    write: () => undefined,
    read: () => null,
  });
}
