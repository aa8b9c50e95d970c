import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { readOpen, writeOpen } from './open-type.js';
import { Schema, within, type AnySchema, type Infer } from './schema.js';

/** A component that may be missing: OPTIONAL. */
export interface OptionalComponent<T> {
  readonly kind: 'optional';
  readonly schema: Schema<T>;
}

/** A component that is not sent where it has its usual value: DEFAULT. */
export interface DefaultComponent<T> {
  readonly kind: 'default';
  readonly schema: Schema<T>;
  readonly value: T;
}

/** OPTIONAL: the key may be missing from the value. */
export function optional<T>(schema: Schema<T>): OptionalComponent<T> {
  return { kind: 'optional', schema };
}

/** DEFAULT: a value equal to the default takes no bytes; reading puts the default in its place. */
export function withDefault<T>(schema: Schema<T>, value: T): DefaultComponent<T> {
  return { kind: 'default', schema, value };
}

/** What a SEQUENCE is made of. */
export type Component =
  | AnySchema
  | { readonly kind: 'optional'; readonly schema: AnySchema }
  | { readonly kind: 'default'; readonly schema: AnySchema; readonly value: unknown };
/** The components of a SEQUENCE by name, in their order. */
export type Components = Readonly<Record<string, Component>>;

type ComponentValue<C> = Infer<C extends { readonly schema: infer S } ? S : C>;
type OptionalKey<F> = {
  [K in keyof F]: F[K] extends { readonly kind: 'optional' } ? K : never;
}[keyof F];

/** The value of a SEQUENCE: an object with a key for each component. */
export type SequenceValue<F> = {
  readonly [K in Exclude<keyof F, OptionalKey<F>>]: ComponentValue<F[K]>;
} & { readonly [K in OptionalKey<F>]?: ComponentValue<F[K]> };

/** Additions behind an extension marker: each may be missing. */
export type AdditionValue<X> = { readonly [K in keyof X]?: ComponentValue<X[K]> };

interface Entry {
  readonly name: string;
  readonly schema: Schema<unknown>;
  /** Its bit in the preamble, counted from 0; -1 for a component that is always there. */
  readonly bit: number;
  /** Whether a value is the default, which is not sent; undefined for OPTIONAL. */
  readonly isDefault: ((value: unknown) => boolean) | undefined;
  readonly defaultValue: unknown;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * SEQUENCE (X.696 16): the components in their order. Where some may be missing, a preamble of bits tells which are
 * there. `sequence({ id: integer(0, 255), note: optional(utf8String()) })` is a schema of
 * `{ id: number, note?: string }`.
 */
export function sequence<const F extends Components>(components: F): Schema<SequenceValue<F>>;
/**
 * SEQUENCE with an extension marker: `additions` are those that this version knows, behind the marker; an addition that
 * a later version knows is skipped.
 */
export function sequence<const F extends Components, const X extends Components>(
  components: F,
  extension: { readonly additions: X },
): Schema<SequenceValue<F> & AdditionValue<X>>;
export function sequence(
  components: Components,
  extension?: { readonly additions: Components },
): AnySchema {
  return schemaOf(new Layout(components, extension?.additions));
}

/** The components in front of one named `later`, for which the values that are read have room. */
export function sequenceBefore(later: string, components: Components): AnySchema {
  return schemaOf(new Layout(components, undefined, later));
}

function schemaOf(layout: Layout): AnySchema {
  const schema = new Schema<Values>({
    name: 'SEQUENCE',
    minSize: layout.minSize,
    size: (value) => layout.size(value),
    write: (writer, value) => layout.write(writer, value),
    read: (reader) => layout.read(reader),
  });
  return schema;
}

/**
 * SET (X.696 18): as SEQUENCE, with the components in the order of their tags. Under AUTOMATIC TAGS, as all of
 * Interledger's modules have them, that is the order in which they are written down.
 */
export const set: typeof sequence = sequence;

class Layout {
  readonly minSize: number;
  readonly #entries: readonly Entry[];
  readonly #additions: readonly Entry[] | undefined;
  /** Bytes of the preamble. */
  readonly #preamble: number;
  /** Every key that all values have: copying it is faster than adding the keys one by one. */
  readonly #template: Values;

