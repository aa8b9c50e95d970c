import { MemoryJournal, type Journal } from '@pennyswitch/spsp';
import { FileJournal, JournalError } from '@pennyswitch/spsp/node';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** The journal in a file, or one in memory where none is named. @throws {@link CommandFailure} */
export async function openJournal(file: string | undefined): Promise<Journal> {
  if (file === undefined) return new MemoryJournal();
  try {
    return await FileJournal.open(file);
  } catch (cause) {
    const isExpected = cause instanceof JournalError || (cause instanceof Error && 'code' in cause);
    if (!isExpected) throw cause;
    throw new CommandFailure(ExitCode.configuration, `--books: ${cause.message}`, { cause });
  }
}
