import { OerEncodeError } from '../errors.js';
import { sizeOfVarOctets } from '../length.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { readOpen, writeOpen } from './open-type.js';
import { sameValue } from './same-value.js';
import { Schema, within, type AnySchema } from './schema.js';
import type { Additions, Component, Components } from './sequence.js';

/** The value of a SEQUENCE whose components nobody knows here. */
export type Values = Readonly<Record<string, unknown>>;

interface Entry {
  readonly name: string;
  readonly schema: Schema<unknown>;
  /** Its bit in the preamble or in the bitmap of additions, counted from 0; -1 for a component that is always there. */
  readonly bit: number;
  readonly isDefault: boolean;
  readonly defaultValue: unknown;
  /** The value of the component among those of the SEQUENCE; undefined where it is missing. */
  readonly take: (values: Values) => unknown;
}

/** An addition, or some that were added together. */
interface Addition extends Entry {
  /** The names of the components of a group. */
  readonly members: readonly string[] | undefined;
}

const NO_BITS = /* @__PURE__ */ new Uint8Array(0);

/** How a SEQUENCE is laid out (X.696 16): preamble, components, extension additions. */
export class Layout {
  readonly minSize: number;
  readonly fixedSize: number | undefined;
  readonly #entries: readonly Entry[];
  readonly #additions: readonly Addition[] | undefined;
  /** Bits of the preamble that mean something. */
  readonly #bits: number;
  /** Bytes of the preamble and of all components whose size does not depend on the value. */
  readonly #fixed: number;
  /** All other components. */
  readonly #variable: readonly Entry[];
  /** Every key that all values have: copying it is faster than adding the keys one by one. */
  readonly #template: Values;

