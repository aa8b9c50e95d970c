import { ByteQueue } from './byte-queue.js';

/** More pieces with gaps between them than any window of packets makes: only an attacker needs them. */
const MAX_FRAGMENTS = 1024;

interface Fragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What is wrong with a piece of data. */
export type AssemblyFault =
  /** It differs from what came before at the same place (RFC 0029 5.3.11). */
  | 'contradicts'
  /** There are too many gaps to keep; it may be sent again later. */
  | 'too-scattered';

/**
 * Puts the data of one stream in order. A sender repeats data only in identical frames; deployed ones also cut it anew when
 * they repeat it, so bytes that were there already are let pass when they are the same. How much may come is the business of
 * flow control: what is kept here is never more than what it has granted and the application has not read.
 */
export class Assembler {
  readonly #ready = new ByteQueue();
  readonly #fragments: Fragment[] = [];
  /** The offset behind what is in order. */
  #next = 0;
  #highest = 0;

  /** How many bytes can be read now. */
  get readable(): number {
    return this.#ready.length;
  }

  /** The offset behind the last byte that came, gaps or not. */
  get highest(): number {
    return this.#highest;
  }

  /** The offset behind what has been read. */
  get consumed(): number {
    return this.#next - this.#ready.length;
  }

  /** Whether all that is known to come has come. */
  get isContiguous(): boolean {
    return this.#fragments.length === 0;
  }

  /** What is wrong with a piece; undefined where it can be added. */
  check(offset: number, bytes: Uint8Array): AssemblyFault | undefined {
    const { consumed } = this;
    if (offset < this.#next) {
      const skipped = Math.max(0, consumed - offset);
      const at = Math.max(0, offset - consumed);
      if (!this.#ready.matches(at, bytes.subarray(skipped))) return 'contradicts';
    }
    for (const fragment of this.#fragments) {
      if (!agrees(fragment, offset, bytes)) return 'contradicts';
    }
    return offset > this.#next && this.#fragments.length >= MAX_FRAGMENTS
      ? 'too-scattered'
      : undefined;
  }

  /** Adds a piece that was checked. The bytes are copied. */
  add(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    this.#highest = Math.max(this.#highest, end);
    if (end <= this.#next) return;
    if (offset <= this.#next) {
      this.#append(bytes.subarray(this.#next - offset));
      this.#takeFragments();
    } else if (bytes.length > 0) this.#insert(offset, bytes);
  }

  /** Takes up to `max` bytes for the application. */
  read(max: number): Uint8Array {
    return this.#ready.shift(max);
  }

  /** Forgets what is there; returns how many bytes nobody will read. */
  discard(): number {
    const unread = this.#highest - this.consumed;
    this.#ready.clear();
    this.#fragments.length = 0;
    this.#next = this.#highest;
    return unread;
  }

  #append(bytes: Uint8Array): void {
    this.#ready.push(bytes);
    this.#next += bytes.length;
  }

  #takeFragments(): void {
    for (;;) {
      const first = this.#fragments[0];
      if (first === undefined || first.offset > this.#next) return;
      this.#fragments.shift();
      const known = this.#next - first.offset;
      if (known < first.bytes.length) this.#append(first.bytes.subarray(known));
    }
  }

  #insert(offset: number, bytes: Uint8Array): void {
    let at = this.#fragments.length;
    while (at > 0 && (this.#fragments[at - 1] as Fragment).offset > offset) at--;
    const before = this.#fragments[at - 1];
    if (before !== undefined && before.offset + before.bytes.length >= offset + bytes.length)
      return;
    this.#fragments.splice(at, 0, { offset, bytes: bytes.slice() });
  }
}

/** Whether two pieces say the same where they overlap. */
function agrees(fragment: Fragment, offset: number, bytes: Uint8Array): boolean {
  const from = Math.max(fragment.offset, offset);
  const to = Math.min(fragment.offset + fragment.bytes.length, offset + bytes.length);
  for (let i = from; i < to; i++) {
    if (fragment.bytes[i - fragment.offset] !== bytes[i - offset]) return false;
  }
  return true;
}
