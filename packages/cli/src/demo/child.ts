import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { STOP_WITH_PARENT } from '../commands/signals.js';
import { commandFile } from '../package-files.js';

/** One line that a child printed, as the object that it is. */
export type ChildEvent = Readonly<Record<string, unknown>>;

/** How long a child may take to end after SIGTERM, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

/** One `pennyswitch` command in a process of its own, which prints one JSON object per line. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #events: ChildEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #exitCode: number | null | undefined;
  #lastWords = '';

  /** @param onStderr told each line that the child writes to standard error. */
  constructor(
    name: string,
    args: readonly string[],
    onStderr: (name: string, line: string) => void,
  ) {
    this.name = name;
    this.#process = spawn(process.execPath, [commandFile(), ...args], {
      // Its input ends with this process, whatever ends this process, and then it stops.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, [STOP_WITH_PARENT]: '1' },
      // Out of the terminal's process group: Ctrl-C reaches the demo alone, which stops its network in order.
      detached: true,
    });
    // It may be gone before its input is.
    this.#process.stdin?.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      this.#process.once('close', (code) => {
        this.#exitCode = code;
        this.#notify();
        resolve(code);
      });
    });
    const { stdout, stderr } = this.#process;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#handleLine(line);
      });
    }
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', (line) => {
        this.#lastWords = line;
        onStderr(name, line);
      });
    }
  }

  /** The exit code; undefined while it runs, null after a signal. */
  get exitCode(): number | null | undefined {
    return this.#exitCode;
  }

  /** What it said last on standard error. */
  get lastWords(): string {
    return this.#lastWords.replace(/^pennyswitch: /, '');
  }

  /** All lines that match so far. */
  events(matches: (event: ChildEvent) => boolean): ChildEvent[] {
    return this.#events.filter(matches);
  }

  /**
   * The first line that matches, or undefined when the process ended without one.
   * @param onEvent told every line meanwhile.
   */
  async waitFor(
    matches: (event: ChildEvent) => boolean,
    onEvent: (event: ChildEvent) => void = () => undefined,
  ): Promise<ChildEvent | undefined> {
    for (let seen = 0; ;) {
      for (; seen < this.#events.length; seen++) {
        const event = this.#events[seen] as ChildEvent;
        onEvent(event);
        if (matches(event)) return event;
      }
      if (this.#exitCode !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        const once = (): void => {
          this.#listeners.delete(once);
          resolve();
        };
        this.#listeners.add(once);
      });
    }
  }

  /** As {@link waitFor}, but the process must not end before. @throws {@link CommandFailure} with its exit code. */
  async expect(matches: (event: ChildEvent) => boolean): Promise<ChildEvent> {
    const event = await this.waitFor(matches);
    if (event === undefined) {
      const code = (this.#exitCode ?? ExitCode.internal) as ExitCode;
      throw new CommandFailure(code, `${this.name} did not start: ${this.lastWords}`);
    }
    return event;
  }

  /** What Ctrl-C does to it. */
  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  /** Ends it at once, as a crash would. */
  kill(): Promise<number | null> {
    this.#process.kill('SIGKILL');
    return this.#exited;
  }

  /** Ends it in order, and at once if that takes too long. */
  async stop(): Promise<number | null> {
    if (this.#exitCode !== undefined) return this.#exitCode;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#process.kill('SIGKILL');
    }, STOP_TIMEOUT_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  #handleLine(line: string): void {
    try {
      this.#events.push(JSON.parse(line) as ChildEvent);
      this.#notify();
    } catch {
      this.#lastWords = line;
    }
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Matches lines of one event. */
export function isEvent(name: string): (event: ChildEvent) => boolean {
  return ({ event }) => event === name;
}
