import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import { readOpen } from './open-type.js';
import { Schema, within, type AnySchema, type Infer } from './schema.js';
import { sequenceBefore, type Components, type SequenceValue } from './sequence.js';

/** Which type goes with which id: an information object set. */
export type Table = Readonly<Record<number, AnySchema>>;

/** The value: the components, one of the ids, and the value of the type that goes with it. */
export type TableValue<F, I extends keyof F, D extends string, T> = {
  readonly [K in keyof T]: Omit<SequenceValue<F>, I> & { readonly [_ in I]: K } & {
    readonly [_ in D]: Infer<T[K]>;
  };
}[keyof T];

/** The value of an id that the table does not have. */
export type UnknownValue<F, D extends string> = SequenceValue<F> & {
  readonly [_ in D]: Uint8Array;
};

/** How the table is used. */
export interface TableOptions<F, I, D> {
  /** The components before the one whose type is chosen. */
  readonly components: F;
  /** The name of the component that chooses: a number. */
  readonly id: I;
  /** The name of the last component, an open type. */
  readonly data: D;
}

/**
 * A SEQUENCE whose last component has the type that an earlier one chooses: in ASN.1, an information object class with
 * a table constraint, `data CLASS.&Type ({Set}{@type})`. This is how ILP, BTP and STREAM pick a body by its type:
 *
 *     const packet = sequenceByTable(
 *       { components: { type: integer(0, 255) }, id: 'type', data: 'data' },
 *       { 12: prepare, 13: fulfill, 14: reject },
 *     );
 *
 * is a schema of `{ type: 12, data: Prepare } | { type: 13, data: Fulfill } | { type: 14, data: Reject }`. An id that
 * the table does not have is `BAD_VALUE`.
 */
export function sequenceByTable<
  const F extends Components,
  const I extends keyof F & string,
  const D extends string,
  const T extends Table,
>(options: TableOptions<F, I, D>, table: T): Schema<TableValue<F, I, D, T>> {
  return define(options, table, undefined) as unknown as Schema<TableValue<F, I, D, T>>;
}

/** The same, extensible: the body of an id that the table does not have is kept as its bytes. */
export function sequenceByOpenTable<
  const F extends Components,
  const I extends keyof F & string,
  const D extends string,
  const T extends Table,
>(options: TableOptions<F, I, D>, table: T): Schema<TableValue<F, I, D, T> | UnknownValue<F, D>> {
  return define(options, table, anyOctets()) as unknown as Schema<
    TableValue<F, I, D, T> | UnknownValue<F, D>
  >;
}

/** The contents of an open type whatever they are: all of its bytes. */
function anyOctets(): Schema<unknown> {
  return new Schema<Uint8Array>({
    name: 'ANY',
    minSize: 0,
    size: (value) => value.length,
    write: (writer, value) => writer.writeOctets(value),
    read: (reader) => reader.readOctets(reader.remaining),
  }) as unknown as Schema<unknown>;
}

type Values = Readonly<Record<string, unknown>>;

function define(
  { components, id, data }: TableOptions<Components, string, string>,
  table: Table,
  rest: Schema<unknown> | undefined,
): Schema<Values> {
  const head = sequenceBefore(data, components) as unknown as Schema<Values>;
  const types = new Map(
    Object.entries(table).map(([key, type]) => [Number(key), type as unknown as Schema<unknown>]),
  );
  const typeOf = (key: unknown): Schema<unknown> | undefined => types.get(Number(key)) ?? rest;
  const typeToWrite = (value: Values): Schema<unknown> => {
    const type = typeOf(value[id]);
    if (type !== undefined) return type;
    throw new OerEncodeError('BAD_VALUE', `no type goes with ${String(value[id])}`).within(id);
  };
  // Encoding asks for the size and then writes: the size of the data need not be found twice.
  let sized: Values | undefined;
  let sizedId: unknown;
  let sizedType: Schema<unknown> | undefined;
  let sizedData = 0;
  return new Schema<Values>({
    name: 'SEQUENCE',
    minSize: head.minSize + 1,
    size: (value) => {
      const type = typeToWrite(value);
      const size = head.size(value);
      try {
        sizedData = type.size(value[data]);
      } catch (error) {
        throw within(error, data);
      }
      sized = value;
      sizedId = value[id];
      sizedType = type;
      return size + sizeOfVarOctets(sizedData);
    },
    write: (writer, value) => {
      const known = sized === value && sizedId === value[id] ? sizedType : undefined;
      const type = known ?? typeToWrite(value);
      head.write(writer, value);
      try {
        const size = known === undefined ? type.size(value[data]) : sizedData;
        sized = undefined;
        writer.writeLength(size);
        const end = writer.length + size;
        type.write(writer, value[data]);
        if (writer.length !== end) {
          throw new OerEncodeError('BAD_VALUE', 'the value changed after its size was taken');
        }
      } catch (error) {
        throw within(error, data);
      }
    },
    read: (reader) => {
      const start = reader.offset;
      const value = head.read(reader);
      const type = typeOf(value[id]);
      if (type === undefined) {
        reader.offset = start;
        throw reader.error('BAD_VALUE', `no type goes with ${String(value[id])}`).within(id);
      }
      try {
        (value as Record<string, unknown>)[data] = readOpen(reader, type);
      } catch (error) {
        throw within(error, data);
      }
      return value;
    },
  });
}