  /** @param later the name of a component that whoever uses this adds behind them. */
  constructor(components: Components, additions: Additions | undefined, later?: string) {
    let bits = additions === undefined ? 0 : 1;
    this.#entries = Object.entries(components).map(([name, component]) =>
      entryOf(name, component, 'kind' in component ? bits++ : -1),
    );
    this.#additions =
      additions && Object.entries(additions).map(([name, added], i) => additionOf(name, added, i));
    this.#bits = bits;
    const preamble = Math.ceil(bits / 8);
    const required = this.#entries.filter(({ bit }) => bit < 0);
    this.minSize = required.reduce((sum, { schema }) => sum + schema.minSize, preamble);
    this.#fixed = required.reduce((sum, { schema }) => sum + (schema.fixedSize ?? 0), preamble);
    this.#variable = this.#entries.filter(
      ({ bit, schema }) => bit >= 0 || schema.fixedSize === undefined,
    );
    const isFixed = this.#variable.length === 0 && additions === undefined;
    this.fixedSize = isFixed ? this.#fixed : undefined;
    this.#template = Object.fromEntries(
      this.#entries
        .filter(({ bit, isDefault }) => bit < 0 || isDefault)
        .map(({ name, defaultValue }): [string, unknown] => [name, defaultValue])
        .concat(later === undefined ? [] : [[later, undefined]]),
    );
    this.#checkNames();
  }

  #checkNames(): void {
    const names = this.#entries.map(({ name }) => name);
    for (const { name, members } of this.#additions ?? []) names.push(...(members ?? [name]));
    if (new Set(names).size < names.length) {
      throw new RangeError(`two components of a SEQUENCE have one name: ${names.join(', ')}`);
    }
  }

  size(value: Values): number {
    let size = this.#fixed;
    for (const entry of this.#variable) {
      const own = entry.take(value);
      if (isPresent(entry, own)) size += sizeOf(entry, own);
    }
    const additions = this.#additions;
    if (additions === undefined) return size;
    let present = 0;
    for (const entry of additions) {
      const own = entry.take(value);
      if (!isPresent(entry, own)) continue;
      present += 1;
      size += sizeOfVarOctets(sizeOf(entry, own));
    }
    return present === 0 ? size : size + sizeOfVarOctets(1 + Math.ceil(additions.length / 8));
  }

  write(writer: OerWriter, value: Values): void {
    const additions = this.#additions?.filter((entry) => isPresent(entry, entry.take(value))) ?? [];
    if (this.#bits > 0) {
      const preamble = new Uint8Array(Math.ceil(this.#bits / 8));
      if (additions.length > 0) setBit(preamble, 0);
      for (const entry of this.#entries) {
        if (entry.bit >= 0 && isPresent(entry, entry.take(value))) setBit(preamble, entry.bit);
      }
      writer.writeOctets(preamble);
    }
    let name = '';
    try {
      for (const entry of this.#entries) {
        name = entry.name;
        const own = entry.take(value);
        if (!isPresent(entry, own)) continue;
        if (own === undefined) throw missing();
        entry.schema.write(writer, own);
      }
    } catch (error) {
      throw within(error, name);
    }
    if (additions.length > 0)
      writeAdditions(writer, value, additions, this.#additions?.length as number);
  }

  read(reader: OerReader): Values {
    const preamble = this.#bits === 0 ? NO_BITS : this.#readPreamble(reader);
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
    if (this.#additions !== undefined && hasBit(preamble, 0)) {
      this.#readAdditions(reader, value, this.#additions);
    }
    return value;
  }

  #readPreamble(reader: OerReader): Uint8Array {
    const start = reader.offset;
    const preamble = reader.readOctets(Math.ceil(this.#bits / 8));
    checkUnusedBits(reader, start, preamble, this.#bits);
    return preamble;
  }

  #readAdditions(
    reader: OerReader,
    value: Record<string, unknown>,
    additions: readonly Addition[],
  ): void {
    const start = reader.offset;
    const octets = reader.readVarOctets();
    const unused = octets[0] ?? 8;
    const bitmap = octets.subarray(1);
    const count = bitmap.length * 8 - unused;
    if (unused > 7 || count <= 0) {
      reader.offset = start;
      throw reader.error('BAD_VALUE', 'the bitmap of extension additions is malformed or empty');
    }
    checkUnusedBits(reader, start, bitmap, count);
    if (reader.strict && bitmap.every((octet) => octet === 0)) {
      reader.offset = start;
      throw reader.error('NON_CANONICAL', 'extension additions are announced and there are none');
    }
    for (let bit = 0; bit < count; bit++) {
      if (!hasBit(bitmap, bit)) continue;
      const entry = additions[bit];
      // A later version of the type knows what it is.
      if (entry === undefined) reader.skipVarOctets();
      else readAddition(reader, value, entry);
    }
  }
}

/** The schema of what is laid out so. */
export function schemaOf(layout: Layout): AnySchema {
  const schema = new Schema<Values>({
    name: 'SEQUENCE',
    minSize: layout.minSize,
    fixedSize: layout.fixedSize,
    size: (value) => layout.size(value),
    write: (writer, value) => {
      layout.write(writer, value);
    },
    read: (reader) => layout.read(reader),
  });
  return schema;
}

/** @param count how many additions the type has. */
function writeAdditions(
  writer: OerWriter,
  value: Values,
  present: readonly Addition[],
  count: number,
): void {
  const bitmap = new Uint8Array(Math.ceil(count / 8));
  for (const { bit } of present) setBit(bitmap, bit);
  writer.writeLength(1 + bitmap.length);
  writer.writeUInt8(bitmap.length * 8 - count);
  writer.writeOctets(bitmap);
  for (const entry of present) {
    try {
      writeOpen(writer, entry.schema, entry.take(value));
    } catch (error) {
      throw withinAddition(error, entry);
    }
  }
}

function readAddition(reader: OerReader, value: Record<string, unknown>, entry: Addition): void {
  const start = reader.offset;
  let own: unknown;
  try {
    own = readOpen(reader, entry.schema);
  } catch (error) {
    throw withinAddition(error, entry);
  }
  const isPointless = !isPresent(entry, entry.members ? entry.take(own as Values) : own);
  if (reader.strict && isPointless) {
    reader.offset = start;
    throw withinAddition(reader.error('NON_CANONICAL', 'an addition without values'), entry);
  }
  if (entry.members === undefined) value[entry.name] = own;
  else Object.assign(value, own);
}

function withinAddition(error: unknown, { name, members }: Addition): unknown {
  return members === undefined ? within(error, name) : error;
}

function entryOf(name: string, component: Component, bit: number): Entry {
  const isSchema = !('kind' in component);
  const schema = (isSchema ? component : component.schema) as unknown as Schema<unknown>;
  const isDefault = !isSchema && component.kind === 'default';
  const defaultValue: unknown = isDefault ? component.value : undefined;
  if (isDefault) schema.encode(defaultValue); // Shows at once if it is no value of the type.
  // Whatever is not an object's own may be inherited by all objects: `toString`.
  const take =
    name in Object.prototype
      ? (values: Values): unknown => (Object.hasOwn(values, name) ? values[name] : undefined)
      : (values: Values): unknown => values[name];
  return { name, schema, bit, isDefault, defaultValue, take };
}

/** Whether a value means the same as the DEFAULT: a BIT STRING with names, whatever zero bits are at its end. */
function isTheDefault(
  { schema: { canonical }, isDefault, defaultValue }: Entry,
  own: unknown,
): boolean {
  if (!isDefault) return false;
  return canonical === undefined
    ? sameValue(own, defaultValue)
    : sameValue(canonical(own), canonical(defaultValue));
}

function additionOf(name: string, added: Additions[string], bit: number): Addition {
  if (!('kind' in added) || added.kind !== 'group') {
    return { ...entryOf(name, added, bit), members: undefined };
  }
  const layout = new Layout(added.components, undefined);
  const entries = Object.entries(added.components).map(([member, component], i) =>
    entryOf(member, component, i),
  );
  return {
    name,
    schema: schemaOf(layout) as unknown as Schema<unknown>,
    bit,
    isDefault: false,
    defaultValue: undefined,
    take: (values) =>
      entries.some((entry) => isPresent(entry, entry.take(values))) ? values : undefined,
    members: entries.map((entry) => entry.name),
  };
}

/** Whether a component with the value `own` is written. One that has no bit always is. */
function isPresent(entry: Entry, own: unknown): boolean {
  return entry.bit < 0 || (own !== undefined && !isTheDefault(entry, own));
}

function missing(): OerEncodeError {
  return new OerEncodeError('BAD_VALUE', 'the component is missing');
}

function sizeOf({ name, schema }: Entry, own: unknown): number {
  try {
    if (own === undefined) throw missing();
    return schema.size(own);
  } catch (error) {
    throw within(error, name);
  }
}

function readOptional(reader: OerReader, entry: Entry): unknown {
  const start = reader.offset;
  const own = entry.schema.read(reader);
  if (reader.strict && !isPresent(entry, own)) {
    reader.offset = start;
    throw reader.error('NON_CANONICAL', 'a component equal to its DEFAULT is not sent');
  }
  return own;
}

/** Bits behind the last one that means something are zero; lenient readers do not look. */
function checkUnusedBits(reader: OerReader, start: number, bits: Uint8Array, count: number): void {
  if (!reader.strict || count % 8 === 0) return;
  if (((bits[bits.length - 1] as number) & (0xff >> (count % 8))) === 0) return;
  reader.offset = start;
  throw reader.error('NON_CANONICAL', 'unused bits are zero');
}

function hasBit(bits: Uint8Array, bit: number): boolean {
  return (((bits[bit >> 3] as number) << (bit & 7)) & 0x80) !== 0;
}

function setBit(bits: Uint8Array, bit: number): void {
  bits[bit >> 3] = (bits[bit >> 3] as number) | (0x80 >> (bit & 7));
}
