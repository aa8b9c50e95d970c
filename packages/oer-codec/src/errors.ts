/**
 * What went wrong while reading or writing OER, as a stable code.
 *
 * | code | meaning |
 * | --- | --- |
 * | `TRUNCATED` | a field ends beyond the end of the input |
 * | `LENGTH_INVALID` | a length determinant that no value can have: `80`, more than eight length bytes, an integer of no bytes |
 * | `NON_CANONICAL` | leading zeros or a long form where the short one fits; an error in strict mode only |
 * | `OUT_OF_RANGE` | an integer outside the range that its type or the caller allows |
 * | `TOO_LONG` | a string, octet string or count above its limit |
 * | `BAD_TEXT` | bytes that are not valid in the string's alphabet or encoding |
 * | `BAD_TIME` | a timestamp that RFC 0030 says parsers must reject |
 * | `TRAILING_BYTES` | bytes after the end of a value; an error in strict mode only |
 * | `BAD_VALUE` | any other value that the type does not allow |
 */
export type OerErrorCode =
  | 'TRUNCATED'
  | 'LENGTH_INVALID'
  | 'NON_CANONICAL'
  | 'OUT_OF_RANGE'
  | 'TOO_LONG'
  | 'BAD_TEXT'
  | 'BAD_TIME'
  | 'TRAILING_BYTES'
  | 'BAD_VALUE';

/** What both kinds of error have. */
abstract class OerError extends Error {
  /** Stable, for programs. */
  readonly code: OerErrorCode;
  /** The names of the enclosing fields, outermost first; empty where a cursor was used without a schema. */
  readonly path: readonly string[] = [];
  /** The sentence without place and path. */
  readonly reason: string;
  readonly #place: string;

  /** @param place ` at byte 5`, or empty where there are no bytes yet. */
  protected constructor(code: OerErrorCode, reason: string, place: string) {
    super(`${reason} (${code}${place})`);
    this.code = code;
    this.reason = reason;
    this.#place = place;
  }

  /** Notes, while the error travels outwards, that it happened in the field `name`. Returns the error itself. */
  within(name: string): this {
    (this as { path: readonly string[] }).path = [name, ...this.path];
    this.message = `${this.reason} (${this.code}${this.#place} in ${this.path.join('.')})`;
    return this;
  }
}

/**
 * The only error that reading bytes can throw: whatever the input, a reader returns a value or throws this.
 */
export class OerDecodeError extends OerError {
  override readonly name = 'OerDecodeError';
  /** Where in the input the field starts that could not be read, in bytes. */
  readonly offset: number;

  constructor(code: OerErrorCode, offset: number, reason: string) {
    super(code, reason, ` at byte ${offset}`);
    this.offset = offset;
  }
}

/** A value that cannot be written: out of range, too long, or with a character that its type does not have. */
export class OerEncodeError extends OerError {
  override readonly name = 'OerEncodeError';

  constructor(code: OerErrorCode, reason: string) {
    super(code, reason, '');
  }
}
