import type { Provider } from './provider.js';
import { formatAmount } from '@pennyswitch/spsp';

const INTERVAL_MS = 1000;
/** To the start of the line, and away with what it says. */
const CLEAR = '\r\u001B[K';

/** Shows on a terminal what the page has paid; where the output is no terminal, nothing before the end. */
export class StatusLine {
  readonly #provider: Provider;
  readonly #output: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(provider: Provider, output: NodeJS.WriteStream) {
    this.#provider = provider;
    this.#output = output;
    if (output.isTTY) this.#timer = setInterval(() => void this.#show(), INTERVAL_MS);
  }

  /** Ends it with what was paid in all. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    const clear = this.#output.isTTY ? CLEAR : '';
    this.#output.write(`${clear}The page has paid ${await this.#spent()}.\n`);
  }

  async #show(): Promise<void> {
    this.#output.write(`${CLEAR}The page has paid ${await this.#spent()}`);
  }

  async #spent(): Promise<string> {
    const { asset, budget } = this.#provider;
    const spent = formatAmount(await this.#provider.spent(), asset);
    return `${spent} of the ${formatAmount(budget, asset)} ${asset.code} that it may spend`;
  }
}
