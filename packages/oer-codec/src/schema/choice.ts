import { OerEncodeError } from '../errors.js';
import type { OerReader } from '../reader.js';
import type { OerWriter } from '../writer.js';
import { sizeOfVarOctets } from '../length.js';
import { octetString } from './octet-string.js';
import { readOpen, writeOpen } from './open-type.js';
import { Schema, within, type AnySchema, type Infer } from './schema.js';

/** The classes of a tag, with the bits that stand for them in its first byte (X.696 8.7). */
export const TagClass = {
  universal: 0x00,
  application: 0x40,
  context: 0x80,
  private: 0xc0,
} as const;

/** A tag: a number, within the class `context` unless another is given. */
export interface Tag {
  readonly number: number;
  readonly class?: keyof typeof TagClass;
}

/** One alternative: a schema, or one with a tag of its own; without, alternatives are numbered from 0. */
export type Alternative =
  AnySchema | { readonly schema: AnySchema; readonly tag?: Tag; readonly extension?: boolean };

type AlternativeValue<A> = Infer<A extends { readonly schema: infer S } ? S : A>;

/** The value of a CHOICE: the name of the alternative that was chosen, and its value. */
export type ChoiceValue<A> = {
  readonly [K in keyof A & string]: { readonly type: K; readonly value: AlternativeValue<A[K]> };
}[keyof A & string];

/** An alternative that a later version of a CHOICE added: `value` is its encoding. */
export interface UnknownAlternative {
  readonly type: null;
  readonly tag: Required<Tag>;
  readonly value: Uint8Array;
}

interface Entry {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly tag: Uint8Array;
  readonly extension: boolean;
}

/**
 * CHOICE (X.696 20): the tag of the chosen alternative and its value. `choice({ a: integer(0, 255), b: utf8String() })`
 * is a schema of `{ type: 'a', value: number } | { type: 'b', value: string }`.
 *
 * An alternative with `extension: true` was added behind the extension marker and travels as an open type.
 */
export function choice<const A extends Readonly<Record<string, Alternative>>>(
  alternatives: A,
): Schema<ChoiceValue<A>> {
  return define(alternatives, false) as unknown as Schema<ChoiceValue<A>>;
}

/**
 * CHOICE with an extension marker: an alternative that a later version added comes, and is written, as its tag and its
 * bytes, with `null` for its `type`.
 */
export function extensibleChoice<const A extends Readonly<Record<string, Alternative>>>(
  alternatives: A,
): Schema<ChoiceValue<A> | UnknownAlternative> {
  return define(alternatives, true) as unknown as Schema<ChoiceValue<A> | UnknownAlternative>;
}

interface AnyChoice {
  readonly type: string | null;
  readonly tag?: Required<Tag>;
  readonly value: unknown;
}

function define(
  alternatives: Readonly<Record<string, Alternative>>,
  extensible: boolean,
): Schema<AnyChoice> {
  const entries = Object.entries(alternatives).map(([name, alternative], i) =>
    entryOf(name, alternative, i),
  );
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const byTag = new Map(entries.map((entry) => [entry.tag.join(), entry]));
  if (entries.length === 0 && !extensible) throw new RangeError('a CHOICE has an alternative');
  if (byTag.size !== entries.length)
    throw new RangeError('two alternatives of a CHOICE have one tag');
  const entryFor = ({ type, tag }: AnyChoice): Entry => {
    if (extensible && type === null && tag !== undefined) {
      // An octet string is written as an open type is.
      const unknown = entryOf('value', { schema: octetString(), tag }, 0);
      if (!byTag.has(unknown.tag.join())) return unknown;
    }
    const entry = byName.get(type ?? '');
    if (entry !== undefined) return entry;
    throw new OerEncodeError(
      'BAD_VALUE',
      `${JSON.stringify(type)} is no alternative of the CHOICE`,
    );
  };
  const sizes = entries.map(({ tag, schema: { minSize } }) => tag.length + minSize);
  return new Schema<AnyChoice>({
    name: 'CHOICE',
    minSize: Math.min(...sizes, ...(extensible ? [2] : [])),
    size: (value) => {
      const entry = entryFor(value);
      const size = entry.schema.size(value.value);
      return entry.tag.length + (entry.extension ? sizeOfVarOctets(size) : size);
    },
    write: (writer, value) => writeEntry(writer, entryFor(value), value.value),
    read: (reader) => {
      const start = reader.offset;
      const octets = readTag(reader);
      const entry = byTag.get(octets.join());
      if (entry !== undefined) return { type: entry.name, value: readEntry(reader, entry) };
      const tag = decodeTag(octets);
      // In a longer form it may be that of an alternative.
      if (extensible && encodeTag(tag).length === octets.length) {
        return { type: null, tag, value: reader.readVarOctets() };
      }
      reader.offset = start;
      throw reader.error('BAD_VALUE', 'the tag is none of those of the CHOICE');
    },
  });
}

function entryOf(name: string, alternative: Alternative, index: number): Entry {
  const {
    schema,
    tag,
    extension = false,
  } = 'schema' in alternative ? alternative : { schema: alternative, tag: undefined };
  return {
    name,
    schema: schema as unknown as Schema<unknown>,
    tag: encodeTag(tag ?? { number: index }),
    extension,
  };
}

function writeEntry(
  writer: OerWriter,
  { name, schema, tag, extension }: Entry,
  value: unknown,
): void {
  writer.writeOctets(tag);
  try {
    if (extension) writeOpen(writer, schema, value);
    else schema.write(writer, value);
  } catch (error) {
    throw within(error, name);
  }
}

function readEntry(reader: OerReader, { name, schema, extension }: Entry): unknown {
  try {
    return extension ? readOpen(reader, schema) : schema.read(reader);
  } catch (error) {
    throw within(error, name);
  }
}

/** X.696 8.7: numbers below 63 in the first byte, larger ones behind it, seven bits to a byte. */
function encodeTag({ number, class: tagClass = 'context' }: Tag): Uint8Array {
  const bits = TagClass[tagClass];
  if (!(Number.isInteger(number) && number >= 0 && number < 0x1000_0000)) {
    throw new RangeError(`${number} is no tag number from 0 to 2^28 - 1`);
  }
  if (number < 63) return Uint8Array.of(bits | number);
  const octets = [number & 0x7f];
  for (let rest = number >> 7; rest > 0; rest >>= 7) octets.unshift((rest & 0x7f) | 0x80);
  return Uint8Array.of(bits | 63, ...octets);
}

/** The tag that some bytes spell, in whatever form. */
function decodeTag(octets: Uint8Array): Required<Tag> {
  const [first = 0, ...rest] = octets;
  const classes = Object.keys(TagClass) as (keyof typeof TagClass)[];
  return {
    number:
      rest.length === 0 ? first & 63 : rest.reduce((sum, octet) => sum * 128 + (octet & 0x7f), 0),
    class: classes[first >> 6] as keyof typeof TagClass,
  };
}

function readTag(reader: OerReader): Uint8Array {
  const start = reader.offset;
  const first = reader.readUInt8();
  if ((first & 63) === 63) {
    for (let size = 1; ; size++) {
      if (reader.remaining === 0 || size > 4) {
        reader.offset = start;
        throw reader.error(size > 4 ? 'BAD_VALUE' : 'TRUNCATED', 'the tag does not end');
      }
      if (reader.readUInt8() < 0x80) break;
    }
  }
  return reader.bytes.subarray(start, reader.offset);
}
