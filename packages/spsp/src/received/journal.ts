/**
 * Where records are kept so that a restart forgets nothing. A record is a line of text. `MemoryJournal` keeps them as long as
 * the process lives, `FileJournal` of `@pennyswitch/spsp/node` in a file; one for a database has the same four methods.
 */
export interface Journal {
  /** Every record, in the order in which they were appended. Called once, before anything else. */
  read(): Promise<readonly string[]>;
  /** Keeps a record. Resolves when it would outlive a crash; appends of one moment may share that wait. */
  append(record: string): Promise<void>;
  /** Puts these records in the place of all that were appended before, as one step that a crash does not split. */
  replace(records: readonly string[]): Promise<void>;
  /** Waits for what was appended. */
  close(): Promise<void>;
}

/** A {@link Journal} in memory, lost when the process ends. */
export class MemoryJournal implements Journal {
  #records: string[] = [];

  read(): Promise<readonly string[]> {
    return Promise.resolve([...this.#records]);
  }

  append(record: string): Promise<void> {
    this.#records.push(record);
    return Promise.resolve();
  }

  replace(records: readonly string[]): Promise<void> {
    this.#records = [...records];
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
