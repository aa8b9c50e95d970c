/** Small pieces are gathered in blocks of this size, so that a queue never costs much more memory than it has bytes. */
const BLOCK_LENGTH = 16_384;

interface Block {
  readonly bytes: Uint8Array;
  /** What is in it is from `start` to `end`. */
  start: number;
  end: number;
}

/** Bytes in order: put in at one end, copied, and taken out at the other. */
export class ByteQueue {
  readonly #blocks: Block[] = [];
  #length = 0;

  /** How many bytes are in it. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let rest = bytes;
    const last = this.#blocks.at(-1);
    if (last !== undefined) {
      const room = Math.min(rest.length, last.bytes.length - last.end);
      last.bytes.set(rest.subarray(0, room), last.end);
      last.end += room;
      rest = rest.subarray(room);
    }
    if (rest.length === 0) return;
    const block = new Uint8Array(Math.max(BLOCK_LENGTH, rest.length));
    block.set(rest);
    this.#blocks.push({ bytes: block, start: 0, end: rest.length });
  }

  /** Takes out up to `max` bytes, as a copy of their own. */
  shift(max: number): Uint8Array {
    const taken = new Uint8Array(Math.min(max, this.#length));
    let filled = 0;
    while (filled < taken.length) {
      const block = this.#blocks[0] as Block;
      const count = Math.min(taken.length - filled, block.end - block.start);
      taken.set(block.bytes.subarray(block.start, block.start + count), filled);
      filled += count;
      block.start += count;
      if (block.start === block.end) this.#blocks.shift();
    }
    this.#length -= taken.length;
    return taken;
  }

  /** Whether these bytes are in it from position `at` on; only as far as both reach. */
  matches(at: number, bytes: Uint8Array): boolean {
    let position = 0;
    for (const { bytes: block, start, end } of this.#blocks) {
      const from = Math.max(at, position);
      const to = Math.min(at + bytes.length, position + end - start);
      for (let i = from; i < to; i++) {
        if (block[start + i - position] !== bytes[i - at]) return false;
      }
      position += end - start;
      if (position >= at + bytes.length) break;
    }
    return true;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#length = 0;
  }
}
