import { createInterface } from 'node:readline/promises';

/** Whether there is somebody to ask: both what is asked and what is answered go through a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks a question that is answered with yes or no; anything but a yes is a no, and so is Ctrl-C. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (signal.aborted || (error instanceof Error && error.name === 'AbortError')) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
