import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Journal } from '../received/journal.js';
import { JournalError } from './journal-error.js';
import { lockFile, type FileLock } from './file-lock.js';

interface Job {
  /** What to append, or what to put in the place of everything. */
  readonly records: readonly string[];
  readonly isReplacement: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A {@link Journal} in a file. A record is a line:
 *
 *     CRC-32 of the rest, SYNCED, the record
 *
 * SYNCED is how long the file was, in bytes, when it was last known to be on the disk. What follows a damaged line is dropped
 * when opening if it was not on the disk by then, as after a crash in the middle of a write; otherwise the file was damaged
 * later, and is refused. Records that come while the disk is busy share the next write and its fdatasync.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #lock: FileLock;
  #file: FileHandle;
  #length: number;
  readonly #records: readonly string[];
  readonly #queue: Job[] = [];
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #failure: JournalError | undefined;

  private constructor(
    path: string,
    lock: FileLock,
    file: FileHandle,
    { records, length }: { records: readonly string[]; length: number },
  ) {
    this.#path = path;
    this.#lock = lock;
    this.#file = file;
    this.#length = length;
    this.#records = records;
  }

  /**
   * Opens a journal for this process alone, or makes one.
   * @throws {@link JournalError} `CORRUPT`, `IN_USE`; the errors of the file system.
   */
  static async open(path: string): Promise<FileJournal> {
    const lock = await lockFile(path);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a+');
      const bytes = await file.readFile();
      const good = recover(bytes);
      if (good.length < bytes.length) await file.truncate(good.length);
      await file.datasync();
      await syncDirectory(path);
      return new FileJournal(path, lock, file, good);
    } catch (error) {
      await file?.close();
      await lock.release();
      throw error;
    }
  }

  read(): Promise<readonly string[]> {
    return Promise.resolve(this.#records);
  }

  append(record: string): Promise<void> {
    return this.#enqueue([record], false);
  }

  replace(records: readonly string[]): Promise<void> {
    return this.#enqueue(records, true);
  }

  async close(): Promise<void> {
    await this.#running;
    this.#failure ??= new JournalError('FAILED', 'the journal is closed');
    await this.#file.close();
    await this.#lock.release();
  }

  #enqueue(records: readonly string[], isReplacement: boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, isReplacement, resolve, reject });
      if (!this.#isRunning) this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      const jobs = this.#takeJobs();
      try {
        if (this.#failure !== undefined) throw this.#failure;
        const records = jobs.flatMap((job) => job.records);
        if (jobs[0]?.isReplacement === true) await this.#rewrite(records);
        else await this.#write(records);
        for (const { resolve } of jobs) resolve();
      } catch (cause) {
        // What is on the disk now nobody knows; only opening it anew can tell.
        this.#failure ??= new JournalError('FAILED', `cannot write ${this.#path}`, { cause });
        for (const { reject } of jobs) reject(this.#failure);
      }
    }
    this.#isRunning = false;
  }

  /** All appends up to the next replacement, or that replacement alone. */
  #takeJobs(): Job[] {
    const next = this.#queue.findIndex(({ isReplacement }) => isReplacement);
    return this.#queue.splice(0, next === 0 ? 1 : next < 0 ? this.#queue.length : next);
  }

  async #write(records: readonly string[]): Promise<void> {
    const bytes = new TextEncoder().encode(linesOf(records, this.#length));
    await writeAll(this.#file, bytes);
    await this.#file.datasync();
    this.#length += bytes.length;
  }

  async #rewrite(records: readonly string[]): Promise<void> {
    const temporary = `${this.#path}.new`;
    await rm(temporary, { force: true });
    const file = await open(temporary, 'a+');
    const bytes = new TextEncoder().encode(linesOf(records, 0));
    await writeAll(file, bytes);
    await file.datasync();
    await rename(temporary, this.#path);
    await syncDirectory(this.#path);
    await this.#file.close();
    this.#file = file;
    this.#length = bytes.length;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

function linesOf(records: readonly string[], synced: number): string {
  return records
    .map((record) => {
      const rest = `${synced} ${record}`;
      return `${crc32(rest).toString(16).padStart(8, '0')} ${rest}\n`;
    })
    .join('');
}

const NEWLINE = 10;

/** The records of a file, and how much of it is good. */
function recover(bytes: Uint8Array): { records: string[]; length: number } {
  const records: string[] = [];
  let damagedAt: number | undefined;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = newline < 0 ? undefined : readLine(bytes.subarray(start, end));
    if (line === undefined) damagedAt ??= start;
    else if (damagedAt === undefined) records.push(line.record);
    else if (line.synced > damagedAt) {
      throw new JournalError(
        'CORRUPT',
        `the record at byte ${damagedAt} was damaged after it was kept`,
      );
    }
    start = end + 1;
  }
  return { records, length: damagedAt ?? bytes.length };
}

function readLine(bytes: Uint8Array): { synced: number; record: string } | undefined {
  const text = new TextDecoder().decode(bytes);
  const match = /^([0-9a-f]{8}) (([0-9]{1,15}) (.*))$/s.exec(text);
  if (match === null) return undefined;
  const [, sum = '', rest = '', synced = '', record = ''] = match;
  return crc32(rest) === Number.parseInt(sum, 16) ? { synced: Number(synced), record } : undefined;
}

/** A file is as safe as the directory that names it. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
