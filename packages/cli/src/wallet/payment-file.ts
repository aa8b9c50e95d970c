import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** A payment as it stands in its file. */
interface SavedPayment {
  readonly pointer: string;
  /** As it was given; null for what is due. */
  readonly amount: string | null;
  /** What `resumeQuote` takes. */
  readonly payment: string;
}

/**
 * The file of one payment, which only its owner can read: it holds the secret of the payment's connection. It is replaced as a
 * whole each time, and one process at a time has it.
 */
export class PaymentFile {
  readonly #file: string;
  readonly #intent: Omit<SavedPayment, 'payment'>;
  #payment: string | undefined;

  private constructor(
    file: string,
    intent: Omit<SavedPayment, 'payment'>,
    payment: string | undefined,
  ) {
    this.#file = file;
    this.#intent = intent;
    this.#payment = payment;
  }

  /**
   * Opens it for a payment, and reads what an earlier process has left of the same payment.
   * @throws {@link CommandFailure} where another process has it, it is of another payment, or it cannot be read or written.
   */
  static async open(
    file: string,
    pointer: string,
    amount: string | undefined,
  ): Promise<PaymentFile> {
    const intent = { pointer, amount: amount ?? null };
    try {
      await lock(lockOf(file));
      const saved = await read(file);
      if (saved === undefined) return new PaymentFile(file, intent, undefined);
      if (saved.pointer !== intent.pointer || saved.amount !== intent.amount) {
        await rm(lockOf(file), { force: true });
        throw new CommandFailure(
          ExitCode.usage,
          `--state: ${file} holds a payment of ${saved.amount ?? 'what is due'} to ${saved.pointer}: remove it, or name another file`,
        );
      }
      return new PaymentFile(file, intent, saved.payment);
    } catch (cause) {
      if (!(cause instanceof Error) || !('code' in cause)) throw cause;
      throw new CommandFailure(ExitCode.configuration, `--state: ${cause.message}`, { cause });
    }
  }

  /** What was saved last; undefined for a payment that has not begun. */
  get payment(): string | undefined {
    return this.#payment;
  }

  /** Replaces what is saved. Resolves when it would outlive a power failure. */
  readonly save = async (payment: string): Promise<void> => {
    this.#payment = payment;
    const saved: SavedPayment = { ...this.#intent, payment };
    const next = `${this.#file}.next`;
    const handle = await open(next, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(saved)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, this.#file);
    await syncFolder(dirname(this.#file));
  };

  /** Lets other processes have it. */
  async close(): Promise<void> {
    await rm(lockOf(this.#file), { force: true });
  }
}

const lockOf = (file: string): string => `${file}.lock`;

async function lock(file: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    const pid = Number(await readFile(file, 'utf8'));
    if (isAlive(pid)) {
      throw new CommandFailure(
        ExitCode.usage,
        `--state: process ${pid} has this payment (if it is none of pennyswitch, remove ${file})`,
      );
    }
    // Whoever made it was killed.
    await rm(file, { force: true });
    await lock(file);
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

async function read(file: string): Promise<SavedPayment | undefined> {
  try {
    const saved: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (isSaved(saved)) return saved;
    throw new SyntaxError('something else');
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    if (!(cause instanceof SyntaxError)) throw cause;
    await rm(lockOf(file), { force: true });
    throw new CommandFailure(ExitCode.configuration, `--state: ${file} holds no payment`, {
      cause,
    });
  }
}

function isSaved(value: unknown): value is SavedPayment {
  if (typeof value !== 'object' || value === null) return false;
  const { pointer, amount, payment } = value as Record<string, unknown>;
  const isAmount = amount === null || typeof amount === 'string';
  return typeof pointer === 'string' && isAmount && typeof payment === 'string';
}

/** The name of a file is only as durable as its folder; where a folder cannot be opened (Windows) there is no more to do. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (!isCode(error, 'EPERM') && !isCode(error, 'EINVAL')) throw error;
  } finally {
    await handle?.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
