/** How a table's keys change: to a text, or to nothing. */
export type TableChanges = ReadonlyMap<string, string | undefined>;

/** Under which conditions a change is made. */
export interface WriteOptions {
  /** What these keys must have: otherwise nothing is written. */
  readonly expect?: TableChanges;
  /** Written only if this process leads, by the word of the store and not by its own. */
  readonly asLeader?: boolean;
}

/**
 * A table of short texts by key that processes have in common. Each has a whole copy, which follows the others within
 * milliseconds, and after a loss of connection as soon as it is back. A change is one step: whole, or not at all.
 */
export interface SharedTable {
  readonly size: number;
  get(key: string): string | undefined;
  entries(): Iterable<readonly [key: string, text: string]>;
  /**
   * Changes some keys, for all processes. Resolves when this process's copy has it too.
   * @returns whether it was written: not where an expectation did not hold.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE`; then it may have been written.
   */
  write(changes: TableChanges, options?: WriteOptions): Promise<boolean>;
  /**
   * Tells which keys have another text, whoever wrote it; before {@link write} resolves if it was this process.
   * @returns how to stop listening.
   */
  onChange(listener: (keys: readonly string[]) => void): () => void;
}

/** The copy of a table that a process has, and who is told of what changes in it. */
export class TableCopy {
  #texts = new Map<string, string>();
  readonly #listeners = new Set<(keys: readonly string[]) => void>();

  get size(): number {
    return this.#texts.size;
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#texts.entries();
  }

  onChange(listener: (keys: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether all of these keys have these texts. */
  has(expected: TableChanges): boolean {
    return [...expected].every(([key, text]) => this.#texts.get(key) === text);
  }

  apply(changes: TableChanges): void {
    const changed: string[] = [];
    for (const [key, text] of changes) {
      if (this.#texts.get(key) === text) continue;
      if (text === undefined) this.#texts.delete(key);
      else this.#texts.set(key, text);
      changed.push(key);
    }
    this.#tell(changed);
  }

  /** Takes another whole table instead. */
  replace(texts: Map<string, string>): void {
    const before = this.#texts;
    this.#texts = texts;
    const changed = [...texts]
      .filter(([key, text]) => before.get(key) !== text)
      .map(([key]) => key);
    for (const key of before.keys()) if (!texts.has(key)) changed.push(key);
    this.#tell(changed);
  }

  #tell(keys: readonly string[]): void {
    if (keys.length === 0) return;
    for (const listener of this.#listeners) listener(keys);
  }
}

/** A table of one process that shares it with nobody; it ends with the process. */
export class MemoryTable extends TableCopy implements SharedTable {
  write(changes: TableChanges, { expect }: WriteOptions = {}): Promise<boolean> {
    if (expect !== undefined && !this.has(expect)) return Promise.resolve(false);
    this.apply(changes);
    return Promise.resolve(true);
  }
}