  /** @param later the name of a component that whoever uses this adds behind them. */
  constructor(components: Components, additions: Components | undefined, later?: string) {
    let bits = additions === undefined ? 0 : 1;
    this.#entries = Object.entries(components).map(([name, component]) =>
      entryOf(name, component, 'kind' in component ? bits++ : -1),
    );
    this.#additions =
      additions && Object.entries(additions).map(([name, added], i) => entryOf(name, added, i));
    this.#preamble = Math.ceil(bits / 8);
    this.#template = Object.fromEntries(
      this.#entries
        .filter(({ bit, isDefault }) => bit < 0 || isDefault !== undefined)
        .map(({ name, defaultValue }): [string, unknown] => [name, defaultValue])
        .concat(later === undefined ? [] : [[later, undefined]]),
    );
    this.minSize = this.#entries.reduce(
      (sum, { bit, schema }) => (bit < 0 ? sum + schema.minSize : sum),
      this.#preamble,
    );
  }

  size(value: Values): number {
    let size = this.#preamble;
    for (const entry of this.#entries) {
      if (isPresent(entry, value)) size += sizeOf(entry, value[entry.name]);
    }
    const additions = this.#additions;
    if (additions === undefined || !additions.some((entry) => isPresent(entry, value))) return size;
    size += sizeOfVarOctets(1 + Math.ceil(additions.length / 8));
    for (const entry of additions) {
      if (isPresent(entry, value)) size += sizeOfVarOctets(sizeOf(entry, value[entry.name]));
    }
    return size;
  }

  write(writer: OerWriter, value: Values): void {
    const extended = this.#additions?.some((entry) => isPresent(entry, value)) ?? false;
    if (this.#preamble > 0) {
      const preamble = new Uint8Array(this.#preamble);
      if (extended) setBit(preamble, 0);
      for (const entry of this.#entries) {
        if (entry.bit >= 0 && isPresent(entry, value)) setBit(preamble, entry.bit);
      }
      writer.writeOctets(preamble);
    }
    let name = '';
    try {
      for (const entry of this.#entries) {
        name = entry.name;
        if (entry.bit < 0 || isPresent(entry, value)) entry.schema.write(writer, value[name]);
      }
    } catch (error) {
      throw within(error, name);
    }
    if (extended) this.#writeAdditions(writer, value);
  }

  #writeAdditions(writer: OerWriter, value: Values): void {
    const additions = this.#additions ?? [];
    const bitmap = new Uint8Array(Math.ceil(additions.length / 8));
    for (const entry of additions) if (isPresent(entry, value)) setBit(bitmap, entry.bit);
    writer.writeLength(1 + bitmap.length);
    writer.writeUInt8(bitmap.length * 8 - additions.length);
    writer.writeOctets(bitmap);
    for (const entry of additions) {
      if (!isPresent(entry, value)) continue;
      try {
        writeOpen(writer, entry.schema, value[entry.name]);
      } catch (error) {
        throw within(error, entry.name);
      }
    }
  }

  read(reader: OerReader): Values {
    const preamble = this.#preamble === 0 ? NO_BITS : this.#readPreamble(reader);
    const value: Record<string, unknown> = { ...this.#template };
    let name = '';
    try {
      for (const entry of this.#entries) {
        name = entry.name;
        if (entry.bit < 0) value[name] = entry.schema.read(reader);
        else if (hasBit(preamble, entry.bit)) value[name] = readOptional(reader, entry);
      }
    } catch (error) {
      throw within(error, name);
    }
    if (this.#additions !== undefined && hasBit(preamble, 0)) this.#readAdditions(reader, value);
    return value;
  }

  #readPreamble(reader: OerReader): Uint8Array {
    const start = reader.offset;
    const preamble = reader.readOctets(this.#preamble);
    const last = this.#entries.reduce((bit, entry) => Math.max(bit, entry.bit), 0);
    for (let bit = last + 1; reader.strict && bit < preamble.length * 8; bit++) {
      if (!hasBit(preamble, bit)) continue;
      reader.offset = start;
      throw reader.error('NON_CANONICAL', 'unused bits of a preamble are zero');
    }
    return preamble;
  }

  #readAdditions(reader: OerReader, value: Record<string, unknown>): void {
    const start = reader.offset;
    const octets = reader.readVarOctets();
    const unused = octets[0] ?? 8;
    const count = (octets.length - 1) * 8 - unused;
    if (unused > 7 || count <= 0) {
      reader.offset = start;
      throw reader.error('BAD_VALUE', 'the bitmap of extension additions is malformed or empty');
    }
    for (let bit = 0; bit < count; bit++) {
      if (!hasBit(octets, bit + 8)) continue;
      const entry = this.#additions?.[bit];
      if (entry === undefined) {
        reader.skipVarOctets(); // A later version of the type knows what it is.
        continue;
      }
      try {
        value[entry.name] = readOpen(reader, entry.schema);
      } catch (error) {
        throw within(error, entry.name);
      }
    }
  }
}

const NO_BITS = new Uint8Array(0);

function entryOf(name: string, component: Component, bit: number): Entry {
  if (!('kind' in component)) {
    const schema = component as unknown as Schema<unknown>;
    return { name, schema, bit, isDefault: undefined, defaultValue: undefined };
  }
  const schema = component.schema as unknown as Schema<unknown>;
  if (component.kind === 'optional') {
    return { name, schema, bit, isDefault: undefined, defaultValue: undefined };
  }
  const defaultValue = component.value;
  const octets = schema.encode(defaultValue);
  const isDefault = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return value === defaultValue;
    const others = schema.encode(value);
    return others.length === octets.length && others.every((octet, i) => octet === octets[i]);
  };
  return { name, schema, bit, isDefault, defaultValue };
}

function isPresent({ bit, name, isDefault }: Entry, value: Values): boolean {
  if (bit < 0) return true;
  const own = value[name];
  return own !== undefined && isDefault?.(own) !== true;
}

function sizeOf({ name, schema }: Entry, value: unknown): number {
  try {
    if (value === undefined) throw new OerEncodeError('BAD_VALUE', 'the component is missing');
    return schema.size(value);
  } catch (error) {
    throw within(error, name);
  }
}

function readOptional(reader: OerReader, { schema, isDefault }: Entry): unknown {
  const start = reader.offset;
  const value = schema.read(reader);
  if (reader.strict && isDefault?.(value) === true) {
    reader.offset = start;
    throw reader.error('NON_CANONICAL', 'a component equal to its DEFAULT is not sent');
  }
  return value;
}

function hasBit(bits: Uint8Array, bit: number): boolean {
  return (((bits[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0;
}

function setBit(bits: Uint8Array, bit: number): void {
  bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
}
