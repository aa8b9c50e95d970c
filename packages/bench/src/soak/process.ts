import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One of the soak's processes, over all its lives. */
export class SoakProcess {
  readonly #module: string;
  readonly #argumentsOf: (life: number) => readonly string[];
  #child: ChildProcess | undefined;
  #life = 0;
  /** When it was killed, in milliseconds since 1970. */
  readonly killedAt: number[] = [];

  /** @param module a file beside this one. */
  constructor(module: string, argumentsOf: (life: number) => readonly string[]) {
    this.#module = module;
    this.#argumentsOf = argumentsOf;
  }

  /** Starts it, and resolves when it says something. */
  async start(): Promise<void> {
    this.#life += 1;
    const child = fork(
      fileURLToPath(new URL(this.#module, import.meta.url)),
      this.#argumentsOf(this.#life),
      { execArgv: ['--import', 'tsx', '--conditions=@pennyswitch/source'] },
    );
    this.#child = child;
    await this.#answer();
  }

  /** SIGKILL: it can do nothing more. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exited = once(child, 'exit');
    this.killedAt.push(Date.now());
    child.kill('SIGKILL');
    await exited;
  }

  /** Asks it, and resolves with what it says. */
  ask(): Promise<unknown> {
    this.#child?.send('ask');
    return this.#answer();
  }

  async #answer(): Promise<unknown> {
    const child = this.#child;
    if (child === undefined) throw new Error(`${this.#module} does not run`);
    const listening = new AbortController();
    const { signal } = listening;
    try {
      return await Promise.race([
        once(child, 'message', { signal }).then(([message]) => message as unknown),
        once(child, 'exit', { signal }).then(() => {
          throw new Error(`${this.#module} ended by itself`);
        }),
      ]);
    } finally {
      listening.abort();
    }
  }
}
