import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { commandFile } from '../src/package-files.js';

/** What a command printed and how it ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `pennyswitch` command that runs. */
export interface RunningCommand {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly finished: Promise<Finished>;
  /** Resolves when standard output has this text. */
  readonly printed: (text: string | RegExp) => Promise<string>;
}

/** Starts `pennyswitch` in a process of its own. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const child = spawn(process.execPath, [commandFile(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PENNYSWITCH_UPLINK: undefined, ...env },
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const listener of [...listeners]) listener();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  const printed = (text: string | RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!(typeof text === 'string' ? stdout.includes(text) : text.test(stdout))) return;
        listeners.delete(look);
        resolve(stdout);
      };
      listeners.add(look);
      void finished.then(() => {
        reject(new Error(`ended without printing ${String(text)}: ${stdout}${stderr}`));
      });
      look();
    });
  return { process: child, finished, printed };
}

/** Runs `pennyswitch` to its end. */
export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return start(args, env).finished;
}
