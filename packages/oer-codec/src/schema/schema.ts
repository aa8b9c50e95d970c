import { OerDecodeError, OerEncodeError } from '../errors.js';
import { OerReader } from '../reader.js';
import { OerWriter } from '../writer.js';

/** What a type has to define; {@link Schema} makes the rest of it. */
export interface SchemaDefinition<T> {
  /** How the type is called in errors and documentation, in the words of ASN.1. */
  readonly name: string;
  /** The fewest bytes that a value can take; bounds how many of them fit into some input. */
  readonly minSize: number;
  /** The size of every value in bytes, where all have the same. */
  readonly fixedSize?: number | undefined;
  /** The size of a value in bytes; equal to what `write` then writes. */
  readonly size: (value: T) => number;
  readonly write: (writer: OerWriter, value: T) => void;
  readonly read: (reader: OerReader) => T;
  /** The one that is sent of all values that mean the same, for types that have such values. */
  readonly canonical?: ((value: T) => T) | undefined;
}

/**
 * An ASN.1 type and its encoding in OER: values of `T` to bytes and back. Made by the functions of this folder, which
 * read like the notation that they stand for.
 */
export class Schema<T> {
  readonly name: string;
  /** The fewest bytes that a value can take. */
  readonly minSize: number;
  /** The size of every value in bytes, where all have the same. */
  readonly fixedSize: number | undefined;
  /** The size of a value in bytes. @throws {@link OerEncodeError} for some values that cannot be written. */
  readonly size: (value: T) => number;
  /** Writes a value behind what a writer has. @throws {@link OerEncodeError} */
  readonly write: (writer: OerWriter, value: T) => void;
  /** Reads the next value of a reader, as strictly as the reader is. @throws {@link OerDecodeError} */
  readonly read: (reader: OerReader) => T;
  /** The one that is sent of all values that mean the same; undefined for types in which all mean something else. */
  readonly canonical: ((value: T) => T) | undefined;

  constructor(definition: SchemaDefinition<T>) {
    this.name = definition.name;
    this.minSize = definition.minSize;
    this.fixedSize = definition.fixedSize;
    this.size = definition.size;
    this.write = definition.write;
    this.read = definition.read;
    this.canonical = definition.canonical;
  }

  /** The canonical bytes of a value, in one allocation. @throws {@link OerEncodeError} */
  encode(value: T): Uint8Array {
    const writer = new OerWriter(this.size(value));
    this.write(writer, value);
    return writer.finish();
  }

  /**
   * Writes a value into bytes that are there already and returns the offset behind it.
   * @throws {@link OerEncodeError} `TOO_LONG` if it does not fit; nothing is changed then.
   */
  encodeInto(value: T, bytes: Uint8Array, offset = 0): number {
    const size = this.size(value);
    if (size > bytes.length - offset) {
      throw new OerEncodeError('TOO_LONG', `${size} bytes into ${bytes.length - offset}`);
    }
    this.write(new OerWriter(bytes.subarray(offset, offset + size)), value);
    return offset + size;
  }

  /**
   * The value of some bytes. Extra bytes at the end are ignored and non-canonical lengths pass (RFC 0030
   * "Extensibility", RFC 0027 "Packet Format").
   * @throws {@link OerDecodeError}
   */
  decode(bytes: Uint8Array): T {
    return this.read(new OerReader(bytes));
  }

  /** The same for canonical bytes only, with nothing behind the value. @throws {@link OerDecodeError} */
  decodeStrict(bytes: Uint8Array): T {
    const reader = new OerReader(bytes, { strict: true });
    const value = this.read(reader);
    reader.expectEnd();
    return value;
  }
}

/** A schema of whatever type, for signatures that take any. */
export interface AnySchema {
  readonly name: string;
  readonly minSize: number;
  readonly fixedSize: number | undefined;
  readonly size: (value: never) => number;
  readonly write: (writer: OerWriter, value: never) => void;
  readonly read: (reader: OerReader) => unknown;
}

/** The TypeScript type of the values of a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Adds the name of a component to an error that passes by. */
export function within(error: unknown, name: string): unknown {
  return error instanceof OerDecodeError || error instanceof OerEncodeError
    ? error.within(name)
    : error;
}
