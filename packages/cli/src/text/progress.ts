import type { Writable } from 'node:stream';

const WIDTH = 30;
/** How often the bar is drawn again, in milliseconds: more would only cost time. */
const INTERVAL_MS = 50;

/**
 * A line that fills while money moves. On a terminal it is drawn over itself; elsewhere (a file, a pipe) only its
 * last state is written, once.
 */
export class ProgressBar {
  readonly #out: Writable & { readonly isTTY?: boolean };
  readonly #now: () => number;
  #drawnAt = -Infinity;
  #last = '';

  constructor(out: Writable & { readonly isTTY?: boolean }, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  /**
   * Shows that `done` of `total` is reached.
   * @param text what stands behind the bar.
   */
  update(done: bigint, total: bigint, text: string): void {
    const permille = total === 0n ? 1000 : Number((done * 1000n) / total);
    const filled = Math.min(WIDTH, Math.floor((permille * WIDTH) / 1000));
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.#last = `${bar} ${String(Math.floor(permille / 10)).padStart(3)} %  ${text}`;
    if (this.#out.isTTY !== true) return;
    const now = this.#now();
    if (now - this.#drawnAt < INTERVAL_MS) return;
    this.#drawnAt = now;
    this.#out.write(`\r\u001b[2K${this.#last}`);
  }

  /** Writes the last state for good. */
  finish(): void {
    if (this.#last === '') return;
    this.#out.write(this.#out.isTTY === true ? `\r\u001b[2K${this.#last}\n` : `${this.#last}\n`);
    this.#last = '';
  }
}
