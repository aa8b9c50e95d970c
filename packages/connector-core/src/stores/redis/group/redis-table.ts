import {
  TableCopy,
  type SharedTable,
  type TableChanges,
  type WriteOptions,
} from '../../../group/shared-table.js';

/** A list of [key, text], or [key] for no text: how changes travel. */
export type WireChanges = readonly (readonly [key: string, text?: string])[];

/** What a table needs of its group. */
export interface TableAccess {
  /** The whole table as it is in Redis. */
  readonly read: (name: string) => Promise<{ version: number; texts: Map<string, string> }>;
  /** @returns the version that the change made, 0 where nothing was written. */
  readonly write: (name: string, changes: TableChanges, options: WriteOptions) => Promise<number>;
}

/** A copy of a table in Redis: changes come one after the other by their versions; where one is missing, all is read again. */
export class RedisTable extends TableCopy implements SharedTable {
  readonly name: string;
  readonly #access: TableAccess;
  #version = 0;
  /** The newest version that is known to be. */
  #newest = 0;
  #reading: Promise<void> | undefined;

  constructor(name: string, access: TableAccess) {
    super();
    this.name = name;
    this.#access = access;
  }

  async write(changes: TableChanges, options: WriteOptions = {}): Promise<boolean> {
    const version = await this.#access.write(this.name, changes, options);
    if (version === 0) return false;
    await this.#follow(version, changes);
    return true;
  }

  /** Another process has changed it, or the change of this one comes back. */
  handleChange(version: number, changes: WireChanges): void {
    void this.#follow(version, new Map(changes.map(([key, text]) => [key, text]))).catch(
      () => undefined,
    );
  }

  /** There is a version: if it is not this one, changes have been missed. */
  handleVersion(version: number): void {
    if (version !== this.#version && this.#reading === undefined)
      void this.reload().catch(() => undefined);
  }

  /** Reads it from the start, whatever is here. */
  reload(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Takes a change; resolves when it, or a later one, is here. */
  async #follow(version: number, changes: TableChanges): Promise<void> {
    if (version <= this.#version) return;
    this.#newest = Math.max(this.#newest, version);
    if (version === this.#version + 1) {
      this.#version = version;
      this.apply(changes);
      return;
    }
    await this.reload();
  }

  async #read(): Promise<void> {
    this.#newest = 0;
    do {
      const { version, texts } = await this.#access.read(this.name);
      // What came meanwhile may be newer than what was read.
      if (version < this.#version && version < this.#newest) continue;
      this.#version = version;
      this.replace(texts);
    } while (this.#version < this.#newest);
  }
}
