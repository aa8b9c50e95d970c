/** One change of a key; a missing value deletes it. */
export interface Write {
  readonly key: string;
  readonly value: string | undefined;
}

/** What a group commit writes to. */
export interface DurableWriter {
  /** Writes all or nothing, and resolves once it is on the disk for good. */
  write(batch: readonly Write[]): Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what changed, many changes at once: while one batch is on its way to the disk, the next one gathers. A disk
 * that needs a millisecond for each sync carries thousands of changes a second so.
 *
 * A batch holds the state of every changed key at one moment, so what is on the disk is always a state that was.
 */
export class GroupCommit {
  readonly #writer: DurableWriter;
  readonly #read: (key: string) => string | undefined;
  #changed = new Set<string>();
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** Batches that were written, and keys in them. */
  batches = 0;
  keys = 0;
  failures = 0;

  /** @param read the value of a key as it is now; undefined if it is gone. */
  constructor(writer: DurableWriter, read: (key: string) => string | undefined) {
    this.#writer = writer;
    this.#read = read;
  }

  /** Keys that are not on the disk as they are in memory. */
  get pending(): number {
    return this.#changed.size;
  }

  /** Notes a change, to be written with the next batch. */
  touch(key: string): void {
    this.#changed.add(key);
  }

  /** Resolves when all that was touched before is on the disk. Rejects if it could not be written; the next batch tries again. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What else happens in this turn of the event loop goes into the same batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeOnce();
    this.#isWriting = false;
  }

  async #writeOnce(): Promise<void> {
    const waiting = this.#waiting;
    const changed = this.#changed;
    this.#waiting = [];
    this.#changed = new Set();
    try {
      if (changed.size > 0) {
        await this.#writer.write([...changed].map((key) => ({ key, value: this.#read(key) })));
        this.batches += 1;
        this.keys += changed.size;
      }
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.failures += 1;
      for (const key of changed) this.#changed.add(key);
      for (const { reject } of waiting) reject(error);
    }
  }
}
