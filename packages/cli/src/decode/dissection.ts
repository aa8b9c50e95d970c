import { OerDecodeError, OerReader } from '@pennyswitch/oer-codec';

/** One field of a packet, with its place in the bytes. */
export interface Field {
  readonly name: string;
  /** The first byte, counted from the start of the input, or of the decrypted bytes below a STREAM packet. */
  readonly offset: number;
  /** In bytes, length determinants included. */
  readonly length: number;
  /** For people; text from the packet is escaped. */
  readonly value?: string;
  readonly fields?: readonly Field[];
}

/** A packet as far as it could be read. */
export interface Dissection {
  /** What it is, for example `BTP Message`. */
  readonly title: string;
  readonly fields: readonly Field[];
  /** Why reading stopped, if it did before the end. */
  readonly problem?: { readonly offset: number; readonly message: string };
}

/**
 * Reads fields one after the other and notes where each one is. What was read stays noted when a later field turns out
 * to be malformed, since that is when somebody wants to see it.
 */
export class Dissector {
  readonly reader: OerReader;
  /** What was read so far. */
  readonly fields: Field[] = [];
  /** What the bytes have turned out to be. */
  title = 'unreadable';

  constructor(reader: OerReader) {
    this.reader = reader;
  }

  /** Reads one field and returns its value. */
  field<T>(name: string, read: (reader: OerReader) => T, show: (value: T) => string = String): T {
    const offset = this.reader.offset;
    const value = read(this.reader);
    this.fields.push({ name, offset, length: this.reader.offset - offset, value: show(value) });
    return value;
  }

  /** Reads a field that has fields of its own, from the same reader. */
  group(name: string, read: (inner: Dissector) => string | undefined): void {
    const offset = this.reader.offset;
    this.#nest(name, offset, new Dissector(this.reader), read, () => this.reader.offset - offset);
  }

  /** Reads a variable-length octet string whose contents have fields of their own. */
  nested(name: string, read: (inner: Dissector) => string | undefined): void {
    const offset = this.reader.offset;
    const inner = new Dissector(this.reader.readNested());
    this.#nest(
      name,
      offset,
      inner,
      (contents) => {
        const value = read(contents);
        contents.rest();
        return value;
      },
      () => this.reader.offset - offset,
    );
  }

  /** Notes bytes that are left over, which lenient readers ignore (RFC 0030 "Extensibility"). */
  rest(): void {
    const { remaining } = this.reader;
    if (remaining > 0) {
      this.field(
        'extra bytes',
        (reader) => reader.readOctets(remaining),
        (bytes) => hex(bytes),
      );
    }
  }

  #nest(
    name: string,
    offset: number,
    inner: Dissector,
    read: (inner: Dissector) => string | undefined,
    length: () => number,
  ): void {
    let value: string | undefined;
    try {
      value = read(inner);
    } finally {
      this.fields.push({
        name,
        offset,
        length: length(),
        ...(value === undefined ? {} : { value }),
        fields: inner.fields,
      });
    }
  }
}

/** Reads `bytes` with `read`, which returns the title, and keeps what was read before a problem. */
export function dissect(bytes: Uint8Array, read: (dissector: Dissector) => string): Dissection {
  const dissector = new Dissector(new OerReader(bytes));
  try {
    const title = read(dissector);
    dissector.rest();
    return { title, fields: dissector.fields };
  } catch (error) {
    if (!(error instanceof OerDecodeError)) throw error;
    return {
      title: dissector.title,
      fields: dissector.fields,
      problem: { offset: error.offset, message: error.message },
    };
  }
}

const SHOWN_BYTES = 32;

/** Bytes as hexadecimal, cut off where they would fill the screen. */
export function hex(bytes: Uint8Array, shown: number = SHOWN_BYTES): string {
  if (bytes.length === 0) return '(empty)';
  const digits = Buffer.from(bytes.subarray(0, shown)).toString('hex');
  return bytes.length > shown ? `${digits}… (${bytes.length} bytes)` : digits;
}

/** Text from a packet, in quotes, with everything escaped that a terminal could act on. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
